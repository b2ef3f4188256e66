"""Showing the plan of a pending array without running it."""

from __future__ import annotations

from clgrad.array.assembly import ndarray
from clgrad.errors import ArgumentError
from clgrad.graph import explain as plans


def explain(x: ndarray) -> plans.Explanation:
    """The plan of a pending array: kernels, the ops fused in each, bytes, reuse of memory. Launches nothing.

    Print the result, or draw it: `explain(x).dot()` is Graphviz text.

    >>> from clgrad import np
    >>> plan = explain((np.ones(3) * 2 + 1).sum())
    >>> len(plan.kernels)
    1
    """
    if not isinstance(x, ndarray):
        raise ArgumentError(f"explain: takes an array, got {type(x).__name__}")
    return plans.explain(x._value)
