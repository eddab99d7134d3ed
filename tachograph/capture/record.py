"""One command recorded from start to end: picks terminal or pipes, and tells the tape what happened around the bytes.

Not for Windows (windows.py).
"""

from __future__ import annotations

import os
import select

from tachograph import clock
from tachograph.capture import facts, git
from tachograph.capture.command import CannotStart, find
from tachograph.capture.loop import Loop
from tachograph.capture.pace import Pace
from tachograph.capture.plan import Ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.capture.pipe_session import PipeSession
    from tachograph.capture.plan import Plan
    from tachograph.capture.terminal_session import TerminalSession

_GIT_WAIT = 0.3  # seconds at the end
_GIT_QUICK = clock.SECOND // 5  # a repository that took longer once is not asked again


class Recording:
    """Made, it has decided how to run the command: `terminal`, and `size` in columns and rows. Nothing runs yet."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = Loop()
        self._pace = Pace(plan.tape, plan.tick)
        self._session = self._choose()
        self._before: git.Dirtiness | None = None
        folder = facts.cwd()
        self.git = git.head(folder) if folder else None
        self.size = self._session.size
        self.terminal = self.size is not None

    def run(self, started: Callable[[], None]) -> Ending:
        """Run the command to its end. `started` is called once it runs, when threads and other processes may start."""
        tape = self._plan.tape
        tape.state("started")

        def running(pid: int) -> None:
            tape.state("running", pid=pid)
            started()
            self._ask_git()

        try:
            command = find(self._plan.argv, self._plan.environment, self._plan.missing)
            status = self._session.run(command, self._pace, running)
        except CannotStart as problem:
            ending = Ending(problem.exit_code, None, str(problem))
        else:
            ending = _ending(status)
        more = {} if ending.signal is None else {"signal": ending.signal}
        tape.state(ending.state, exit_code=ending.exit_code, **more)
        return ending

    @property
    def unfinished(self) -> bool:
        """Whether processes that the command left behind still print into our pipes: see `carry_on`."""
        return self._session.unfinished

    def carry_on(self) -> None:
        """Pass on and record what those print, until the last one is gone. Meant for a forked process."""
        self._session.carry_on(self._pace)

    def git_after(self) -> tuple[dict[str, object] | None, bool | None]:
        """Branch, commit and dirtiness now, and the dirtiness at the start. Takes 0.6 s at the very most."""
        before = after = None
        if self._before:
            self._loop.forget(self._before.fd)
            before = self._before.collect(_GIT_WAIT)
        if self.git and self._before and 0 < self._before.took < _GIT_QUICK:
            after = git.Dirtiness(str(self.git["root"]), self._session.switchboard.before).collect(_GIT_WAIT)
        folder = facts.cwd()
        found = git.head(folder) if folder else None
        return (None if found is None else {**found, "dirty": after}), before

    def _choose(self) -> TerminalSession | PipeSession:
        """Imports the one that is wanted: nobody waits for the other."""
        plan = self._plan
        if not plan.pipe and os.isatty(1):
            try:
                master, slave = os.openpty()
            except OSError:
                pass  # no more terminals to be had; the command shall run all the same
            else:
                from tachograph.capture.terminal_session import TerminalSession

                return TerminalSession(master, slave, plan.tape, self._loop, record_input=plan.record_input)
        from tachograph.capture.pipe_session import PipeSession

        return PipeSession(plan.tape, self._loop, record_input=plan.record_input, apart=plan.pipe)

    def _ask_git(self) -> None:
        """In the background, once the command runs."""
        if not self.git:
            return
        asked = self._before = git.Dirtiness(str(self.git["root"]), self._session.switchboard.before)

        def hear(_events: int) -> None:
            if not asked.listen():
                self._loop.forget(asked.fd)

        self._loop.watch(asked.fd, select.POLLIN, hear)


def _ending(status: int) -> Ending:
    """A wait status in the words of a shell."""
    if os.WIFSIGNALED(status):
        return Ending(128 + os.WTERMSIG(status), os.WTERMSIG(status))
    return Ending(os.WEXITSTATUS(status))
