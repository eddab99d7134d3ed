"""Shell lines as agents write them: what they are called and of what kind they are."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analyse.commands import category, name

LINES = [
    ("pytest -q tests/test_seek.py", "pytest", "test"),
    ("cd /srv/shop && PYTHONPATH=. pytest -q", "pytest", "test"),
    ("cd /srv/shop; python3 -m pytest", "pytest", "test"),
    ("python -m http.server 80", "python -m http.server", "script"),
    ("python tool.py --x", "python", "script"),
    ("/usr/bin/python3.11 -m pip install x", "pip", "package"),
    ("git -C /srv/shop -c user.name=x commit -m 'a b'", "git commit", "git"),
    ("git --no-pager log --oneline -3", "git log", "git"),
    ("git stash pop", "git stash pop", "git"),
    ("git stash", "git stash", "git"),
    ("git --version", "git", "git"),
    ("git add -A && git commit -m x", "git add", "git"),
    ("gh pr view 12 --json url", "gh pr view", "git"),
    ("gh -R a/b pr list", "gh pr list", "git"),
    ("npm run build", "npm run build", "build"),
    ("npm run test:unit -- --watch", "npm run test:unit", "test"),
    ("npm --prefix web test", "npm test", "test"),
    ("npm i left-pad", "npm i", "package"),
    ("npx vitest run", "vitest", "test"),
    ("npx --yes -p typescript tsc", "tsc", "lint"),
    ("uv run --with x pytest -q", "pytest", "test"),
    ("uv pip install -e .", "uv pip install", "package"),
    ("poetry run ruff check .", "ruff check", "lint"),
    ("bundle exec rspec", "rspec", "test"),
    ("cargo +nightly test --all", "cargo test", "test"),
    ("go mod tidy", "go mod tidy", "package"),
    ("make -C sub -j 8 test", "make", "build"),  # `8` is no word: what comes after it cannot be told from a value
    ("make -C sub -j8 test", "make test", "test"),
    ("docker compose -f x.yml up -d", "docker compose up", "container"),
    ("kubectl -n prod get pods", "kubectl get", "container"),
    ("sudo -u postgres psql -c 'select 1'", "psql", "database"),
    ("timeout -k 5 30 ./run.sh --fast", "run.sh", "other"),
    ("env A=1 B=2 node x.js", "node", "script"),
    ("time (make all)", "make all", "build"),
    ('bash -lc "cd /x && npm ci"', "npm ci", "package"),
    ("bash scripts/x.sh", "bash", "other"),
    ("sh -c 'sh -c \"rg foo | head\"'", "rg", "search"),
    ("tmp=$(mktemp -d) && cd \"$tmp\" && git init -q", "git init", "git"),
    ("for d in a b; do git -C $d status; done", "git status", "git"),
    ("if [ -f x ]; then sed -n '1,5p' x; fi", "sed", "file"),
    ("test -f .env && grep KEY .env", "grep", "search"),
    ("set -e\n# build it\nmake", "make", "build"),
    ("echo one && echo two", "echo", "other"),
    ("pytest -q; code=$?; exit $code", "pytest", "test"),
    ("echo one; exit 3", "echo", "other"),
    ("exit 3", "exit", "other"),
    ("cd /srv", "cd", "other"),
    ("command -v node || true", "which", "system"),
    ("which node", "which", "system"),
    ("cat > x.py <<'EOF'\nimport os; os.system('rm -rf /')\nEOF", "cat", "file"),
    ("apply_patch << 'PATCH'\n*** Begin Patch\n", "apply_patch", "file"),
    ("ls 2>/dev/null", "ls", "file"),
    ("2>&1 grep -r x", "grep", "search"),
    ("! grep -q x y", "grep", "search"),
    ("'/opt/my tools/lint' x", "lint", "other"),
    ("./gradlew check", "gradlew check", "test"),
    ("A=1", "", "other"),
    ("", "", "other"),
    ("  \n ", "", "other"),
    ("'unclosed", "unclosed", "other"),
    ("$(", "$", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "called", "kind"), LINES, ids=[line[:40] for line, *_ in LINES])
def test_what_a_line_is_called_and_of_what_kind(line: str, called: str, kind: str) -> None:
    assert (name(line), category(line)) == (called, kind)


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab cd=-/'\"\\$(){};&|<>`#\n!.:sudo"), max_size=200))
def test_nothing_that_can_be_typed_raises(line: str) -> None:
    assert "\n" not in name(line)
    assert category(line)


def test_a_line_as_long_as_a_file_is_looked_at_only_at_its_beginning() -> None:
    assert name("cat > x <<'EOF'\n" + "'" * 10_000_000) == "cat"
    assert name("(" * 1_000_000) == ""


def test_long_lines_are_not_remembered() -> None:
    """An agent writes a file with every tenth command."""
    tracemalloc.start()
    for number in range(200):
        line = f"cat > {number}.txt <<'EOF'\n{'text ' * 10_000}"
        assert (name(line), category(line)) == ("cat", "file")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000
