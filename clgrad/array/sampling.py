"""Random numbers that `np.random` and `npx.random` share."""

from __future__ import annotations

from typing import Any

from clgrad.array.arguments import as_shape
from clgrad.array.assembly import finish, ndarray
from clgrad.array.conversion import chosen_dtype, parameters_of
from clgrad.ops import random as generators
from clgrad.shapes import Shape


def seed(seed: int, device: Any = "all") -> None:
    """Restart the random numbers: the following ones depend only on the seed and on the order of calls.

    >>> from clgrad import np
    >>> np.random.seed(7)
    >>> x = np.random.uniform(size=2)
    >>> np.random.seed(7)
    >>> bool((np.random.uniform(size=2) == x).all())
    True
    """
    generators.seed(seed)


def optional_shape(name: str, size: Any) -> Shape | None:
    """The shape of a `size` argument. For None, the parameters of the distribution give the shape."""
    return None if size is None else as_shape(name, size)


def uniform(
    low: Any = 0.0, high: Any = 1.0, size: Any = None, dtype: Any = None, device: Any = None, out: Any = None,
    ctx: Any = None,
) -> ndarray:  # fmt: skip
    """Uniformly distributed numbers from low (included) to high (excluded); differentiable in both.

    >>> from clgrad import np
    >>> x = np.random.uniform(2, 3, size=(4, 5))
    >>> x.shape, bool((x >= 2).all() and (x < 3).all())
    ((4, 5), True)
    """
    wanted = chosen_dtype(dtype)
    (lower, upper), place = parameters_of((low, high), wanted, device, ctx)
    return finish(generators.uniform(lower, upper, optional_shape("uniform", size), wanted, place), out)


def normal(
    loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: Any = None, device: Any = None,
    out: Any = None, ctx: Any = None,
) -> ndarray:  # fmt: skip
    """Normally distributed numbers with mean `loc` and standard deviation `scale`; differentiable in both.

    >>> from clgrad import np
    >>> x = np.random.normal(5, 0.1, size=1000)
    >>> bool(abs(x.mean() - 5) < 0.1)
    True
    """
    wanted = chosen_dtype(dtype)
    (mean, deviation), place = parameters_of((loc, scale), wanted, device, ctx)
    return finish(generators.normal(mean, deviation, optional_shape("normal", size), wanted, place), out)
