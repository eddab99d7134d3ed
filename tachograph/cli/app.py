"""What a command needs of the world: where the data is, how to open it, who is listening on stdout and stderr.

Data goes to stdout through `write`; talk goes to stderr through `say` and `hint`. Imports the store only when asked.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from tachograph import clock, paths
from tachograph.config import FILE, Config
from tachograph.errors import NotFound, StoreDamaged, StoreError, StoreTooNew, TachographError
from tachograph.formats import sanitise
from tachograph.formats.sanitise import painted

if TYPE_CHECKING:
    from tachograph.store import Store

_CATCH_UP_MS = 5000  # of an importer that gets no further: on a busy machine its first step takes that long
_CATCH_UP_MOST_MS = 20_000
_POLL_SECONDS = 0.25
_LOOKS_BETWEEN_STARTS = 8  # an importer may have been killed


class App:
    """One call of the command line. Attributes are decided when first used, so flags may still change them."""

    def __init__(self) -> None:
        self.database: str | None = None  # --db
        self.color: str | None = None  # --color
        self.debug = bool(os.environ.get("TACHOGRAPH_DEBUG"))
        self.now = clock.now()
        self._store: Store | None = None
        self._told = False  # that something could not be imported

    @cached_property
    def places(self) -> paths.Places:
        return paths.places(self.database)

    def database_size(self) -> int:
        """Bytes on the disk, what is not moved out of the write-ahead log yet included."""
        database = self.places.database
        return sum(os.path.getsize(path) for path in (database, f"{database}-wal") if os.path.exists(path))

    @cached_property
    def config(self) -> Config:
        return Config(os.path.join(self.places.config, FILE))

    @cached_property
    def terminal(self) -> bool:
        """Does a person look at stdout?"""
        return sys.stdout.isatty()

    @cached_property
    def colour(self) -> bool:
        """May our own lines on stdout be coloured? `--color`, then NO_COLOR, then config.toml, then the terminal."""
        return self._colour_on(self.terminal)

    @cached_property
    def recorded_colour(self) -> bool:
        """May colours of recorded output pass? Only when asked for by `--color always`, and only to a terminal."""
        return self.color == "always" and self.terminal

    @cached_property
    def width(self) -> int:
        return max(40, shutil.get_terminal_size((80, 24)).columns)

    def store(self, fresh: bool = True) -> Store:
        """The open store; with `fresh`, what the journals hold is imported first, so that answers are current."""
        if self._store is None:
            from tachograph.ingest.opening import open_store

            self._refuse_nowhere()
            if fresh:
                self.refresh()
            self._store = open_store(self.places.database)
        return self._store

    def store_as_it_is(self) -> Store:
        """The store without importing, creating or upgrading anything. NotFound when there is no file."""
        if self._store is None:
            from tachograph.ingest.opening import open_store

            self._store = open_store(self.places.database, readonly=True)
        return self._store

    def existing_store(self) -> Store:
        """The open store without importing first. NotFound when there is no file: nothing is made."""
        if not os.path.exists(self.places.database):
            return self.store_as_it_is()
        return self.store(fresh=False)

    def new_store(self) -> Store:
        """The open store for a command that adds to it: made when there is none, journals left to the importer."""
        if self._store is None:
            from tachograph.ingest.opening import open_store

            self._store = open_store(self.places.database)
        return self._store

    def refresh(self) -> None:
        """Import what the journals got since. What cannot be imported now is said once and never hides the rest."""
        from tachograph.ingest.catch_up import catch_up

        try:
            reason = catch_up(self.places, _CATCH_UP_MS, _CATCH_UP_MOST_MS).reason
        except (StoreDamaged, StoreTooNew):
            raise
        except StoreError as error:
            reason = str(error)
        if reason and not self._told:
            self._told = True
            last = reason.strip().splitlines()[-1]
            self.warn(f"not everything that was recorded is in the store yet: {last}")
            self.say("  tachograph doctor tells more")

    def looks(self) -> Iterator[None]:
        """For those who follow: now, and again and again, with the importer at work.

        Importing by ourselves each time would keep its lock from it, and only it shows lines that are not finished.
        """
        from tachograph.ingest.spawn import ensure_importer

        for look in count():
            yield
            if look % _LOOKS_BETWEEN_STARTS == 0 and not ensure_importer(self.places):
                self.refresh()
            time.sleep(_POLL_SECONDS)

    def make_folders(self) -> None:
        """Those of data and journals, for a command that records or imports. StoreError when they cannot be used."""
        wrong = paths.data_folder(self.places)
        if wrong:
            raise StoreError(f"{self.places.data}: {wrong}", "set TACHOGRAPH_HOME to a folder of your own")
        paths.private_folder(self.places.journal)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def write(self, pieces: Iterable[str]) -> None:
        """Data, to stdout."""
        for piece in pieces:
            sys.stdout.write(piece)

    def value(self, item: object) -> None:
        """One value as JSON, to stdout."""
        from tachograph.formats import as_json

        sys.stdout.write(as_json.value(item) + "\n")

    def line(self, text: str = "", style: str = "") -> None:
        """One line of data; `text` is ours or sanitised."""
        sys.stdout.write(painted(text, style, self.colour) + "\n")

    def say(self, text: str, style: str = "") -> None:
        """One line of talk, to stderr, cleaned of control characters: it may quote what was recorded or typed."""
        sys.stdout.flush()
        clean = sanitise.terminal(text)
        sys.stderr.write(painted(clean, style, self._colour_on(sys.stderr.isatty())) + "\n")

    def done(self, text: str) -> None:
        """What was asked for has happened."""
        self.say(f"✓ {text}", "32")

    def warn(self, text: str) -> None:
        """It works, but not as one may think."""
        self.say(text, "33")

    def wrong(self, text: str) -> None:
        """Something failed."""
        self.say(text, "31")

    def aside(self, text: str) -> None:
        """What one need not read."""
        self.say(text, "2")

    def hint(self, text: str) -> None:
        """What one might do next; only for people."""
        if sys.stderr.isatty() and self.terminal:
            self.aside(text)

    def when(self, at: int | None) -> str:
        """A moment in a table for people."""
        if not at:
            return ""
        from tachograph.formats import human

        style = self.config.get("output.times")
        if style == "relative":
            return human.ago(at, self.now)
        return human.moment(at) if style == "local" else clock.iso(at)

    def _colour_on(self, terminal: bool) -> bool:
        if self.color is not None:
            return self.color == "always" or (self.color == "auto" and terminal)
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        try:
            wanted = self.config.get("output.color")
        except TachographError:  # told by doctor and by commands that need a setting; no reason to say nothing at all
            wanted = "auto"
        return bool(wanted == "always" or (wanted == "auto" and terminal))

    def _refuse_nowhere(self) -> None:
        """A mistyped --db must not make an empty database and then say that nothing was ever recorded."""
        named = self.database or os.environ.get("TACHOGRAPH_DB")
        if named and not os.path.lexists(self.places.database) and not os.path.isdir(self.places.journal):
            raise NotFound(
                f"there is no database at {self.places.database}",
                f"tachograph --db {named} run -- COMMAND begins one; tachograph db path says where yours is",
            )
