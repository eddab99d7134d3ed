"""Numbers → the text format of Prometheus (version 0.0.4, prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

MEDIA_TYPE = "text/plain; version=0.0.4"  # and UTF-8
GAUGE, COUNTER = "gauge", "counter"

Sample = tuple[Mapping[str, str], float]


class Family(NamedTuple):
    """One metric. `about` is its help; every sample has labels and a value. A counter's name ends with `_total`."""

    name: str
    kind: str
    about: str
    samples: Iterable[Sample]


def text(families: Iterable[Family]) -> Iterator[str]:
    """HELP and TYPE before the samples of every metric, also of one that has none yet."""
    for family in families:
        yield f"# HELP {family.name} {_escaped(family.about)}\n# TYPE {family.name} {family.kind}\n"
        for labels, value in family.samples:
            said = ",".join(f'{name}="{_escaped(held, quoted=True)}"' for name, held in labels.items())
            yield f"{family.name}{{{said}}} {_number(value)}\n" if said else f"{family.name} {_number(value)}\n"


def one(name: str, about: str, value: float, kind: str = GAUGE) -> Family:
    """A metric of a single number."""
    return Family(name, kind, about, [({}, value)])


def _escaped(given: object, *, quoted: bool = False) -> str:
    """Half characters become `?`: the format is UTF-8. What other programs wrote may be no text at all."""
    plain = str(given).encode(errors="replace").decode().replace("\\", "\\\\").replace("\n", "\\n")
    return plain.replace('"', '\\"') if quoted else plain


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))
