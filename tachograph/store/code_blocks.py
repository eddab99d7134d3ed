"""Code blocks: each content stored once, every place it was seen kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypedDict, Unpack

from tachograph import clock
from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.records import CodeBlock, Sighting
from tachograph.regexes import regex
from tachograph.store import paging, queries
from tachograph.store.filters import Where, check_names, most
from tachograph.store.json_text import from_json, to_json
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("code_blocks")
_SAID = regex(r'"([^"]+)"|([^\s"]+)')


class Filters(TypedDict, total=False):
    """What blocks are picked by. `agent` is a glob, times in ns; `text`: the block has all its words, and phrases in
    quotes, whatever their case."""

    agent: str | None
    language: str | None
    session: str | None
    text: str | None
    since: int | None
    until: int | None


class CodeBlocks:
    """`store.code_blocks`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, block: CodeBlock, *, step: int | None = None) -> bool:
        """Store a block, or only the sighting when its content is known. True when the content was new.

        `step` is the id of the event in whose text it stands.
        """
        return self.add_many([(block, step)]) == 1

    def add_many(self, blocks: Sequence[tuple[CodeBlock, int | None]]) -> int:
        """The same for several, each with its step, all or none. Returns how many contents were new."""
        if not all(block.content for block, _ in blocks):
            raise BadRecord("a code block needs content")
        if not blocks:
            return 0
        new = 0
        with self._writer.change():
            sessions: dict[str, int] = {}
            sightings = []
            for block, step in blocks:
                at = block.at or clock.now()
                if block.session_id not in sessions:
                    growth = self._writer.session(block.session_id, block.agent_name, at)
                    sessions[block.session_id] = growth.number
                digest = block.digest or digest_of(block.content)
                found = self._connection.execute(_sql.id_of_digest, (digest,)).get
                new += found is None
                sightings.append(
                    (
                        found or self._insert(block, digest), sessions[block.session_id], at, block.line_start,
                        block.line_end, to_json(block.context), step,
                    )
                )  # fmt: skip
            self._connection.executemany(_sql.add_sighting, sightings)
        return new

    def _insert(self, block: CodeBlock, digest: str) -> int:
        parseable = None if block.parseable is None else int(block.parseable)
        values = (digest, block.language, block.content, parseable)
        return int(self._connection.execute(_sql.add_block, values).get)

    def get(self, name: str | int) -> CodeBlock:
        """By id, digest, or a beginning of the digest. Raises NotFound, UsageError when several begin so."""
        where = Where()
        if isinstance(name, int) or (name.isdigit() and len(name) < 8):
            where.add("b.id = ?", name)
        else:
            where.add("b.digest >= ? AND b.digest < ? || 'g'", name, name)
        found = self._listed(where, 2)
        if not found:
            raise NotFound(f"no code block matches {name!r}", "`tachograph code` lists them with their digests")
        if len(found) > 1:
            raise UsageError(f"several digests begin with {name!r}", "write more of it")
        return found[0]

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, skip: int = 0, **chosen: Unpack[Filters]
    ) -> Sequence[CodeBlock]:
        """Newest first; each block once, with its first sighting among those that fit."""
        return self._listed(self._where(chosen), limit, past, skip)

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def languages(self, **chosen: Unpack[Filters]) -> dict[str, int]:
        """Language → blocks that `list` has of it, most first; "" for those without one."""
        where = self._where(chosen)
        rows = self._connection.execute(_sql.languages.format(where=where), where.values)
        return dict(rows)

    def place(self, block: CodeBlock) -> Place:
        """Where it stands in `list`."""
        return block.at, block.id

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where = Where()
        where.any_of("a.name", self._writer.kinds.matching_agents(chosen.get("agent")))
        where.add("b.language = ?", chosen.get("language"))
        where.add("s.session_id = ?", chosen.get("session"))
        if said := _SAID.findall(chosen.get("text") or ""):
            self._connection.create_scalar_function("has_said", _has, 2, deterministic=True)
            for phrase, word in said:
                where.add("has_said(b.content, ?)", (phrase or word).casefold())
        where.between("g.at", chosen.get("since"), chosen.get("until"))
        return where

    def sightings(self, name: str | int) -> Sequence[Sighting]:
        """Every place where a block was seen, oldest first."""
        digest = self.get(name).digest
        return [Sighting(*row) for row in self._connection.execute(_sql.sightings, (digest,))]

    def _listed(self, where: Where, limit: int | None, past: Place | None = None, skip: int = 0) -> Sequence[CodeBlock]:
        found = []
        after = Where()
        paging.beyond(after, ("at", "id"), past)
        values = (*where.values, *after.values, most(limit), skip)
        for row in self._connection.execute(_sql.listed.format(where=where, after=after), values):
            parseable = None if row[7] is None else bool(row[7])
            found.append(CodeBlock(*(*row[:6], from_json(row[6]), parseable, *row[8:11])))
        return found


def _has(content: str, said: str) -> bool:
    """SQLite's own lower() knows the letters of ASCII alone."""
    return said in content.casefold()


def digest_of(content: str) -> str:
    """SHA-256 over the content with trailing blanks and blank lines at both ends removed, as extraction does."""
    lines = [line.rstrip() for line in content.replace("\r\n", "\n").split("\n")]
    return hashlib.sha256("\n".join(lines).strip("\n").encode()).hexdigest()
