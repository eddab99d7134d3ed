"""What a recording says about itself: who runs what, where, on which machine; and what recording it has cost."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 1


def header(
    session_id: str, agent: str, argv: Sequence[str], at: int, *, environment: Mapping[str, str], terminal: bool,
    size: tuple[int, int] | None, record_input: bool, title: str | None, git: Mapping[str, object] | None,
) -> dict[str, object]:  # fmt: skip
    """The body of the header record. `environment` is what the command gets; `size` is columns and rows."""
    columns, rows = size or (None, None)
    return {
        "version": VERSION,
        "session_id": session_id,
        "agent": agent,
        "argv": list(argv),
        "cwd": cwd(),
        "stdin": stdin_file(),
        "pid": os.getpid(),
        "host": host(),
        "user": environment.get("USER") or environment.get("LOGNAME") or environment.get("USERNAME"),
        "started_at": at,
        "terminal": terminal,
        "columns": columns,
        "rows": rows,
        "term": environment.get("TERM"),
        "record_input": record_input,
        "parent_id": os.environ.get("TACHOGRAPH_SESSION") or None,
        "workflow_id": environment.get("TACHOGRAPH_WORKFLOW") or None,
        "traceparent": environment.get("TRACEPARENT"),
        "title": title,
        "git": git,
        "environment": environment.get("TACHOGRAPH_ENVIRONMENT") or "local",
    }


def cwd() -> str | None:
    """The folder we are in; None when it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None


def stdin_file() -> str | None:
    """The file that was handed in as standard input, "" when it is one without a name that we can find out; None when
    it is something else: a terminal, a pipe."""
    try:
        if os.fstat(0).st_mode & 0o170000 != 0o100000:  # S_IFMT, S_IFREG
            return None
        return os.readlink("/proc/self/fd/0")
    except OSError:
        return "" if os.name == "posix" and not os.path.isdir("/proc/self") else None


def host() -> str:
    return os.uname().nodename if sys.platform != "win32" else os.environ.get("COMPUTERNAME", "")


def cpu_ms() -> float:
    """Processor time this process has used, without the command's."""
    used = os.times()
    return round((used.user + used.system) * 1000, 1)


def peak_rss_kb() -> int | None:
    """The most memory this process ever had; None where the system does not say."""
    if sys.platform == "linux":
        # Not getrusage: there a process starts with the peak of the one it was forked from.
        try:
            fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
            try:
                return int(os.read(fd, 1 << 14).partition(b"VmHWM:")[2].split(maxsplit=1)[0])
            finally:
                os.close(fd)
        except (OSError, IndexError, ValueError):
            return None
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak
