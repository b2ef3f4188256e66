"""Sorting, and distinct elements."""

from __future__ import annotations

from typing import Any, NamedTuple

from clgrad.array import finish, ndarray
from clgrad.array.arguments import sorts_descending
from clgrad.array.conversion import as_value
from clgrad.ops import sorting
from clgrad.ops.movement import reshape


def sort(
    a: Any, axis: int | None = -1, descending: bool = False, stable: Any = True, *, kind: Any = None, order: Any = None
) -> ndarray:
    """The elements in their order along `axis`, of the flattened array where that is None; NaN comes last.

    Equal elements always keep their order, so `kind` and `stable` change nothing. The gradient of each element goes to
    its place in `a`.

    >>> from clgrad import np
    >>> np.sort(np.array([3, 1, 2])), np.sort(np.array([3, 1, 2]), descending=True)
    (array([1., 2., 3.]), array([3., 2., 1.]))
    """
    return finish(sorting.sort(as_value(a), axis, sorts_descending("sort", descending, order)))


def argsort(
    a: Any, axis: int | None = -1, descending: bool = False, stable: Any = True, *, kind: Any = None, order: Any = None
) -> ndarray:
    """The indices along `axis` of the elements in their order; see `sort`.

    >>> from clgrad import np
    >>> np.argsort(np.array([3, 1, 2]))
    array([1, 2, 0], dtype=int64)
    """
    return finish(sorting.argsort(as_value(a), axis, sorts_descending("argsort", descending, order)))


class UniqueAll(NamedTuple):
    """The results of `unique_all`."""

    values: ndarray
    indices: ndarray
    inverse_indices: ndarray
    counts: ndarray


class UniqueInverse(NamedTuple):
    """The results of `unique_inverse`."""

    values: ndarray
    inverse_indices: ndarray


class UniqueCounts(NamedTuple):
    """The results of `unique_counts`."""

    values: ndarray
    counts: ndarray


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: int | None = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    """The distinct elements of the flattened array in their order, or its distinct rows along `axis`.

    On request three more arrays of int64: the index of the first of each kind, for each element of `ar` which of the
    distinct ones it is, and how many there are of each. Reads how many distinct elements there are. The gradient goes
    to the first of each kind.

    >>> from clgrad import np
    >>> np.unique(np.array([3, 1, 3]), return_inverse=True)
    (array([1., 3.]), array([1, 0, 1], dtype=int64))
    """
    value = as_value(ar)
    found = sorting.unique(value, axis, equal_nan)
    wanted = (True, return_index, return_inverse, return_counts)
    inverse = reshape(found.inverse, value.shape) if axis is None else found.inverse
    results = (found.values, found.indices, inverse, found.counts)
    chosen = tuple(finish(result) for result, is_wanted in zip(results, wanted) if is_wanted)
    return chosen if len(chosen) > 1 else chosen[0]


def unique_all(x: Any) -> UniqueAll:
    """The four results of `unique`; each NaN counts as an element of its own.

    >>> from clgrad import np
    >>> np.unique_all(np.array([3, 1, 3])).counts
    array([1, 2], dtype=int64)
    """
    return UniqueAll(*unique(x, True, True, True, equal_nan=False))


def unique_counts(x: Any) -> UniqueCounts:
    """The distinct elements, and how many there are of each; each NaN counts as an element of its own.

    >>> from clgrad import np
    >>> np.unique_counts(np.array([3, 1, 3])).values
    array([1., 3.])
    """
    return UniqueCounts(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any) -> UniqueInverse:
    """The distinct elements, and which of them each element is; each NaN counts as an element of its own.

    >>> from clgrad import np
    >>> np.unique_inverse(np.array([3, 1, 3])).inverse_indices
    array([1, 0, 1], dtype=int64)
    """
    return UniqueInverse(*unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Any) -> ndarray:
    """The distinct elements; each NaN counts as an element of its own.

    >>> from clgrad import np
    >>> np.unique_values(np.array([3, 1, 3]))
    array([1., 3.])
    """
    result: ndarray = unique(x, equal_nan=False)
    return result
