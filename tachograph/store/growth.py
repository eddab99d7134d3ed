"""What a batch of new events brings: made by the writer, asked by whoever keeps totals and the index."""

from __future__ import annotations


class Growth:
    """What one batch adds to one session: for each event its kind, its time in ns and, of findings, its text."""

    __slots__ = ("agent", "kinds", "number", "seq", "texts", "times")

    def __init__(self, number: int, seq: int, agent: str) -> None:
        self.number = number
        self.agent = agent
        self.seq = seq  # of the last event
        self.kinds: list[int] = []
        self.times: list[int] = []
        self.texts: list[str | None] = []
