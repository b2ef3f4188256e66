"""Random numbers: the functions of `np.random` that `npx.random` does not have."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad import dtypes
from clgrad.array import finish, ndarray
from clgrad.array.conversion import as_value, chosen_device, from_host
from clgrad.array.sampling import normal, optional_shape, uniform
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.graph.execute import read
from clgrad.ops import comparison, indexing, movement, reduction
from clgrad.ops import random as generators
from clgrad.ops.operation import Value
from clgrad.runtime.device import Device
from clgrad.shapes import Shape, size_of


def rand(*size: int, dtype: Any = None, device: Any = None, out: Any = None, ctx: Any = None) -> ndarray:
    """Uniformly distributed numbers from 0 (included) to 1 (excluded) in the given shape.

    >>> from clgrad import np
    >>> np.random.rand(2, 3).shape
    (2, 3)
    """
    return uniform(0.0, 1.0, size, dtype, device, out, ctx)


def randn(*size: int, dtype: Any = None, device: Any = None, out: Any = None, ctx: Any = None) -> ndarray:
    """Normally distributed numbers with mean 0 and standard deviation 1 in the given shape.

    >>> from clgrad import np
    >>> np.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(0.0, 1.0, size, dtype, device, out, ctx)


def randint(
    low: int, high: int | None = None, size: Any = None, dtype: Any = None, device: Any = None,
    out: Any = None, ctx: Any = None,
) -> ndarray:  # fmt: skip
    """Integers from low (included) to high (excluded), or from 0 to low if high is None.

    >>> from clgrad import np
    >>> x = np.random.randint(3, size=100)
    >>> x.dtype, bool((x >= 0).all() and (x < 3).all())
    (dtype('int64'), True)
    """
    wanted = dtypes.int64 if dtype is None else as_dtype(dtype)
    shape = optional_shape("randint", size) or ()
    return finish(generators.randint(low, high, shape, wanted, chosen_device(device, ctx)), out)


def permutation(x: Any, device: Any = None, ctx: Any = None) -> ndarray:
    """The integers below x, or the rows of an array x, in random order.

    >>> from clgrad import np
    >>> np.sum(np.random.permutation(5))
    array(10, dtype=int64)
    """
    if isinstance(x, int):
        return finish(generators.permutation(x, chosen_device(device, ctx)))
    value = as_value(x)
    if not value.shape:
        raise ArgumentError("permutation: needs an integer or an array with rows, got an array of shape ()")
    return finish(indexing.take(value, generators.permutation(value.shape[0], value.device), 0))


def shuffle(x: ndarray) -> None:
    """Put the rows of an array in random order.

    >>> from clgrad import np
    >>> x = np.arange(5)
    >>> np.random.shuffle(x)
    >>> x.sum()
    array(10.)
    """
    x[...] = permutation(x)


def choice(
    a: Any, size: Any = None, replace: bool = True, p: Any = None, device: Any = None, out: Any = None,
    ctx: Any = None,
) -> ndarray:  # fmt: skip
    """Random elements of a vector, or integers below a number, with or without replacement.

    >>> from clgrad import np
    >>> np.random.choice(5, 3).shape
    (3,)
    """
    shape = optional_shape("choice", size) or ()
    population = None if isinstance(a, int) else as_value(a)
    length = a if population is None else population.shape[0]
    place = chosen_device(device, ctx) if population is None else population.device
    picked = _picked(length, shape, replace, p, place)
    return finish(picked if population is None else indexing.take(population, picked, 0), out)


def _picked(length: int, shape: Shape, replace: bool, p: Any, device: Device) -> Value:
    """Random indices below `length`."""
    count = size_of(shape)
    if not replace and count > length:
        raise ArgumentError(f"choice: cannot take {count} different elements of {length}; use replace=True")
    if p is None:
        if replace:
            return generators.randint(0, length, shape, dtypes.int64, device)
        return movement.reshape(indexing.getitem(generators.permutation(length, device), (slice(count),)), shape)
    chances = _chances(p, length)
    if replace:
        unit = generators.uniform(0.0, 1.0, (*shape, 1), dtypes.float32, device)
        steps = from_host(numpy.cumsum(chances)[:-1], device, dtypes.float32)
        return reduction.sum(comparison.greater_equal(unit, steps), -1)
    # The Gumbel trick: the indices of the `count` largest values of log(p) + Gumbel noise are a sample without
    # replacement with the probabilities p.
    noise = read(generators.uniform(0.0, 1.0, (length,), dtypes.float32, device)).astype("float64")
    with numpy.errstate(divide="ignore"):
        order = numpy.argsort(numpy.log(chances) - numpy.log(-numpy.log(noise)))[::-1]
    return from_host(order[:count].reshape(shape), device)


def _chances(p: Any, length: int) -> numpy.ndarray[Any, Any]:
    chances: numpy.ndarray[Any, Any] = numpy.array(p, dtype="float64")
    if chances.shape != (length,) or (chances < 0).any() or abs(chances.sum() - 1) > 1e-4:
        raise ArgumentError(f"choice: p must be {length} probabilities that sum to 1, got {chances}")
    chances /= chances.sum()
    return chances
