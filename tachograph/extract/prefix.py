"""What a line is made of besides its message: decoration in front, or source code altogether.

What stands before the actual text of a log line: timestamps, container names, box drawing, build-tool tags.

Rules see the text behind it, so that `^error:` also finds `2026-11-21T09:14:02Z error:` and `│ error:`.
"""

from __future__ import annotations

from tachograph.regexes import regex

_KINDS = (
    r"(?:\[task )?\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2}| UTC)?\]?:? (?:- )?",  # ISO timestamps, as loggers and CI write them
    r"\[?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?\]? ",
    r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [\w.-]+ [\w./-]+(?:\[[0-9]+\])?: ",  # syslog
    r"#[0-9]{1,3} (?:[0-9]+\.[0-9]+ +|(?=ERROR))",  # what docker build prints of a step
    r" *[0-9]{1,3}>",  # MSBuild's parallel projects
    r" *[│┃║▌▎]+ ?",  # boxes of terminal programs
    r" *\[(?:javac|javadoc|java|exec|junit|testng|compc|mxmlc|scalac|kotlinc|groovyc|(?:gw|rank|step)[0-9]+)\]:? ",
    r"[A-Za-z0-9][\w.-]* +\|(?: |$)",  # docker compose
    r"\[(?:[0-9]{1,2}|pod/[^\]\s]+)\] ",  # commands that run side by side, kubectl logs --prefix
)
_match = regex("(?:" + "|".join(_KINDS) + "){0,3}").match
_BEHIND_BLANKS = frozenset("0123456789[#│┃║▌▎")


def length(text: str) -> int:
    """How many characters of `text` are decoration; 0 for most lines."""
    first = text[:1]
    if first.isalpha():
        if " |" not in text and text[3:4] != " ":
            return 0  # neither a time nor a name in front
    elif (text.lstrip(" ")[:1] if first == " " else first) not in _BEHIND_BLANKS:
        return 0
    found = _match(text)
    return found.end() if found else 0


# Lines of a logger which says by itself that this is no error: a level behind nothing but times, numbers and brackets.
MILD = (
    r"^(?:[0-9:.,/TZ+-]+\s+(?:- )?|\[[^\]]*\]\s*|<[^>]*>\s*)*"
    r"(?:[\[(<]?(?:INFO|DEBUG|TRACE|NOTICE|VERBOSE|FINE|FINER|FINEST|WARN|WARNING)\b|\[(?:info|debug|trace|notice|warn|warning)\])"
    r"|\blevel=(?:info|debug|trace|warn|warning)\b"
)

# Lines of programs that were printed, searched or compared: they speak of errors without reporting any.
CODE = "|".join(
    (
        # comments, tables, quotations, also as grep prints them
        r"^\s*(?:\S+:\d+[:-]\s*)?(?:#+\s*[\w`]|//|/?\*+[\s/]|--\s|<!--|</?[a-z]+[ >]|\||>\s)",
        r"^\S+\.(?:md|mdx|markdown|rst|adoc)[:-]\d+[:-]",  # prose that was searched
        r"^\s*\d+→",  # a file as an agent's tool lists it
        r"^\s*[\"'][\w ./:-]+[\"'],?$",  # an item of a list
        r"^[+-](?:\s{2,}|[\w\"'#@(){}\[\]<$])",  # a line of a diff
        r"^\s*(?:(?:\S+:)?\d+[:\t-]\s*)?(?:\}\s*)?(?:raise|except|throw|catch|elif|assert|def|class|const|let|var|function|func|fn|"
        r"isinstance|if \(|from \w+ import|return [\w(\"'\[{])",
        r"[;{(,\[]\s*$|\s==\s|===|!==?|=>\s|&&|\|\|",
        r"\b\w+\([furb]?[\"'`]|\berrno\.E|\.(?:code|errno)\b",
    )
)
