"""One tmux session followed in control mode: what its panes print as it is printed, and answers to questions, in order.

`tmux -C attach-session`, without a size of its own and without touching the session's environment: for the people in
that session nothing changes. Not read-only: since tmux 3.7 `send-keys` from outside a session is refused while only
such a client is attached, and agents in detached sessions are driven that way. Output reaches us only because tmux
sends it; nothing is asked for regularly. The protocol is in tmux(1), CONTROL MODE (tried with 3.3a and 3.8).

    %output %5 ls\\015\\012            what pane %5 printed; control characters and backslashes are octal
    %begin 1795250562 271 1            an answer begins: time, number, 1 for questions from here
    …                                  its lines, as they are
    %end 1795250562 271 1              or %error
    %window-add @2, %exit reason, …    notices
"""

from __future__ import annotations

import os

from tachograph.capture.tmux import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[list[bytes] | None], None]

_CHUNK = 1 << 16
_OCTAL = {b"%03o" % value: bytes([value]) for value in range(256)}
OUTPUT = "output"


def unescape(data: bytes) -> bytes:
    """The value of %output as the pane printed it."""
    first, *rest = data.split(b"\\")
    return b"".join([first, *[_OCTAL.get(part[:3], b"\\" + part[:3]) + part[3:] for part in rest]])


class Parser:
    """Bytes of a control client → (name, argument, rest) of every notice; answers go to whoever asked."""

    def __init__(self) -> None:
        self._rest = b""
        self._asked: list[Answer] = []
        self._block: list[bytes] | None = None
        self._mark = b""  # time, number and flags of the block

    def expect(self, answer: Answer) -> None:
        """The next question's answer goes there: its lines, or None when tmux refused."""
        self._asked.append(answer)

    def feed(self, data: bytes) -> Iterator[tuple[str, str, bytes]]:
        """Notices in order; for output: ("output", pane, bytes). Answers are handed over between them."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if self._block is not None:
                self._inside(line)
            elif line.startswith(b"%output "):
                _, pane, value = (line + b" ").split(b" ", 2)
                yield OUTPUT, pane.decode("ascii", "replace"), unescape(value[:-1])
            elif line.startswith(b"%begin "):
                self._block, self._mark = [], line[7:]
            elif line.startswith(b"%"):
                name, _, more = line[1:].partition(b" ")
                first, _, more = more.partition(b" ")
                yield name.decode("ascii", "replace"), first.decode("utf-8", "replace"), more

    def _inside(self, line: bytes) -> None:
        assert self._block is not None
        if line not in (b"%end " + self._mark, b"%error " + self._mark):
            self._block.append(line)
            return
        block, self._block = self._block, None
        if self._mark.endswith(b" 1") and self._asked:  # the other one is the answer to attach-session
            self._asked.pop(0)(block if line.startswith(b"%end") else None)


class Control:
    """A control client on `session` ($1) of the server at `socket`. `fd` is readable when there is news."""

    def __init__(self, socket: str, session: str) -> None:
        import subprocess

        self.session = session
        self._process = subprocess.Popen(
            ["tmux", "-u", "-S", socket, "-C", "attach-session", "-E", "-f", "ignore-size", "-t", session],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None and self._process.stdin is not None
        self.fd = self._process.stdout.fileno()
        self._questions = self._process.stdin.fileno()
        self._parser = Parser()

    def ask(self, command: str, answer: Answer) -> None:
        """A tmux command. `answer` gets its lines, None when it failed; never called when tmux goes away before."""
        self._parser.expect(answer)
        self._write(command.encode() + b"\n")

    def read(self) -> Iterator[tuple[str, str, bytes]] | None:
        """What is there, without waiting for more than one piece; None at the end."""
        data = os.read(self.fd, _CHUNK)
        return self._parser.feed(data) if data else None

    def leave(self) -> None:
        """Ask tmux to let us go, by an empty line; the end is read like everything else."""
        self._write(b"\n")

    def close(self) -> int:
        """Leave; the exit code of the client. tmux notices the closed input, and nothing else happens there."""
        assert self._process.stdout is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            return self._process.wait(2)
        except Exception:
            self._process.kill()
            return self._process.wait()

    def _write(self, line: bytes) -> None:
        try:
            os.write(self._questions, line)
        except OSError:
            pass  # tmux is gone; `read` tells
