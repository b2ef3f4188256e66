"""The text around one reduction in a kernel."""

from __future__ import annotations

from itertools import pairwise

import numpy

from clgrad.codegen.loop import Compute, Statement
from clgrad.dtypes import COMPUTE_NAME, DType, bool_, is_floating
from clgrad.primitives import Reduction

_COMBINE_NAME = {"max": "maximum", "min": "minimum"}


class Accumulator:
    """The text for one reduction: accumulators of few terms, and a total into which they are folded."""

    def __init__(self, place: int, statement: Statement) -> None:
        assert isinstance(statement.what, Compute)
        assert isinstance(statement.what.primitive, Reduction)
        self.place = place
        self.dtype = statement.dtype
        self.argument = statement.what.arguments[0]
        combine = statement.what.primitive.combine
        self.combine = _COMBINE_NAME.get(combine, combine)
        self.kind = COMPUTE_NAME[statement.dtype]
        self.compensated = combine == "sum" and is_floating(statement.dtype)
        self.start = f"({self.kind}_v)({identity(combine, statement.dtype)})"

    def declare_totals(self, suffix: str = "") -> str:
        lost = f", lost{self.place}{suffix} = 0" if self.compensated else ""
        return f"{self.kind}_v total{self.place}{suffix} = {self.start}{lost};"

    def declare(self, suffixes: list[str]) -> str:
        return " ".join(f"{self.kind}_v acc{self.place}_{suffix} = {self.start};" for suffix in suffixes)

    def add(self, suffix: str, count: str | None) -> str:
        term = f"v{self.argument}"
        if count is not None:
            inside = f"convert_mask_{self.kind}(LANES(int) < {count}) != (mask_{self.kind})(0)"
            term = f"(({inside}) ? {term} : {self.start})"
        name = f"acc{self.place}_{suffix}"
        return f"{name} = combine_{self.combine}_{self.kind}({name}, {term});"

    def turn(self, suffixes: list[str]) -> str:
        """Rotate the accumulators: each moves to the place before its own, and the first to the last place."""
        names = [f"acc{self.place}_{suffix}" for suffix in suffixes]
        moves = " ".join(f"{name} = {following};" for name, following in pairwise(names))
        return f"{{ const {self.kind}_v first = {names[0]}; {moves} {names[-1]} = first; }}"

    def fold(self, suffixes: list[str], total: str = "") -> str:
        names = [f"acc{self.place}_{suffix}" for suffix in suffixes]
        while len(names) > 1:
            names = [
                f"combine_{self.combine}_{self.kind}({first}, {second})"
                for first, second in zip(names[::2], names[1::2])
            ]
        if self.compensated:
            return f"TWO_SUM({self.kind}, total{self.place}{total}, lost{self.place}{total}, {names[0]});"
        whole = f"total{self.place}{total}"
        return f"{whole} = combine_{self.combine}_{self.kind}({whole}, {names[0]});"

    def total(self, suffix: str = "") -> str:
        name = f"total{self.place}{suffix}"
        return f"COMPENSATED({name}, lost{self.place}{suffix})" if self.compensated else name


def identity(combine: str, dtype: DType) -> str:
    """The neutral element of a reduction as a C literal, such as 0 for a sum."""
    if combine in ("sum", "prod"):
        return "0" if combine == "sum" else "1"
    if is_floating(dtype):
        return "-INFINITY" if combine == "max" else "INFINITY"
    if dtype == bool_:
        return "0" if combine == "max" else "1"
    bounds = numpy.iinfo(dtype)
    value = int(bounds.min if combine == "max" else bounds.max)
    if dtype.kind == "u":
        return f"{value}UL"
    return f"(-{-(value + 1)}L - 1)" if value < 0 else f"{value}L"
