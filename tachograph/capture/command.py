"""Which program a shell would run for some words, and what it would say when it cannot. Starts nothing."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class CannotStart(Exception):
    """The command was not started. `exit_code` is what a shell gives, `str()` what it says."""

    def __init__(self, name: str, number: int) -> None:
        missing = number in (errno.ENOENT, errno.ENOTDIR)
        self.exit_code = 127 if missing else 126
        super().__init__(f"{name}: {'command not found' if missing and '/' not in name else os.strerror(number)}")


class Command:
    """What to start: the file, the arguments (the name as it was given is the first), the environment, and which
    standard streams it does not get."""

    def __init__(
        self, program: str, argv: list[str], environment: Mapping[str, str], missing: Iterable[int] = ()
    ) -> None:
        self.program = program
        self.argv = argv
        self.environment = environment
        self.missing = missing

    def as_script(self, error: OSError) -> Command:
        """What to start instead when the kernel does not know the format: like any shell, take it for a script."""
        if error.errno != errno.ENOEXEC:
            raise error
        return Command("/bin/sh", ["/bin/sh", self.program, *self.argv[1:]], self.environment, self.missing)


def find(argv: list[str], environment: Mapping[str, str], missing: Iterable[int] = ()) -> Command:
    """The command that `argv` names, looked up in the PATH of `environment`. Raises CannotStart."""
    name = argv[0]
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    problem = errno.ENOENT
    for place in [name] if "/" in name else [os.path.join(folder, name) for folder in folders if name]:
        if os.path.isdir(place):
            problem = errno.EISDIR if "/" in name else problem
        elif os.access(place, os.X_OK):
            return Command(place, argv, environment, missing)
        elif os.path.exists(place):
            problem = errno.EACCES
    raise CannotStart(name, problem)
