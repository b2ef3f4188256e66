"""The array class, assembled from one base class per topic."""

from __future__ import annotations

from collections.abc import Callable

from clgrad.array.hints import Hints
from clgrad.array.indexing import Indexing
from clgrad.array.interop import Interop
from clgrad.array.methods import Elements, Movement, Reductions
from clgrad.array.operators import Operators
from clgrad.array.placement import Facts, Numbers, Placement
from clgrad.array.printing import Printing
from clgrad.array.variables import Variables


class ndarray(  # noqa: N801 - NumPy's name
    Operators,
    Indexing,
    Variables,
    Facts,
    Numbers,
    Placement,
    Reductions,
    Movement,
    Elements,
    Interop,
    Printing,
    Hints,
):
    """An array of numbers on a device, with NumPy's interface and gradients.

    Make one with `np.array`, `np.zeros`, `np.random.uniform` and so on. An op is computed when its result is read.
    Writing into an array never changes results that were computed from it before, read or not.

    >>> from clgrad import np
    >>> x = np.array([[1, 2], [3, 4]])
    >>> x.T @ x
    array([[10., 14.],
           [14., 20.]])
    """

    __slots__ = ()


# finish(value, out): the result of an op as a new array, or written into `out`.
finish: Callable[..., ndarray] = ndarray._finish
