"""What kind of command is this? A word for statistics: test, build, git, package, …"""

from __future__ import annotations

import os
import shlex

_WRAPPERS = {"sudo", "env", "nice", "nohup", "time", "timeout", "stdbuf", "xargs", "exec", "command", "npx"}
_SHELLS = {"sh", "bash", "zsh", "dash", "fish"}
_PROGRAMS = {
    "test": "pytest py.test tox nox unittest jest vitest mocha ava ctest rspec phpunit karma playwright cypress bats",
    "lint": "ruff flake8 pylint mypy pyright eslint prettier black isort shellcheck golangci-lint clippy rubocop tsc"
    " biome",
    "build": "make cmake ninja gcc g++ clang cc ld meson bazel gradle gradlew mvn ant msbuild webpack vite rollup"
    " esbuild rustc",
    "git": "git gh hub glab",
    "package": "pip pip3 pipx uv conda apt apt-get brew dnf yum apk gem bundle composer",
    "container": "docker podman docker-compose kubectl helm terraform ansible",
    "network": "curl wget ssh scp rsync ping nc http dig",
    "search": "grep rg ag ack find fd locate fzf",
    "file": "ls cat head tail less more cp mv rm mkdir rmdir touch chmod chown ln tree stat file wc sed awk sort uniq"
    " diff tar zip unzip tee",
    "database": "sqlite3 psql mysql redis-cli mongosh duckdb",
    "script": "python python3 node deno bun ruby perl php lua java",
}
_CATEGORY = {program: name for name, programs in _PROGRAMS.items() for program in programs.split()}
_BY_VERB = {  # programs that do several kinds of work tell by their first argument
    "npm": {"test": "test", "t": "test", "run": "build", "install": "package", "ci": "package", "i": "package"},
    "cargo": {"test": "test", "clippy": "lint", "fmt": "lint", "add": "package", "install": "package"},
    "go": {"test": "test", "vet": "lint", "get": "package", "mod": "package", "install": "package"},
    "dotnet": {"test": "test", "add": "package", "restore": "package"},
    "make": {"test": "test", "check": "test", "lint": "lint", "install": "package"},
    "mvn": {"test": "test", "verify": "test"},
    "gradle": {"test": "test", "check": "test"},
}
_BY_VERB |= {"yarn": _BY_VERB["npm"], "pnpm": _BY_VERB["npm"], "bun": _BY_VERB["npm"], "gradlew": _BY_VERB["gradle"]}
_MODULES = {"pytest": "test", "unittest": "test", "pip": "package", "mypy": "lint", "ruff": "lint", "build": "build"}


def category(command: str) -> str:
    """`cd x && python -m pytest -q` → `test`. `other` when nothing better is known; never raises."""
    words = program_words(command)
    if not words:
        return "other"
    program, rest = words[0], words[1:]
    if program in {"python", "python3"} and rest[:1] == ["-m"] and len(rest) > 1:
        return _MODULES.get(rest[1], "script")
    if program in _BY_VERB:
        verb = next((word for word in rest if not word.startswith("-")), "")
        script = rest[rest.index(verb) + 1] if verb == "run" and verb != rest[-1] else ""
        if script.startswith("test"):
            return "test"
        return _BY_VERB[program].get(verb, "build")
    return _CATEGORY.get(program, "other")


def program_words(command: str) -> list[str]:
    """The words of the command that does the work: past `cd … &&`, variables, wrappers and `sh -c`."""
    try:
        words = shlex.split(command, comments=False)
    except ValueError:
        words = command.split()
    words = _past_change_of_folder(words)
    while words:
        name = os.path.basename(words[0])
        if name in _SHELLS and len(words) > 2 and words[1] in {"-c", "-lc", "-ic"}:
            return program_words(words[2])
        if "=" in words[0] and not words[0].startswith(("-", "/")):
            words = words[1:]
        elif name in _WRAPPERS and len(words) > 1:
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
            if name == "timeout" and words:
                words = words[1:]
        elif name in {"uv", "poetry"} and words[1:2] == ["run"]:
            words = words[2:]
        else:
            return [name, *words[1:]]
    return []


def _past_change_of_folder(words: list[str]) -> list[str]:
    while len(words) > 3 and words[0] == "cd" and words[2] in {"&&", ";"}:
        words = words[3:]
    if len(words) > 2 and words[0] == "cd" and words[1].endswith(";"):
        words = words[2:]
    return words
