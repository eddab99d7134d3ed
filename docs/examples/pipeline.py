"""A pipeline of five stages, measured: python pipeline.py SCHEMA FOLDER [EXECUTION]

The same as pipeline.sh: SCHEMA is a text of lines "name type"; a Rust struct is made of it in FOLDER.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import tachograph
from tachograph.errors import NotFound, Refused

AGENT = "structs"


def build(schema: Path, folder: Path, execution: str | None = None) -> str:
    """Returns the id of the execution."""
    folder.mkdir(parents=True, exist_ok=True)
    with tachograph.open() as store:
        workflow = store.workflows.start(f"a struct of {schema}", agent_count=1).session_id
    with tachograph.pipeline(execution, agent=AGENT, environment="dev", workflow=workflow) as p:
        p.manifest_hash = p.input(schema)
        with p.stage("μ₁_normalize", input_bytes=schema.stat().st_size) as s:
            lines = [" ".join(line.split()) for line in schema.read_text().splitlines() if not line.startswith("#")]
            s.output_bytes = sum(map(len, lines))
        with p.stage("μ₂_extract"):
            fields = [line.split() for line in lines if line.count(" ") == 1]
        with p.stage("μ₃_emit"):
            raw = [f"    pub {name}: {kind}," for name, kind in fields]
        with p.stage("μ₄_canonicalize") as s:
            text = "\n".join(["pub struct Record {", *sorted(raw), "}", ""])
            s.output_bytes = len(text.encode())
        with p.stage("μ₅_receipt"):
            (folder / "record.rs").write_text(text)
            (folder / "record.sha256").write_text(hashlib.sha256(text.encode()).hexdigest() + "\n")
        p.file(folder / "record.rs")
        p.details["fields"] = len(fields)
    with tachograph.open() as store:
        store.workflows.end(workflow)
        remember(store, {"last": p.execution_id, "fields": len(fields)})
    return p.execution_id


def remember(store: tachograph.Store, value: dict[str, object]) -> None:
    """For the next run. The version that was read is named, so that two runs at once do not undo each other."""
    try:
        version = store.memory.get(AGENT).version
    except NotFound:
        version = 0
    try:
        store.memory.set(AGENT, value, expect=version)
    except Refused:
        print(f"{value['last']}: another run was quicker", file=sys.stderr)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4]))
