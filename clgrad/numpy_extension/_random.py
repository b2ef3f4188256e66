"""Random numbers: the functions of `npx.random` that `np.random` does not have."""

from __future__ import annotations

from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import as_shape
from clgrad.array.conversion import NUMBERS, as_value, chosen_device, chosen_dtype, device_of
from clgrad.array.sampling import normal, optional_shape, uniform
from clgrad.errors import ArgumentError
from clgrad.ops import random, transcendental


def bernoulli(
    prob: Any = None, logit: Any = None, size: Any = None, dtype: Any = None, device: Any = None,
    out: Any = None, ctx: Any = None,
) -> ndarray:  # fmt: skip
    """1 with probability `prob`, else 0. The logit of the probability may be given instead.

    >>> from clgrad import npx
    >>> npx.random.bernoulli(1.0, size=2)
    array([1., 1.])
    """
    if (prob is None) == (logit is None):
        raise ArgumentError("bernoulli: give prob or logit, and not both")
    given = logit if prob is None else prob
    place = device_of((given,)) or chosen_device(device, ctx)
    if prob is None:
        chance = transcendental.sigmoid(as_value(logit, place))
    else:
        chance = random.probability(prob if isinstance(prob, NUMBERS) else as_value(prob, place))
    shape = optional_shape("bernoulli", size)
    return finish(random.bernoulli(chance, shape, chosen_dtype(dtype), place), out)


def uniform_n(
    low: Any = 0.0, high: Any = 1.0, batch_shape: Any = None, dtype: Any = None, device: Any = None
) -> ndarray:
    """Uniformly distributed numbers: an array of shape `batch_shape` for each element of the parameters.

    >>> from clgrad import np, npx
    >>> npx.random.uniform_n(np.zeros(2), np.ones(2), batch_shape=(3,)).shape
    (3, 2)
    """
    return uniform(low, high, _batched(batch_shape, low, high), dtype, device)


def normal_n(
    loc: Any = 0.0, scale: Any = 1.0, batch_shape: Any = None, dtype: Any = None, device: Any = None
) -> ndarray:
    """Normally distributed numbers: an array of shape `batch_shape` for each element of the parameters.

    >>> from clgrad import np, npx
    >>> npx.random.normal_n(np.zeros(2), 1.0, batch_shape=(3,)).shape
    (3, 2)
    """
    return normal(loc, scale, _batched(batch_shape, loc, scale), dtype, device)


def _batched(batch_shape: Any, *parameters: Any) -> Any:
    if batch_shape is None:
        return None
    shape = max((one.shape for one in parameters if isinstance(one, ndarray)), key=len, default=())
    return (*as_shape("batch_shape", batch_shape), *shape)
