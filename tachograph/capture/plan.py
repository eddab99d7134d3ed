"""What to record, and how it ended: the two values that go in and out of a recording."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tachograph.capture.tape import Tape


class Plan:
    """`environment` is what the command gets. `tick` is called now and then while there is news (see pace.py).
    `missing` are the standard streams that were closed when we were started: the command does not get them either."""

    def __init__(
        self, argv: list[str], environment: Mapping[str, str], tape: Tape, tick: Callable[[], bool],
        *, pipe: bool = False, record_input: bool = False, missing: Iterable[int] = (),
    ) -> None:  # fmt: skip
        self.argv = argv
        self.environment = environment
        self.tape = tape
        self.tick = tick
        self.pipe = pipe
        self.record_input = record_input
        self.missing = missing


class Ending:
    """`exit_code` is ours too: 128 + n when the command died of signal n. `message` is what a shell would say when
    there was nothing to start."""

    def __init__(self, exit_code: int, signal: int | None = None, message: str = "") -> None:
        self.exit_code = exit_code
        self.signal = signal
        self.message = message

    @property
    def state(self) -> str:
        if self.signal is not None:
            return "killed"
        return "failed" if self.exit_code else "completed"
