"""The plugin's lines, and the sums of them: how many transactions each kernel of a case makes per 32 work-items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KINDS = ("reads", "writes", "local_reads", "local_writes")
_DIGEST = re.compile(r"_[0-9a-f]{16}$")


class Count(NamedTuple):
    """Requests of 32 work-items of one kind, and their transactions: sectors, or the turns of local memory's banks."""

    requests: int = 0
    transactions: int = 0
    fewest: int = 0

    def __add__(self, other: Count) -> Count:  # type: ignore[override]
        return Count(*(one + two for one, two in zip(self, other)))

    @property
    def measured(self) -> float:
        """Transactions of a request, on average."""
        return self.transactions / self.requests

    @property
    def ideal(self) -> float:
        """The fewest for as many different bytes, on average."""
        return self.fewest / self.requests

    @property
    def ratio(self) -> float:
        """How many times the ideal is measured."""
        return self.transactions / self.fewest


class Measured(NamedTuple):
    """A kernel of a case, with a count for each kind of access that it makes."""

    case: str
    kernel: str
    counts: dict[str, Count]

    @property
    def label(self) -> str:
        """The name for which a bound is looked up."""
        return f"{self.case}: {self.kernel}"


def parse(text: str) -> list[Measured]:
    """The kernels in the order of the cases. Raises ValueError for a line that the plugin does not write."""
    found: dict[tuple[str, str], dict[str, Count]] = {}
    for case, kernel, kind, count in _accesses(text):
        kinds = found.setdefault((case, kernel), {})
        kinds[kind] = kinds.get(kind, Count()) + count
    return [Measured(case, kernel, kinds) for (case, kernel), kinds in found.items()]


def _accesses(text: str) -> Iterator[tuple[str, str, str, Count]]:
    case = ""
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "case":
            case = rest
        elif word == "end":
            case = ""
        elif word != "access":
            raise ValueError(f"the plugin wrote an unknown line: {line!r}")
        elif case:
            kernel, space, verb, _, requests, _, transactions, fewest = rest.split()
            kind = {"load": "reads", "store": "writes"}[verb]
            kind = f"local_{kind}" if space == "local" else kind
            yield case, _DIGEST.sub("", kernel), kind, Count(int(requests), int(transactions), int(fewest))
