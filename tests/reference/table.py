"""The rows of all families. A test fails if an op has no row."""

from __future__ import annotations

from tests.reference import (
    arithmetic,
    bitwise,
    choice,
    comparison,
    einsum,
    floats,
    indexing,
    joining,
    linalg,
    movement,
    neural,
    padding,
    powers,
    quotient,
    reduction,
    scan,
    sorting,
    special,
    transcendental,
)

ROWS = [
    *arithmetic.ROWS,
    *quotient.ROWS,
    *powers.ROWS,
    *comparison.ROWS,
    *floats.ROWS,
    *bitwise.ROWS,
    *special.ROWS,
    *transcendental.ROWS,
    *choice.ROWS,
    *movement.ROWS,
    *joining.ROWS,
    *padding.ROWS,
    *reduction.ROWS,
    *scan.ROWS,
    *linalg.ROWS,
    *einsum.ROWS,
    *indexing.ROWS,
    *sorting.ROWS,
    *neural.ROWS,
]
