"""Other people's SQLite: the sqlite3 program and the module of Python's library, with foreign keys on and off."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

DOCUMENTED = Path(__file__).parent / "documented"


def documented(file: str) -> dict[str, str]:
    """Name → SQL exactly as the documentation of the tools that these tables come from has it."""
    parts = re.split(r"^-- name: (\w+)\n", (DOCUMENTED / f"{file}.sql").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


class ClientError(Exception):
    """What the client says when SQL is refused."""


class Program:
    """The sqlite3 program, started anew for every script."""

    def __init__(self, path: str, foreign_keys: bool) -> None:
        found = shutil.which("sqlite3")
        assert found, "the sqlite3 program is needed: apt install sqlite3"
        self.command = [found, "-batch", "-bail", "-json", path]
        self._first = f"PRAGMA foreign_keys = {int(foreign_keys)};\n"  # newer versions read nothing more after -cmd

    def __call__(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the last statement that has any."""
        run = subprocess.run(self.command, input=self._first + sql, capture_output=True, text=True, timeout=30)
        if run.returncode:
            raise ClientError(run.stderr)
        answers = re.split(r"(?<=\])\n(?=\[)", run.stdout.strip())
        return json.loads(answers[-1]) if answers[-1] else []

    def plan(self, sql: str) -> str:
        """How a question is answered."""
        return subprocess.run(
            self.command, input=f"{self._first}EXPLAIN QUERY PLAN {sql};",
            capture_output=True, text=True, check=True, timeout=30,
        ).stdout  # fmt: skip

    def close(self) -> None:
        """Nothing stays open."""


class Module:
    """Python's sqlite3, one connection."""

    def __init__(self, path: str, foreign_keys: bool) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")

    def __call__(self, sql: str) -> list[dict[str, Any]]:
        rows: list[Any] = []
        statement = ""
        try:
            for line in sql.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    rows = self.connection.execute(statement).fetchall() or rows
                    statement = ""
            if statement.strip():
                rows = self.connection.execute(statement).fetchall() or rows
        except sqlite3.Error as error:
            raise ClientError(str(error)) from error
        return [dict(row) for row in rows]

    def plan(self, sql: str) -> str:
        return str(self(f"EXPLAIN QUERY PLAN {sql}"))

    def close(self) -> None:
        self.connection.close()


Client = Program | Module
CLIENTS = [(kind, keys) for kind in (Program, Module) for keys in (True, False)]
IDS = [f"{kind.__name__.lower()}, foreign keys {'on' if keys else 'off'}" for kind, keys in CLIENTS]
