"""Which agent a process is, by the words it was started with."""

from __future__ import annotations

from collections.abc import Sequence

# Name of the program → name of the agent, where they differ or the program is not one of our readers.
_PROGRAMS = {
    **{name: name for name in ("claude", "codex", "gemini", "copilot", "opencode", "aider", "openhands", "droid")},
    **{name: name for name in ("amp", "kimi", "pi", "goose", "cline", "crush", "qwen")},
    **{"cursor-agent": "cursor", "kiro-cli": "kiro", "kiro-cli-chat": "kiro", "opencode2": "opencode"},
    **{"mini": "mini-swe-agent", "mini-swe-agent": "mini-swe-agent", "sweagent": "swe-agent"},
}
# Name of a package in the path of a script → name of the agent.
_PACKAGES = {
    **{"claude-code": "claude", "@openai/codex": "codex", "gemini-cli": "gemini", "@github/copilot": "copilot"},
    **{"opencode-ai": "opencode", "@opencode-ai/cli": "opencode", "@sourcegraph/amp": "amp", "pi-coding-agent": "pi"},
    **{"minisweagent": "mini-swe-agent", "@qwen-code/qwen-code": "qwen"},
}
_INTERPRETERS = ("python", "node", "nodejs", "bun", "deno", "sh", "bash", "dash", "zsh", "ruby", "perl", "env")
_RUNNERS = {"npx", "bunx", "uvx", "pnpm", "npm", "yarn"}
_PASSED_OVER = {"run", "exec", "dlx", "x", "tool", "-S", "--"}


def agent(argv: Sequence[str]) -> str | None:
    """The agent that a command line starts (`node /usr/bin/codex`, `python -m aider`); None when it is none we know."""
    if not argv:
        return None
    first = _name(argv[0])
    if first in _PROGRAMS:
        return _PROGRAMS[first]
    runner = first in _RUNNERS
    if not runner and first.rstrip("0123456789.") not in _INTERPRETERS:
        return None
    for word in argv[1:]:
        if word in ("-c", "-e", "--eval"):
            return None
        if word in _PASSED_OVER or word.startswith("-"):
            continue
        return _script(word, package=runner)
    return None


def _script(word: str, *, package: bool) -> str | None:
    path = word.replace("\\", "/")
    if package:
        path = path.rpartition("@")[0] or path  # without the version
    found = next((name for part, name in _PACKAGES.items() if f"/{part}/" in f"/{path}/"), None)
    return found or _PROGRAMS.get(_name(path.removesuffix("/__main__.py")))


def _name(word: str) -> str:
    """`-zsh` → `zsh`, `/usr/bin/codex` → `codex`, `main.py` → `main`."""
    base = word.replace("\\", "/").rstrip("/").rpartition("/")[2].removeprefix("-")
    for suffix in (".exe", ".py", ".js", ".mjs", ".cjs", ".sh"):
        base = base.removesuffix(suffix)
    return base
