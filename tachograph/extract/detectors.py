"""Finds secrets in plain bytes: (start, end, kind), in order, not overlapping, none across a line feed.

Every pattern is one RE2 pass over the whole block; Python looks only at what they hit.
"""

from __future__ import annotations

import base64
import binascii

import re2

from tachograph.extract import assignments, private_keys
from tachograph.extract.pattern import bytes_pattern, bytes_set
from tachograph.extract.secret_kinds import KINDS

VALUE_MAX = 8192  # what is longer is data
_CLOSING_MAX = 8
_BACKSLASH = 0x5C
Span = tuple[int, int, str]

_B = r"(?:\b|\\[nrt])"  # a word begins here, perhaps behind a line end that JSON has written as two characters
_Q = r"""["'\]\\]{0,8}"""  # a closing quote, perhaps one that JSON has escaped, once or more often
_SPACE = r"[ \t]{0,8}"
_TOKENS = bytes_pattern(_B + "(?:" + "|".join(pattern for _, pattern in KINDS) + r")\b", capture=False)
_WHICH = bytes_set([pattern for _, pattern in KINDS])
_NOT_AFTER_DASH = frozenset(("mailgun_key", "crates_token", "twilio_key"))

_WORDS = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|auth|apikey|[a-z0-9]_key|"
    rf"(?:{assignments.KEY_OWNERS})[-_ ]?key(?:[-_]base)?)"
)
_VALUE = bytes_pattern(
    r"""\\{0,7}(?:"((?:[^"\\\n]|\\[/\\]){4,})|'((?:[^'\\\n]|\\[/\\]){4,})|((?:[^\s\x0b"',;<>`\\]|\\/){6,}))"""
)
_ASSIGNMENT = bytes_pattern(rf"(?i){_WORDS}(?:[-_ ]?[0-9]{{1,2}})?{_Q}({_SPACE}(?:=>|:=|==?|:){_SPACE})")
_OPTION = bytes_pattern(
    r"(?i)(?:^|[\s\x0b\"'\[,]|\\[nrt])--?"
    r"([a-z-]{0,30}(?:password|passphrase|secret|token|api-?key|access-?key|private-?key))" + _Q + ",?( )"
)
_URL = bytes_pattern(
    rf"(?i){_B}[a-z][a-z0-9+.-]{{1,20}}:(?:\\?/){{2}}"
    r"(?:[^\s\x0b/:@\"'<>\[\]?#\\]*:([^\s\x0b/@\"'<>\\]+)|([a-z0-9_.~%-]{20,}))@"
)
_HEADER = bytes_pattern(
    rf"(?i){_B}(?:proxy-)?(?:authorization|x-[a-z-]{{0,30}}(?:key|token|auth|secret)|(?:private|job|deploy)-token|api-key)"
    rf"{_Q}{_SPACE}[:=]{_SPACE}{_Q}(?:(bearer|basic|token|apikey)[ \t]+)?"
    r"""([^\s\x0b"',;\\]{6,})"""
)
_COOKIE = bytes_pattern(rf"(?i){_B}(?:set-)?cookie{_Q}{_SPACE}:{_SPACE}{_Q}" + r"""([^\n"'\r\x0b\\]{6,})""")
_BEARER = bytes_pattern(_B + r"(?i:bearer|basic)[ \t]+([A-Za-z0-9._~+/=-]{16,})")
# (kind, what must be there for it to be worth a pass, pattern whose first group is the secret)
_PLAIN = (
    ("password", (b"curl",), bytes_pattern(
        rf"(?i){_B}curl\b[^\n]*? (?:-u|--user)[ =]?{_Q}[^\s:\"'\\]{{1,100}}:([^\s\x0b\"'\\]{{3,}})"
    )),
    ("password", (b"machine ", b"login "), bytes_pattern(
        rf"{_B}(?:machine|login)[ \t]+\S+[ \t]+[^\n]*?\bpassword[ \t]+([^\s\x0b\"'\\]{{3,}})"
    )),
    ("signature", (b"?", b"&"), bytes_pattern(
        r"(?i)[?&;](?:sig|x-(?:amz|goog)-signature|x-amz-security-token|access_token|id_token)=([A-Za-z0-9%._~+/=-]{16,})"
    )),
    ("azure_key", (b"Key=", b"Value="), bytes_pattern(
        rf"{_B}(?:AccountKey|SharedAccessKey|SharedSecretValue)=([A-Za-z0-9+/=]{{20,}})"
    )),
)  # fmt: skip
_MARK = bytes_pattern(r"\[redacted:[a-z0-9_]+\]")
_NEXT_PARAMETER = bytes_pattern(r"&[\w.-]+=")


def find(data: bytes) -> list[Span]:
    """Every secret in `data`, merged where they overlap."""
    spans = [*private_keys.find(data), *_tokens(data), *_assigned(data), *_headers(data)]
    if b"://" in data or b":\\/\\/" in data:
        spans += _urls(data)
    for kind, starts, pattern in _PLAIN:
        if any(start in data for start in starts):
            spans += _plain(kind, pattern, data)
    return _merged(spans) if spans else []


def _merged(spans: list[Span]) -> list[Span]:
    spans.sort(key=lambda span: (span[0], -span[1]))
    merged = [spans[0]]
    for start, end, kind in spans[1:]:
        before = merged[-1]
        if start >= before[1]:
            merged.append((start, end, kind))
        elif end > before[1]:
            merged[-1] = (before[0], end, before[2])
    return merged


def _tokens(data: bytes) -> list[Span]:
    spans = []
    for match in _TOKENS.finditer(data):
        start, end = match.span()
        start += 2 * (data[start] == _BACKSLASH)
        kinds = _WHICH(data[start:end])
        kind = KINDS[min(kinds)][0] if kinds else "token"
        if kind in _NOT_AFTER_DASH and data[start - 1 : start] == b"-":
            continue
        if assignments.entropy(data[start:end].decode("latin-1")[-24:]) >= 2.0:
            spans.append((start, end, kind))
    return spans


def _assigned(data: bytes) -> list[Span]:
    spans = []
    for pattern in (_ASSIGNMENT, _OPTION) if b"--" in data else (_ASSIGNMENT,):
        named = []  # (where the name begins, the name, the sign behind it)
        for match in pattern.finditer(data):
            sign_start, sign_end = match.span(pattern.groups)
            start = _name_start(data, match.start() if pattern is _ASSIGNMENT else match.start(1))
            if data[start - 10 : start] != b"[redacted:":
                named.append((start, data[start:sign_start], sign_start, sign_end))
        limits = [*(start for start, *_ in named), len(data)][1:]
        for (_, name, sign_start, sign_end), limit in zip(named, limits, strict=True):
            start, end, quoted = _value(data, sign_end, limit)
            word = name.decode("latin-1").strip(" \t\"']-")
            attached = data[sign_start:sign_end] in (b"=", b" ") and not quoted
            if end > start and _judge(word, data[start:end], quoted, attached):
                spans.append((start, end, _kind(word)))
    return spans


def _value(data: bytes, start: int, limit: int) -> tuple[int, int, bool]:
    """Where the value that begins at `start` stands, and whether in quotes; a bare one ends at `limit`."""
    bare_start = start
    while data[bare_start : bare_start + 1] == b"\\":
        bare_start += 1
    quoted = data[bare_start : bare_start + 1] in (b'"', b"'")
    match = _VALUE.match(data[start : min(start + VALUE_MAX + 1, len(data) if quoted else max(limit, start))])
    if match is None:
        return start, start, quoted
    group = next(index for index in (1, 2, 3) if match.start(index) >= 0)
    first, last = match.span(group)
    return start + first, start + last if quoted else _unquoted_end(data, start + first, start + last), quoted


def _name_start(data: bytes, start: int) -> int:
    """Names are longer than the word that gave them away: `DB_PASSWORD`, `nextPageToken`."""
    first = start
    while first > 0 and start - first < 64 and (data[first - 1 : first].isalnum() or data[first - 1] in b"_.-"):
        first -= 1
    return first + (data[first - 1 : first] == b"\\" and data[first] in b"nrt")


def _unquoted_end(data: bytes, start: int, end: int) -> int:
    following = _NEXT_PARAMETER.search(data, start, end)
    if following:
        end = following.start()
    least = max(start, end - _CLOSING_MAX)
    while end > least and (data[end - 1] in b".,:" or _closes_nothing(data, start, end)):
        end -= 1
    return end


def _closes_nothing(data: bytes, start: int, end: int) -> bool:
    opening = {b")": b"(", b"]": b"[", b"}": b"{"}.get(data[end - 1 : end])
    return opening is not None and data.count(opening, start, end) < data.count(data[end - 1 : end], start, end)


def _judge(name: str, value: bytes, quoted: bool, attached: bool) -> bool:
    if len(value) > VALUE_MAX:
        return False
    rest = _MARK.sub(b"", value) if b"[redacted:" in value else value
    return assignments.is_secret(name, rest.decode("latin-1"), quoted=quoted, attached=attached)


def _kind(name: str) -> str:
    name = name.lower()
    if "pass" in name or "pwd" in name:
        return "password"
    return "api_key" if name.endswith("key") else "token" if name.endswith("token") else "secret"


def _urls(data: bytes) -> list[Span]:
    spans = []
    for match in _URL.finditer(data):
        start, end = match.span(1)
        if start >= 0:
            if data[start] not in b"$%{<*[" and data[start:end].strip(b"*xX."):
                spans.append((start, end, "url_password"))
            continue
        start, end = match.span(2)
        if assignments.is_secret("token", data[start:end].decode("latin-1"), quoted=True):
            spans.append((start, end, "url_token"))
    return spans


def _headers(data: bytes) -> list[Span]:
    spans = []
    for match in _HEADER.finditer(data):
        start, end = match.span(2)
        scheme, value = (match.group(1) or b"").lower(), data[start:end]
        # Behind a scheme stands a credential, or a placeholder; behind a bare header name anything may stand.
        if (scheme == b"basic" and _is_basic(value)) or _judge("private" if scheme else "token", value, True, False):
            spans.append((start, end, "authorization"))
    for match in _BEARER.finditer(data):
        start, end = match.span(1)
        if _judge("token", data[start:end], True, False) or _is_basic(data[start:end]):
            spans.append((start, end, "authorization"))
    for match in _COOKIE.finditer(data) if b"ookie" in data or b"OOKIE" in data else ():
        start, end = match.span(1)
        if any(_is_cookie(part) for part in _MARK.sub(b"", data[start:end]).split(b";")):
            spans.append((start, end, "cookie"))
    return spans


def _is_basic(value: bytes) -> bool:
    """Basic credentials are `user:password` in base64, however short."""
    try:
        plain = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in plain and plain.isascii() and plain.decode("ascii").isprintable()


def _is_cookie(part: bytes) -> bool:
    name, sign, value = part.partition(b"=")
    value = value.strip()
    if not sign or name.strip().lower() in (b"expires", b"path", b"domain", b"max-age"):
        return False
    return len(value) >= 8 and _judge("secret", value, True, False)


def _plain(kind: str, pattern: re2._Regexp, data: bytes) -> list[Span]:
    return [(*match.span(1), kind) for match in pattern.finditer(data) if data[match.start(1)] not in b"$%{<*["]
