"""What kind of command is this, and which one? Words for statistics: `test` and `pytest`, `git` and `git commit`.

A shell line is looked at as far as its first command that does any work; nothing is ever run or expanded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps

from tachograph.regexes import regex


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOOKED_AT = 2000  # characters: what a line is about stands at its beginning, what follows may be a whole file
_WORDS_MAX = 40  # of one command
_KNOWN_MAX = 8192  # commands remembered with what they are: the same come again and again
_TOKEN = regex(
    r"""(?P<comment>\#[^\n]*)
    |(?P<end>&&|\|\||;;|[;&|()\n])
    |(?P<redirection>\d*[<>]+[&-]*[ \t]*(?:[^\s;&|()<>'"]+|'[^']*'|"[^"]*")?)
    |(?P<word>(?:[^\s;&|()<>'"\\`$]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|`[^`]*`|\$\([^()]*\)|\$)+)
    |(?P<rest>\S)""",
    re.X | re.S,
)
_QUOTES = regex(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", re.S)
_ASSIGNMENT = regex(r"[A-Za-z_]\w*\+?=")
_KEYWORDS = frozenset({"if", "then", "else", "elif", "while", "until", "do", "done", "fi", "esac", "{", "}", "!"})
_PREPARING = _words(  # said on the way to something else; alone they are all there is
    "cd pushd popd export source . set unset umask ulimit shopt trap alias local declare true : test [ [[ echo printf"
    " sleep pwd wait exit return false"
)
_WRAPPERS = _words(
    "sudo env nice nohup time timeout gtimeout stdbuf setsid xargs exec command builtin npx bunx uvx caffeinate"
)
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "fish", "ksh"})
_SHELL_OPTION = regex(r"-[a-z]*c[a-z]*")
_RUNNERS = {  # `uv run pytest` is pytest
    "uv": ("run",), "poetry": ("run",), "pipenv": ("run",), "pdm": ("run",), "hatch": ("run",), "rye": ("run",),
    "bundle": ("exec",), "npm": ("exec", "x"), "pnpm": ("exec", "dlx"), "yarn": ("exec", "dlx"), "bun": ("x",),
    "direnv": ("exec",),
}  # fmt: skip
_SUBCOMMANDS = {  # program → how many words after it say what it does
    **dict.fromkeys(
        _words(
            "git hg svn jj npm pnpm yarn bun deno cargo go rustup pip pip3 pipx uv poetry conda mamba apt apt-get brew"
            " dnf yum apk pacman gem bundle composer make gmake just task rake nx turbo docker podman docker-compose"
            " kubectl helm terraform tofu systemctl gradle gradlew mvn dotnet hatch pdm pipenv flutter dart rails mix"
            " swift xcrun tmux ruff snap flatpak asdf mise fly vercel wrangler heroku supabase prisma alembic"
        ),
        1,
    ),
    **dict.fromkeys(_words("gh glab aws gcloud az"), 2),
}
_DEEPER = {  # where one more word is needed
    *("npm run", "pnpm run", "yarn run", "bun run", "deno task", "docker compose", "podman compose", "uv pip"),
    *("uv tool", "go mod", "go tool", "git stash", "git worktree", "git remote", "docker image", "docker container"),
    *("git submodule", "kubectl rollout", "poetry env", "cargo xtask", "terraform state", "conda env"),
}
_TAKES_VALUE = {  # options that come before the subcommand with a value of their own
    "git": frozenset(["-C", "-c", "--git-dir", "--work-tree", "--namespace"]),
    "make": frozenset(["-C", "-f", "--directory", "--file", "-I"]),
    "gmake": frozenset(["-C", "-f"]),
    "npm": frozenset(["--prefix", "-w", "--workspace", "-C"]),
    "pnpm": frozenset(["-C", "--dir", "--filter", "-F"]),
    "yarn": frozenset(["--cwd"]),
    "bun": frozenset(["--cwd", "--filter"]),
    "uv": frozenset(["--directory", "--project", "--with", "--python", "-p", "--extra", "--group"]),
    "docker": frozenset(["-H", "--host", "--context", "--config", "-f", "--file", "-p", "--project-name"]),
    "docker-compose": frozenset(["-f", "--file", "-p", "--project-name"]),
    "kubectl": frozenset(["-n", "--namespace", "--context", "--kubeconfig"]),
    "helm": frozenset(["-n", "--namespace", "--kube-context"]),
    "gh": frozenset(["-R", "--repo"]),
    "aws": frozenset(["--profile", "--region", "--output"]),
    "gcloud": frozenset(["--project", "--account"]),
    "cargo": frozenset(["-C", "--manifest-path", "--config"]),
    "just": frozenset(["-f", "--justfile", "-d", "--working-directory"]),
    "task": frozenset(["-d", "-t"]),
    "cmake": frozenset(["-S", "-B", "-G"]),
    "tmux": frozenset(["-L", "-S", "-f"]),
    "timeout": frozenset(["-s", "--signal", "-k", "--kill-after"]),
    "nice": frozenset(["-n"]),
    "sudo": frozenset(["-u", "-g"]),
    "env": frozenset(["-u", "-C"]),
    "xargs": frozenset(["-I", "-n", "-P", "-d", "-L"]),
    "stdbuf": frozenset(["-i", "-o", "-e"]),
    "npx": frozenset(["-p", "--package"]),
    "poetry": frozenset(["-C", "--directory"]),
}
_PROGRAMS = {
    "test": "pytest py.test tox nox unittest jest vitest mocha ava ctest rspec phpunit karma playwright cypress bats",
    "lint": "ruff flake8 pylint mypy pyright eslint prettier black isort shellcheck golangci-lint clippy rubocop tsc"
    " biome ty",
    "build": "make gmake cmake ninja gcc g++ clang cc ld meson bazel gradle gradlew mvn ant msbuild webpack vite rollup"
    " esbuild rustc",
    "git": "git gh hub glab",
    "package": "pip pip3 pipx uv conda apt apt-get brew dnf yum apk gem bundle composer",
    "container": "docker podman docker-compose kubectl helm terraform ansible",
    "network": "curl wget ssh scp rsync ping nc http dig",
    "search": "grep egrep fgrep rg ag ack find fd locate fzf",
    "file": "ls cat head tail less more cp mv rm mkdir rmdir touch chmod chown ln tree stat file wc sed awk sort uniq"
    " diff tar zip unzip tee nl jq yq cut tr xxd du df realpath readlink basename dirname apply_patch patch mktemp",
    "database": "sqlite3 psql mysql redis-cli mongosh duckdb",
    "script": "python python3 node deno bun ruby perl php lua java",
    "system": "ps kill pkill pgrep lsof which type whoami uname id date env printenv hostname uptime free top systemctl"
    " journalctl",
}
_CATEGORY = {program: kind for kind, programs in _PROGRAMS.items() for program in programs.split()}
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


def _known(answer: Callable[[str], str]) -> Callable[[str], str]:
    """Remembers answers, and of a command only what is looked at: what a shell line writes into a file may be long."""
    remembered = lru_cache(_KNOWN_MAX)(answer)
    return wraps(answer)(lambda command: remembered(command[:_LOOKED_AT]))


@_known
def category(command: str) -> str:
    """`cd x && python -m pytest -q` → `test`. `other` when nothing better is known; never raises."""
    words = program_words(command)
    if not words:
        return "other"
    program, rest = words[0], words[1:]
    if module := _module(program, rest):
        return _MODULES.get(module, "script")
    if program in _BY_VERB:
        verb, script = [*_verbs(program, rest, 2), "", ""][:2]
        if verb == "run" and script.startswith("test"):
            return "test"
        return _BY_VERB[program].get(verb, "build")
    return _CATEGORY.get(program, "other")


@_known
def name(command: str) -> str:
    """`cd x && git -C y commit -m z` → `git commit`: the program, and what it is told to do where that is a word of
    its own. Empty for an empty line; never raises.
    """
    words = program_words(command)
    if not words:
        return ""
    program, rest = words[0], words[1:]
    if module := _module(program, rest):
        return module if module in _MODULES else f"{program} -m {module}"
    verbs = _verbs(program, rest, _SUBCOMMANDS.get(program, 0))
    if verbs and f"{program} {verbs[0]}" in _DEEPER:
        verbs = _verbs(program, rest, 2)
    return " ".join([*program.split(), *verbs])


def program_words(command: str) -> list[str]:
    """The words of the command that does the work: past `cd … &&`, variables, wrappers and `sh -c`."""
    preparing: list[str] = []
    for words in _simple_commands(command[:_LOOKED_AT].replace("\\\n", " ")):
        found = _past_wrappers(words)
        if not found:
            continue
        if found[0] not in _PREPARING and not (found[0] in _WRAPPERS and len(found) == 1):
            return found
        preparing = preparing or found
    return preparing


def commands_of(line: str) -> Iterator[list[str]]:
    """The words of every command of a shell line, from the program on: no variables, wrappers or quotes."""
    for words in _simple_commands(line[:_LOOKED_AT].replace("\\\n", " ")):
        if words[0] in _PREPARING:
            yield words
        elif found := _past_wrappers(words):
            yield found


def _module(program: str, rest: list[str]) -> str:
    """`pytest` of `python -m pytest`."""
    return rest[1] if re.fullmatch(r"python[\d.]*", program) and rest[:1] == ["-m"] and len(rest) > 1 else ""


def _verbs(program: str, rest: list[str], count: int) -> list[str]:
    """The first words after a program that are no options, as far as they look like words and not like values."""
    valued = _TAKES_VALUE.get(program, frozenset())
    verbs: list[str] = []
    skipped = False
    for word in rest:
        if len(verbs) == count:
            break
        if skipped:
            skipped = False
        elif word.startswith(("-", "+")):
            skipped = word in valued
        elif re.fullmatch(r"[A-Za-z][\w:.-]{0,30}", word):
            verbs.append(word)
        else:
            break
    return verbs


def _simple_commands(line: str) -> Iterator[list[str]]:
    """The commands of a shell line in their order, each as its words without quotes; `for x in …` is none."""
    words: list[str] = []
    for found in _TOKEN.finditer(line):
        if found["word"] is not None:
            if len(words) < _WORDS_MAX:
                words.append(found["word"])
        elif found["end"]:
            yield from _one(words)
            words = []
    yield from _one(words)


def _one(words: list[str]) -> Iterator[list[str]]:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    if words and words[0] not in {"for", "case", "select", "function"}:
        yield [_unquoted(word) for word in words]


def _unquoted(word: str) -> str:
    return _QUOTES.sub(lambda found: next((part for part in found.groups() if part is not None), ""), word)


def _past_wrappers(words: list[str]) -> list[str]:
    while words:
        program = os.path.basename(words[0].rstrip("/")).removesuffix(".exe")
        rest = words[1:]
        if _ASSIGNMENT.match(words[0]):
            words = rest
        elif program in _SHELLS and len(rest) > 1 and _SHELL_OPTION.fullmatch(rest[0]):
            return program_words(rest[1])
        elif program == "command" and rest[:1] in (["-v"], ["-V"]):
            return ["which", *rest[1:]]
        elif program in _WRAPPERS and rest:
            words = _past_options(program, rest)
        elif program in _RUNNERS and (run := _verbs(program, rest, 1)) and run[0] in _RUNNERS[program]:
            words = _past_options(program, rest[rest.index(run[0]) + 1 :]) or words
            if words[0] == program:
                return [program, *rest]
        else:
            return [program, *rest] if program else []
    return []


def _past_options(program: str, words: list[str]) -> list[str]:
    valued = _TAKES_VALUE.get(program, frozenset())
    while words and (words[0].startswith("-") or _ASSIGNMENT.match(words[0])):
        words = words[2 if words[0] in valued else 1 :]
    return words[1:] if program in {"timeout", "gtimeout"} else words
