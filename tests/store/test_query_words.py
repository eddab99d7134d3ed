"""What is typed into a search box becomes terms; what a word is, is the same for the index and for us."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tachograph.store import migrations
from tachograph.store.query_words import Query, Term, fold, indexable, marks, match_expression, parse

WORD = re.compile(r"[^\W_]+")
BY_THEMSELVES = re.compile("(?:CJK|HALFWIDTH KATAKANA|HIRAGANA|KATAKANA|HENTAIGANA|IDEOGRAPHIC (?!ANNOTATION))")


def words(text: str) -> list[str]:
    """Runs of letters and digits; a character of a script that is written without blanks is one."""
    apart = (f" {one} " if BY_THEMSELVES.match(unicodedata.name(one, "")) else one for one in text)
    return WORD.findall("".join(apart))


TYPED = {
    "database is locked": [Term("database", ("database",)), Term("is", ("is",)), Term("locked", ("locked",))],
    '"is locked"': [Term("is locked", ("is", "locked"))],
    '"is locked': [Term("is locked", ("is", "locked"))],
    "lock*": [Term("lock", ("lock",), prefix=True)],
    '"lock*"': [Term("lock*", ("lock",))],
    "-noise": [Term("noise", ("noise",), negated=True)],
    '-"much noise"': [Term("much noise", ("much", "noise"), negated=True)],
    "--force": [Term("--force", ("force",))],
    "store/search.py": [Term("store/search.py", ("store", "search", "py"))],
    "snake_case": [Term("snake_case", ("snake", "case"))],
    "https://a.b/c?d=1": [Term("https://a.b/c?d=1", ("https", "a", "b", "c", "d", "1"))],
    "TypeError: Café": [Term("typeerror:", ("typeerror",)), Term("cafe", ("cafe",))],
    "AND OR NOT NEAR(a b)": [
        Term("and", ("and",)), Term("or", ("or",)), Term("not", ("not",)), Term("near(a", ("near", "a")),
        Term("b)", ("b",)),
    ],
    "日本* で": [Term("日本", ("日", "本"), prefix=True), Term("で", ("で",))],
    "": [], "   ": [], "-": [], "*": [], '""': [], "' ( ) ^ : + \" {}": [], "-*": [], "\x00": [], "\udcff": [],
}  # fmt: skip


@pytest.mark.parametrize(("typed", "terms"), TYPED.items())
def test_terms(typed: str, terms: list[Term]) -> None:
    assert parse(typed) == Query(tuple(terms), {})


def test_fields_are_taken_out_and_unknown_ones_are_text() -> None:
    query = parse('agent:codex* session:codex-1 type:error pattern:"go panic" oops colour:red agent: type:""')
    assert query.fields == {"agent": "codex*", "session": "codex-1", "type": "error", "pattern": "go panic"}
    assert [term.text for term in query.terms] == ["oops", "colour:red", "agent:", "type:"]


def test_an_expression_is_quoted_words() -> None:
    assert match_expression(parse('is "a b" -c d.e* is').terms) == '"is" AND "a" AND "b" AND "d" AND "e"*'
    assert match_expression(parse("-c").terms) == ""


@pytest.mark.parametrize(
    ("text", "typed", "marked"),
    [
        ("database is locked", "locked IS", ["is", "locked"]),
        ("Database Is Locked", '"is locked"', ["Is Locked"]),
        ("is not locked", '"is locked"', None),
        ("unlocked lockedness", "locked", None),
        ("unlocked lockedness", "lock*", ["lock"]),
        ("snake_case.py:12", '"snake case"', ["snake_case"]),
        ("Café CAFE\u0301 cafe", "cafés", None),
        ("Café CAFE\u0301 cafe", "café", ["Café", "CAFE\u0301", "cafe"]),
        ("straße", "STRASSE", ["straße"]),
        ("ΟΔΟΣ οδός", "οδος", ["ΟΔΟΣ", "οδός"]),
        ("한글 がある 한글이", "한글 がある", ["한글", "がある"]),
        (unicodedata.normalize("NFD", "한글 が"), "한글", [unicodedata.normalize("NFD", "한글")]),
        ("🤖done ✓passed", "done passed", ["done", "passed"]),
        ("日本語のテキストを検索", "検索 テキスト", ["テキスト", "検索"]),
        ("日本語のテキスト", "本日", None),
        ("错误：无法打开文件a.txt", "打开文件", ["打开文件"]),
        ("Pythonで書く Pythonista", "python", ["Python"]),
        ("エラー 12件、失敗3", "12 失敗3", ["12", "失敗3"]),
        ("İstanbul", "istanbul", ["İstanbul"]),
        ("aa aa", "aa", ["aa", "aa"]),
        ("quiet here", "here -noise", ["here"]),
        ("noise here", "here -noise", None),
    ],
)
def test_marks_are_the_words_in_the_line(text: str, typed: str, marked: list[str] | None) -> None:
    found = marks(text, parse(typed).terms)
    assert (None if found is None else [text[start:end] for start, end in found]) == marked


ALPHABETS = st.sampled_from(
    [
        "abCD _-.:\n",
        "éÉe\u0301 ß\u0308",
        "한글ᄒ\u1161\u11ab ",
        "がか\u3099カ ",
        "日本a1语ー々ｶ㐀 、",
        "ИйЙи ",
        "🤖✓│—a ",
        "ςΣσ ΐ",
        "\ue0a0\x00\x7f1² ",
        "नमस्ते",
    ]
)
TEXTS = ALPHABETS.flatmap(lambda letters: st.text(alphabet=letters, max_size=15)) | st.text(max_size=15)


@pytest.fixture(scope="module")
def index() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    migrations.create(connection)
    connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', '_search', 'row')")
    yield connection
    connection.close()


@given(TEXTS)
def test_the_index_holds_exactly_our_words(index: apsw.Connection, text: str) -> None:
    index.execute("DELETE FROM _search WHERE rowid = 1")
    index.execute(
        "INSERT INTO _search (rowid, text) VALUES (1, ?)", (indexable(text.encode("utf-8", "replace").decode()),)
    )
    in_index = {row[0] for row in index.execute("SELECT term FROM words")}
    assert in_index == set(words(fold(text)))


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS, st.text(max_size=20))
@example("Maß", "mas*")
def test_marks_lie_in_the_text_and_show_the_words(text: str, typed: str) -> None:
    terms = parse(typed).terms + parse(text).terms[:1]
    found = marks(text, terms)
    wanted = {term.words for term in terms if not term.negated}
    for start, end in found or []:
        assert 0 <= start < end <= len(text)
        shown = tuple(words(fold(text[start:end])))
        assert any(shown[: len(each)] == each or shown[-1].startswith(each[-1]) for each in wanted)


@given(st.text())
def test_nothing_typed_is_an_error(index: apsw.Connection, typed: str) -> None:
    query = parse(typed)
    expression = match_expression(query.terms)
    if expression:
        index.execute("SELECT rowid FROM _search WHERE _search MATCH ?", (expression,)).fetchall()


def test_the_index_has_the_words_of_every_character_that_we_see() -> None:
    for code in range(0x80, 0x1_0000):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        assert words(indexable(f"a {character} b")) == words(fold(f"a {character} b")), hex(code)
