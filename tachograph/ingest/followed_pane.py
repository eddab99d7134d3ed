"""One pane on the way from a control client into its recording: when it begins, what is told of it, when it ends."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

from tachograph import clock
from tachograph.capture import processes
from tachograph.capture.control import Control
from tachograph.capture.loop import Loop
from tachograph.capture.tmux import Pane
from tachograph.extract.rules import Rules
from tachograph.ingest.pane_recording import PaneRecording, Runs, recorded_already, runs
from tachograph.ingest.pane_state import Activity
from tachograph.paths import Places

_LOOK_EVERY = clock.SECOND // 2  # at the processes of a pane that prints
_WAY = "#{cursor_x} #{cursor_y} #{history_size} #{alternate_on}"


class World:
    """What all panes of one server share."""

    def __init__(
        self, places: Places, server: int, rules: Rules, loop: Loop, say: Callable[[str], None],
        list_soon: Callable[[], None],
    ) -> None:  # fmt: skip
        self.places, self.server, self.rules, self.loop, self.say = places, server, rules, loop, say
        self.list_soon = list_soon  # the panes may be others in a moment


class Ends:
    """Ends of processes, told once each by the kernel. Where it does not, tmux's own notices remain."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._fds: dict[int, int] = {}

    def watch(self, pid: int, ended: Callable[[], None]) -> None:
        """Call `ended` when the process ends."""
        self.forget(pid)
        fd = processes.watch(pid)
        if fd is None:
            return

        def hear(_events: int) -> None:
            self.forget(pid)
            ended()

        self._fds[pid] = fd
        self._loop.watch(fd, select.POLLIN, hear)

    def forget(self, *pids: int) -> None:
        """These, or all."""
        for pid in pids or tuple(self._fds):
            fd = self._fds.pop(pid, None)
            if fd is not None:
                self._loop.forget(fd)
                os.close(fd)


class FollowedPane:
    """`always`: recorded whatever runs in it, until it closes. Without: while a known agent runs in it."""

    def __init__(self, world: World, control: Control, pane: Pane, *, always: bool) -> None:
        self.pane = pane
        self.recording: PaneRecording | None = None
        self._world, self.control, self._always = world, control, always  # the client that tells of it
        self._activity: Activity | None = None
        self._asking = False  # the screen, to begin with
        self._ends = Ends(world.loop)
        self._agent: Runs | None = None
        self._looked = 0
        self._look_due: int | None = None
        self._look_at_processes()

    @property
    def due(self) -> int | None:
        """When `tick` has something to do (monotonic ns)."""
        times = [at for at in (self._look_due, self._activity.due if self._activity else None) if at is not None]
        return min(times, default=None)

    def output(self, data: bytes) -> None:
        """The pane printed something."""
        now = clock.monotonic()
        if self.recording is not None and self._activity is not None:
            change = self._activity.output(data, now)
            if change is not None:
                self.recording.state(change)
            self.recording.output(data)
        if self._agent is None and self._look_due is None:
            self._look_due = max(now, self._looked + _LOOK_EVERY)

    def tick(self, now: int) -> None:
        """Do what is due."""
        if self._look_due is not None and now >= self._look_due:
            self._look_due = None
            self._look_at_processes()
        if self._activity is not None and self._activity.due is not None and now >= self._activity.due:
            self._activity.due = None
            self._ask_screen(self._judge)

    def changed(self, pane: Pane, control: Control) -> None:
        """tmux lists the pane like that now."""
        self.pane = pane
        if control is not self.control:
            self.control = control
            if self.recording is not None:
                self.recording.note(f"the pane is now {pane.name}; what it printed on the way was not seen")
        if self.recording is not None:
            self.recording.resize(pane.columns, pane.rows)
        if self._agent is None and self._look_due is None:
            self._look_due = self._looked + _LOOK_EVERY

    def close(self, outcome: str = "completed", exit_code: int | None = None, reason: str | None = None) -> None:
        """The pane is gone, or its recording is over."""
        self._ends.forget()
        recording, self.recording = self.recording, None
        if recording is None:
            return
        if outcome == "completed" and self._activity is not None:
            recording.state(self._activity.done())
        recording.end(outcome, exit_code, reason)
        self._activity = None
        self._world.say(f"✓ {recording.session_id}: {reason or 'the pane closed'}")

    def abandon(self) -> None:
        """tmux died: no end is known."""
        self._ends.forget()
        if self.recording is not None:
            self.recording.abandon()
            self._world.say(f"✗ {self.recording.session_id}: the tmux server died")
            self.recording = None

    def _look_at_processes(self) -> None:
        if self._asking:
            return
        self._looked = clock.monotonic()
        found = runs(self.pane)
        if self.recording is not None:
            if found.agent:
                self._begin_agent(found)
            return
        if not found.agent and not self._always:
            return
        if recorded_already(self._world.places, self._world.server, self.pane, found):
            return
        self._asking = True
        self._ask_screen(lambda way, lines: self._begin(found, way, lines), history=True)

    def _begin(self, found: Runs, way: list[int], lines: list[str] | None) -> None:
        self._asking = False
        screen, before = (b"", None) if lines is None else _as_output(lines, way)
        self.recording = PaneRecording(
            self._world.places, self._world.server, self.pane, found, screen=screen, before=before
        )
        self._world.say(f"● recording {self.recording.session_id} (tmux {self.pane.name}, pane {self.pane.id})")
        self._activity = Activity(self._world.rules, agent=found.agent is not None)
        self._ends.watch(self.pane.pid, self._world.list_soon)
        if found.agent:
            self._begin_agent(found)
        self._judge(way, None if lines is None else lines[way[2] :])

    def _begin_agent(self, found: Runs) -> None:
        """From here on somebody watches for its end."""
        self._agent = found
        if self._activity is None or self._activity.over:
            self._activity = Activity(self._world.rules, agent=True)
        self._ends.watch(found.pid, self._agent_ended)

    def _agent_ended(self) -> None:
        """What it printed last is still on its way: tmux has read it when it has answered twice."""
        if self._agent is not None and self._agent.pid == self.pane.pid:
            self._world.list_soon()
        self._agent = None
        again = "display-message -p ."
        self.control.ask(again, lambda _: self.control.ask(again, lambda _: self._agent_done()))

    def _agent_done(self) -> None:
        if self.recording is None:
            return
        if self._always:
            if self._activity is not None:
                self.recording.state(self._activity.done())
            return
        self.close(reason="the agent ended")

    def _judge(self, way: list[int], lines: list[str] | None) -> None:
        if self._activity is not None and self.recording is not None and lines is not None:
            self.recording.state(self._activity.look(lines, way[1], clock.monotonic()))

    def _ask_screen(self, take: Callable[[list[int], list[str] | None], None], *, history: bool = False) -> None:
        """Ask for the screen. `take` gets [cursor column, its line, lines of history, other screen], and the lines."""
        way = [0, 0, 0, 0]

        def placed(answer: list[bytes] | None) -> None:
            words = (answer or [b""])[0].split()
            if len(words) == 4 and all(word.isdigit() for word in words):
                way[:] = map(int, words)

        def shown(answer: list[bytes] | None) -> None:
            take(way, None if answer is None else [line.decode("utf-8", "replace") for line in answer])

        self.control.ask(f"display-message -p -t {self.pane.id} '{_WAY}'", placed)
        self.control.ask(f"capture-pane -p {'-e -S - ' if history else ''}-t {self.pane.id}", shown)


def _as_output(lines: list[str], way: list[int]) -> tuple[bytes, int]:
    """A screen as a program would have printed it, so that what comes next continues at the cursor; its line count."""
    column, row, history, _ = way
    cursor = min(history + row, len(lines) - 1)
    last = max([cursor, *[number for number, line in enumerate(lines) if line.strip()]])
    kept = lines[: last + 1]
    text = "\r\n".join(kept)
    if last == cursor:
        return (text + " " * max(0, column - len(kept[-1]) if "\x1b" not in kept[-1] else 0)).encode(), len(kept)
    return f"{text}\r\n".encode(), len(kept)
