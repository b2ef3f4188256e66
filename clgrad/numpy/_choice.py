"""Choices between elements: the larger, the smaller, limits, replacements of NaN."""

from __future__ import annotations

from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.conversion import as_operand, operands_or_numbers
from clgrad.errors import ArgumentError
from clgrad.numpy._elementwise import binary
from clgrad.ops import choice

maximum = binary("maximum", choice.maximum, "The larger of x1 and x2; NaN if x1 or x2 is NaN.", "[1, 5], 3 -> [3. 5.]")
minimum = binary("minimum", choice.minimum, "The smaller of x1 and x2; NaN if x1 or x2 is NaN.", "[1, 5], 3 -> [1. 3.]")
fmax = binary("fmax", choice.fmax, "The larger of x1 and x2; a NaN is ignored.", "[np.nan, 1], 0 -> [0. 1.]")
fmin = binary("fmin", choice.fmin, "The smaller of x1 and x2; a NaN is ignored.", "[np.nan, 1], 0 -> [0. 0.]")


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> ndarray:
    """a limited to the range from a_min to a_max. `min` and `max` are other names of these.

    The gradient is 1 inside the range and at its ends, and 0 outside.

    >>> from clgrad import np
    >>> np.clip(np.arange(5), 1, 3)
    array([1., 1., 2., 3., 3.])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ArgumentError("clip: a_min and min mean the same, and so do a_max and max; give only one of them")
    bounds = (min if a_min is None else a_min, max if a_max is None else a_max)
    return finish(choice.clip(as_operand(a, *bounds), *operands_or_numbers(bounds, a)), out)


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> ndarray:
    """x with NaN replaced by `nan`, and the infinities by `posinf` and `neginf`.

    The defaults of `posinf` and `neginf` are the largest and the smallest finite number.

    >>> from clgrad import np
    >>> np.nan_to_num(np.array([np.nan, 1.0]))
    array([0., 1.])
    """
    ends = operands_or_numbers((nan, posinf, neginf), x)
    result = finish(choice.nan_to_num(as_operand(x, nan, posinf, neginf), *ends))
    if copy or not isinstance(x, ndarray):
        return result
    x[...] = result
    return x
