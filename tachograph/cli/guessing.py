"""A command that is not there → the one that was probably meant: a slip of the finger, or what other tools call it."""

from __future__ import annotations

from collections.abc import Sequence

_LIKE_ENOUGH = 0.7  # below that, words that have nothing to do with each other

# What git, docker, gh, systemd and peers call it, by what it is called here. Only what `known` has is suggested.
_CALLED = {
    "run": "record rec exec start wrap watch",
    "up": "start daemon follow watch monitor",
    "import": "sync ingest load scan fetch pull add",
    "setup": "init install hooks connect",
    "note": "mark annotate comment tag",
    "sessions": "ls list ps history session runs log",
    "show": "inspect info view get status describe summary cat",
    "tail": "log logs output follow",
    "events": "top live watch monitor errors event",
    "search": "grep find query rg ask",
    "replay": "play rewind",
    "diff": "compare",
    "export": "share dump save download html transcript",
    "failures": "errors problems",
    "files": "blame changes",
    "commands": "bash shell",
    "cost": "usage tokens money spend spending price budget",
    "stats": "count analytics insights metrics",
    "audit": "verify",
    "serve": "web ui open server dashboard gui browse",
    "backup": "copy snapshot dump save",
    "restore": "recover undo",
    "clean": "prune gc cleanup delete rm remove forget",
    "reset": "delete rm remove wipe destroy clear",
    "doctor": "status check health diagnose",
    "db": "sql vacuum database",
    "config": "settings set get",
    "--version": "version",
    "add": "new create insert note",
    "list": "ls all",
    "delete": "rm remove drop",
    "set": "write put save add",
}


def unknown(name: str, known: Sequence[str], within: str = "", lists: bool = False) -> str:
    """The sentence for it. `within` is the command whose part it would be, which `lists` says lists what there is."""
    before = f"{within} " if within else ""
    meant = [
        before + ours
        for ours in (*known, *([] if within else ["--version"]))
        if name.lower() in _CALLED.get(ours, "").split()
    ]
    if lists and name in ("list", *_CALLED["list"].split()):
        meant = [within]
    meant = meant or [before + ours for ours in _alike(name, known)]
    return f'there is no command "{before}{name}"' + (f"; did you mean {' or '.join(meant[:3])}?" if meant else "")


def _alike(name: str, known: Sequence[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name.lower(), known, 2, _LIKE_ENOUGH)
