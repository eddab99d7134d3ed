"""Is what follows `password=` or `"token":` a secret, or only talk about one? Judged by its name and its looks."""

from __future__ import annotations

import math
import re
from collections import Counter

from tachograph.regexes import regex

_LOOKED_AT = 512  # the beginning of a long value tells enough
_PLACEHOLDER = regex(
    r"[<\[({].*|.*[>\])}]|[$%@].*|[*xX.•_-]+|\(?(?:null|none|nil|true|false|yes|no|on|off|undefined|empty|required|optional|"
    r"string|str|bytes|int|integer|number|bool|boolean|any|object|text|unset|missing|invalid|expired|unknown|default|"
    r"redacted|hidden|masked|omitted|changeme|change[-_]?me|replace[-_]?me|placeholder|todo|n/?a|prompt|ask|input|env|"
    r"password|passwd|secret|token|key|bearer|basic|value)\)?|"
    r"(?:your|my|the|some|example|sample|dummy|fake|test|mock|insert|enter|put)[-_ ].*|"
    r".*(?:example|placeholder|redacted|your[-_]|xxxx|\.\.\.|…|<[a-z]).*",
    re.IGNORECASE | re.DOTALL,
)
_CODE = regex(
    r"[A-Za-z_$]\w*(?:(?:\.|::|->|\?\.)[A-Za-z_$][A-Za-z_$]*)+[;)]*"  # self.token, process.env.TOKEN
    r"|[A-Za-z_$][\w$.:]*[(\[{].*"  # get_token(), tokens[0], Token{…}
)
_WORD = regex(r"&?[A-Za-z_$][\w$]*[;)]*")  # a bare name, or a password
_PATH = regex(r"(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|[\w.-]+(?:/[\w.-]+)+\.[a-z]{1,5}|(?:https?|file|ssh|s3|gs)://.*")
_NUMBER = regex(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ENV_NAME = regex(r"[A-Z][A-Z0-9_]*")
_TALK = regex(
    r"(?:next|prev|previous|page|pagination|continuation|cursor|sync|eos|bos|pad|unk|cls|sep|mask|special|stop|max|min|num|"
    r"total|input|output|prompt|completion|per|cache|reasoning|first|last|current|peek|expected|unexpected|"
    r"primary|foreign|partition|sort|cancellation|syntax|invalid|missing|wrong|forgot|no)[-_ ]?"
    r"(?:\w+[-_ ])?(?:token|key|password|secret)$",
    re.IGNORECASE,
)
KEY_OWNERS = (
    "api|access|secret|private|auth|encrypt(?:ion)?|sign(?:ing)?|master|service|account|storage|admin|app|client|"
    "deploy|webhook|session|jwt|hmac|aes|crypto|shared|consumer|license|subscription"
)
_SECRET_KEY = regex(rf"(?:{KEY_OWNERS})[-_ ]?key(?:[-_]base)?$", re.IGNORECASE)
_STRONG = regex(r"pass(?:w|p)|pwd|secret|private|credential", re.IGNORECASE)


def is_secret(name: str, value: str, *, quoted: bool = False, attached: bool = False) -> bool:
    """`name` is the whole name in front, `attached`: nothing stands between name, sign and value (`NAME=value`)."""
    value = value.strip()[:_LOOKED_AT]
    if len(value) < 6 or _PLACEHOLDER.fullmatch(value) or _TALK.search(name):
        return False
    if _PATH.fullmatch(value):
        return False
    if " " in value:
        return quoted and "phrase" in name.lower() and 3 <= len(value.split()) <= 12
    if name.lower().endswith("key") and not _SECRET_KEY.search(name):  # FOO_KEY=…, but no "key": "…"
        return len(value) >= 20 and bool(_ENV_NAME.fullmatch(name)) and _random(value, False)
    strong = bool(_STRONG.search(name))
    shell = attached and bool(_ENV_NAME.fullmatch(name))
    if not quoted and (_CODE.fullmatch(value) or (_WORD.fullmatch(value) and not shell and not _random(value, strong))):
        return False
    if _NUMBER.fullmatch(value):
        return strong and (shell or (quoted and value.isdigit()))
    if shell and strong:
        return True
    return _random(value, strong)


def entropy(value: str) -> float:
    """Bits per character, of the characters' own frequencies."""
    count = len(value)
    return -sum(n / count * math.log2(n / count) for n in Counter(value).values())


def _random(value: str, strong: bool) -> bool:
    """Does it look drawn rather than written? A mix of kinds of characters, few repeats."""
    kinds = sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() and c not in "_-./: " for c in value),
        )
    )
    if strong:
        return kinds >= 2 and any(not c.isalpha() for c in value) and entropy(value) >= 2.2
    if len(value) < 16:
        return kinds >= 3 and any(c.isdigit() for c in value) and len(value) >= 10 and entropy(value) >= 2.8
    has_digit = any(c.isdigit() for c in value)
    return kinds >= 2 and has_digit and entropy(value) >= 3.0
