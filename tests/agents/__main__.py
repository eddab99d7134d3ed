"""`python -m tests.agents [--folder DIR] [words for pytest]`: install the agents, test them where nobody else is.

A namespace with nothing but the loopback, and with mounts of its own, is made with unshare(1). Where that is not
permitted the agents are told of addresses on the loopback alone, and a disk is full for our own processes only.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.agents.installed import AGENTS, CannotInstall

_HERE = Path(__file__).resolve().parent
_APART = "--apart"
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def main(words: list[str]) -> int:
    """The exit code of pytest; 1 when an agent cannot be installed."""
    folder = _HERE / ".work"
    if words[:1] == ["--folder"]:
        folder, words = Path(words[1]).resolve(), words[2:]
    if words[:1] == [_APART]:
        _loopback_up()
        return _test(folder, words[1:], apart=True)
    for agent in AGENTS:
        try:
            agent.install(folder)
        except CannotInstall as error:
            print(f"✗ {agent.package}@{agent.version} cannot be installed: {error}", file=sys.stderr)
            return 1
    if unshare := _unshare():
        again = [sys.executable, "-m", "tests.agents", "--folder", str(folder), _APART, *words]
        return subprocess.call([*unshare, *again])
    print("▲ no namespace of our own (unshare): the network stays within reach of the agents", file=sys.stderr)
    return _test(folder, words, apart=False)


def _test(folder: Path, words: list[str], *, apart: bool) -> int:
    tests = [sys.executable, "-m", "pytest", str(_HERE / "live.py"), *words]
    return subprocess.call(tests, env={**os.environ, "AGENTS_FOLDER": str(folder), "AGENTS_APART": str(int(apart))})


def _unshare() -> list[str]:
    """How to start something with no network and mounts of its own; [] where that is not permitted."""
    for words in (["unshare", "--net", "--mount"], ["unshare", "--map-root-user", "--net", "--mount"]):
        try:
            if not subprocess.call([*words, "true"], stderr=subprocess.DEVNULL):
                return words
        except OSError:
            break
    return []


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
