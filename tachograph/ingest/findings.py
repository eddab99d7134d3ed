"""What extraction found, as records of a session. The importer and re-extraction build them here, the same way."""

from __future__ import annotations

from collections.abc import Iterable

from tachograph.extract.extractor import Found
from tachograph.records import CodeBlock, Extraction


def as_records(
    found: Iterable[tuple[Found, int]], *, session_id: str, agent: str, stream: str = "stdout", source: str = ""
) -> tuple[list[Extraction], list[CodeBlock]]:
    """Findings, each with its time in ns → extractions in order, and the code blocks among them.

    `source` is "wrapper" when the lines they were found in are stored as output.
    """
    extractions: list[Extraction] = []
    blocks: list[CodeBlock] = []
    for one, at in found:
        metadata = one.metadata
        if stream != "stdout":
            metadata = {**(metadata or {}), "stream": stream}
        extractions.append(
            Extraction(
                agent, session_id, one.event_type, one.pattern, one.matched_value, one.original_line, one.line_number,
                metadata, one.code_block_language, one.risk_level, one.auto_confirmable, at, source=source,
            )
        )  # fmt: skip
        if one.block is not None and one.block.content:  # nothing between two fences is no block
            block = one.block
            blocks.append(
                CodeBlock(
                    agent, session_id, block.content, block.language, block.line_start, block.line_end,
                    None, block.parseable, block.digest, at,
                )
            )  # fmt: skip
    return extractions, blocks
