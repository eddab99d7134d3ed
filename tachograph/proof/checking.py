"""Checks a chain against itself and against its signed heads. Pure: entries and heads come in as they were stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph.proof.chain import BEGINNING, Entry, link
from tachograph.proof.heads import DONE, Head
from tachograph.proof.report import Problem
from tachograph.proof.signing import Verifier


class Checked(NamedTuple):
    entries: int
    unanchored: int
    signed_at: str | None
    restored: Sequence[str]
    problems: Sequence[Problem]


def check(
    entries: Iterable[tuple[int, int, str, int, bytes, int, bytes]],
    heads: Sequence[Head],
    key: Verifier | None,
    later: Sequence[Head] = (),
    elsewhere: Sequence[Head] = (),
) -> Checked:
    """`entries`, the fields of each Entry, in order of number. The first that does not hold is named; what follows
    proves nothing.

    `heads` were read before the entries; `later` after they were fixed, where somebody may write meanwhile;
    `elsewhere` were kept where those cannot reach who write to the others. Of several heads for one entry all must fit.
    """
    signed = {head for head in {*heads, *later, *elsewhere} if key is None or head.signed_by(key)}
    every = list(dict.fromkeys([*elsewhere, *heads]))  # a line that is there once more says nothing new
    problems = [_badly_signed(head, key) for head in every if key is not None and head not in signed]
    kept = [head for head in elsewhere if head in signed]
    counted = _counted([head for head in dict.fromkeys(heads) if head in signed], kept)
    restored = [_put_back(head) for head in every if head.reason and head in signed]
    announced = {(head.number, head.hash) for head in signed}
    counted = [head for head in counted if head.phase == DONE]
    wanted: dict[int, list[Head]] = {}
    for head in counted:
        wanted.setdefault(head.number, []).append(head)
    previous, last, broken = BEGINNING, 0, None
    for number, at, name, row, digest, gone, hash in entries:  # not Entry's names: they take as long as the rest
        if broken is None:
            if number == last + 1 and link(previous, number, at, name, row, digest, gone) == hash:
                previous = hash
                if number in wanted:
                    problems += _against(wanted[number], Entry(number, at, name, row, digest, gone, hash))
            else:
                broken = _broken(last + 1, number, name, row)
        last = number
    problems += [broken] if broken else []
    newest = max(counted, key=lambda head: head.number, default=None)
    if newest is None and last:
        problems.append(Problem("no_heads", None, "", None, f"no signed head is left for {last} entries"))
    elif last and not any(head.number == 0 or head.reason for head in heads if head in signed):
        text = "the first signed heads are missing: heads.log was removed or cut, and what there is was signed later"
        problems.append(Problem("no_heads", None, "", None, text))
    if newest is not None and newest.number > last:
        text = f"entries {last + 1} to {newest.number} are missing: a head of {newest.at} was signed for them"
        problems.append(Problem("missing_tail", last + 1, "", None, text))
    anchored = newest.number if newest else 0
    if newest is not None and broken is None and last > anchored and (last, previous.hex()) not in announced:
        why = "somebody put them in, or heads.log could not be written"
        text = f"entries {anchored + 1} to {last} were never signed: {why}"
        problems.append(Problem("unsigned", anchored + 1, "", None, text))
    return Checked(last, max(0, last - anchored), newest.at if newest else None, restored, problems)


def _badly_signed(head: Head, key: Verifier) -> Problem:
    by = "" if head.key == key.key_id else f" (it names key {head.key}, checked with {key.key_id})"
    text = f"the signature of the head of {head.at} for entry {head.number} does not fit{by}"
    return Problem("bad_signature", head.number, "", None, text)


def _counted(heads: Sequence[Head], elsewhere: Sequence[Head]) -> list[Head]:
    """The heads that still count: one with a reason voids those before it that lie beyond its number.

    Of those kept elsewhere only signed times say what was before: the order of lines in `heads.log` is anybody's.
    """
    counted: list[Head] = []
    for head in heads:
        if head.reason:
            counted = [earlier for earlier in counted if earlier.number <= head.number]
        counted.append(head)
    back = [head for head in (*heads, *elsewhere) if head.reason]
    void = {kept for kept in elsewhere for head in back if head.number < kept.number and head.at > kept.at}
    return [*counted, *(head for head in elsewhere if head not in void)]


def _put_back(head: Head) -> str:
    return f"{head.at}: put back to entry {head.number} ({head.reason})"


def _broken(wanted: int, number: int, name: str, row: int) -> Problem:
    if number != wanted:
        text = f"entry {wanted} is missing: {number} follows {wanted - 1}"
        return Problem("broken_chain", wanted, name, None, text)
    text = f"entry {number} was changed, moved or put in: its hash is not that of its content and the one before"
    return Problem("broken_chain", number, name, row, text)


def _against(heads: Sequence[Head], entry: Entry) -> list[Problem]:
    other = next((head for head in heads if head.hash != entry.hash.hex()), None)
    if other is None:
        return []
    text = (
        f"the chain was rewritten at or before entry {entry.number}: a head of {other.at} was signed for another hash"
    )
    return [Problem("rewritten", entry.number, entry.name, entry.row, text)]
