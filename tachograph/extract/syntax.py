"""Does a piece of code parse? Asked of a real parser where one is at hand in this process; otherwise: not known.

Never a process of its own: blocks come by the hundred. For shell scripts that means a reader of ours, see
`shell_syntax`.
"""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Callable

from tachograph.extract.shell_syntax import balanced

_SIZE_MAX = 65_536
_NAMES = {
    "py": "python", "python": "python", "python3": "python", "py3": "python",
    "json": "json", "jsonl": "jsonl", "ndjson": "jsonl",
    "toml": "toml",
    "yaml": "yaml", "yml": "yaml",
    "sh": "shell", "bash": "shell", "shell": "shell", "zsh": "shell", "ksh": "shell",
}  # fmt: skip


def parseable(language: str | None, content: str) -> bool | None:
    """True or False as the language's parser says; None when there is none for it. Never runs the code."""
    check = _CHECKS.get(_NAMES.get(language or "", ""))
    if check is None or len(content) > _SIZE_MAX:
        return None
    try:
        return check(content)
    except (ValueError, SyntaxError):
        return False
    except (RecursionError, MemoryError):
        return None


def _python(content: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in someone else's code
        ast.parse(_outdented(content))
    return True


def _json(content: str) -> bool:
    json.loads(content)
    return True


def _jsonl(content: str) -> bool:
    for line in content.splitlines():
        if line.strip():
            json.loads(line)
    return True


def _toml(content: str) -> bool:
    tomllib.loads(content)
    return True


def _yaml(content: str) -> bool | None:
    try:
        import yaml
    except ImportError:
        return None
    try:
        for _ in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            pass
    except yaml.YAMLError:
        return False
    return True


def _outdented(content: str) -> str:
    import textwrap

    return textwrap.dedent(content)


_CHECKS: dict[str, Callable[[str], bool | None]] = {
    "python": _python,
    "json": _json,
    "jsonl": _jsonl,
    "toml": _toml,
    "yaml": _yaml,
    "shell": balanced,
}
