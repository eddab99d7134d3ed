"""Finds secrets in plain bytes: (start, end, kind), in order, not overlapping, none across a line feed.

Every pattern is one RE2 pass over the whole block; Python looks only at what they hit.
"""

from __future__ import annotations

import base64
import binascii

from tachograph.extract import assignments, private_keys
from tachograph.extract.secret_kinds import KINDS, bytes_pattern

Span = tuple[int, int, str]

_TOKENS = bytes_pattern(r"\b(?:" + "|".join(pattern for _, pattern in KINDS) + r")\b", capture=False)
_EACH = tuple((kind, bytes_pattern(pattern, capture=False)) for kind, pattern in KINDS)
_NOT_AFTER_DASH = frozenset(("mailgun_key", "crates_token", "twilio_key"))

_WORDS = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|auth|apikey|"
    r"(?:api|access|secret|private|auth|encrypt(?:ion)?|sign(?:ing)?|master|service|account|storage|admin|app|client|"
    r"deploy|webhook|session|jwt|hmac|aes|crypto|shared|consumer|license|subscription)[-_ ]?key(?:[-_]base)?)"
)
_VALUE = r"""(?:"([^"\n]{4,})|'([^'\n]{4,})|([^\s\x0b"',;<>`]{6,}))"""
_ASSIGNMENT = bytes_pattern(
    r"(?i)" + _WORDS + r"""(?:[-_ ]?[0-9]{1,2})?["'\]]{0,2}([ \t]{0,8}(?:=>|:=|==?|:)[ \t]{0,8})""" + _VALUE
)
_OPTION = bytes_pattern(
    r"(?i)(?:^|[\s\x0b\"'\[,])--?([a-z-]{0,30}(?:password|passphrase|secret|token|api-?key|access-?key|private-?key))"
    r"""["',]{0,2}( )""" + _VALUE
)
_URL = bytes_pattern(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s\x0b/:@\"'<>\[\]?#]*:([^\s\x0b/@\"'<>]+)|([a-z0-9_.~%-]{20,}))@"
)
_HEADER = bytes_pattern(
    r"(?i)\b(?:proxy-)?(?:authorization|x-[a-z-]{0,30}(?:key|token|auth|secret)|(?:private|job|deploy)-token|api-key)"
    r"""["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?:(bearer|basic|token|apikey)[ \t]+)?([^\s\x0b"',;]{6,})"""
)
_COOKIE = bytes_pattern(r"""(?i)\b(?:set-)?cookie["']?[ \t]{0,4}:[ \t]{0,4}["']?([^\n"'\r\x0b]{6,})""")
_BEARER = bytes_pattern(r"(?i)\b(?:bearer|basic)[ \t]+([A-Za-z0-9._~+/=-]{16,})")
_PLAIN = (
    ("password", bytes_pattern(r"""(?i)\bcurl\b[^\n]*? (?:-u|--user)[ =]?["']?[^\s:"']{1,100}:([^\s\x0b"']{3,})""")),
    ("password", bytes_pattern(r"(?i)\b(?:machine|login)[ \t]+\S+[ \t]+[^\n]*?\bpassword[ \t]+(\S{3,})")),
    ("signature", bytes_pattern(
        r"(?i)[?&;](?:sig|x-(?:amz|goog)-signature|x-amz-security-token|access_token|id_token)=([A-Za-z0-9%._~+/=-]{16,})"
    )),
    ("azure_key", bytes_pattern(r"(?i)\b(?:AccountKey|SharedAccessKey|SharedSecretValue)=([A-Za-z0-9+/=]{20,})")),
)  # fmt: skip
_MARK = bytes_pattern(r"\[redacted:[a-z0-9_]+\]")
_NEXT_PARAMETER = bytes_pattern(r"&[\w.-]+=")


def find(data: bytes) -> list[Span]:
    """Every secret in `data`, merged where they overlap."""
    spans = [*_tokens(data), *_assigned(data), *_urls(data), *_headers(data), *_plain(data), *private_keys.find(data)]
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
        kind = next((kind for kind, pattern in _EACH if pattern.fullmatch(data, start, end)), "token")
        if kind in _NOT_AFTER_DASH and data[start - 1 : start] == b"-":
            continue
        if assignments.entropy(data[start:end].decode("latin-1")[-24:]) >= 2.0:
            spans.append((start, end, kind))
    return spans


def _assigned(data: bytes) -> list[Span]:
    spans = []
    for pattern in (_ASSIGNMENT, _OPTION):
        position = 0
        while match := pattern.search(data, position):
            name_start = _name_start(data, match.start())
            sign = match.span(match.re.groups - 3)
            group = next(
                index for index in range(match.re.groups - 2, match.re.groups + 1) if match.span(index)[0] >= 0
            )
            start, end = match.span(group)
            quoted = group < match.re.groups
            if not quoted:
                end = _unquoted_end(data, start, end)
            name = data[name_start : sign[0]].decode("latin-1").strip(" \t\"']-")
            attached = data[sign[0] : sign[1]] in (b"=", b" ") and not quoted
            position = start
            if _judge(name, data[start:end], quoted, attached):
                spans.append((start, end, _kind(name)))
                position = end
    return spans


def _name_start(data: bytes, start: int) -> int:
    """Names are longer than the word that gave them away: `DB_PASSWORD`, `nextPageToken`."""
    first = start
    while first > 0 and start - first < 64 and (data[first - 1 : first].isalnum() or data[first - 1] in b"_.-"):
        first -= 1
    return first


def _unquoted_end(data: bytes, start: int, end: int) -> int:
    following = _NEXT_PARAMETER.search(data, start, end)
    if following:
        end = following.start()
    while end > start and (data[end - 1] in b".,:" or _closes_nothing(data, start, end)):
        end -= 1
    return end


def _closes_nothing(data: bytes, start: int, end: int) -> bool:
    opening = {b")": b"(", b"]": b"[", b"}": b"{"}.get(data[end - 1 : end])
    return opening is not None and data.count(opening, start, end) < data.count(data[end - 1 : end], start, end)


def _judge(name: str, value: bytes, quoted: bool, attached: bool) -> bool:
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
    for match in _COOKIE.finditer(data):
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


def _plain(data: bytes) -> list[Span]:
    spans = []
    for kind, pattern in _PLAIN:
        for match in pattern.finditer(data):
            start, end = match.span(1)
            if data[start] not in b"$%{<*[":
                spans.append((start, end, kind))
    return spans
