"""MXNet's switches of NumPy semantics. Only the default dtype changes something; the rest is always on in clgrad."""

from __future__ import annotations

from typing import TypeVar

from clgrad.dtypes import DEFAULTS, float32, float64

Decorated = TypeVar("Decorated")


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """With `dtype=True` the default float is float64, without it float32. `shape` and `array` have no effect.

    The default float is the dtype of Python numbers and lists, of `zeros` and so on, of random numbers, and of results
    of integers that must be floats, such as `x / 2` and `x.mean()`. With float64, `arange` of integers gives int64.

    >>> from clgrad import np
    >>> set_np(dtype=True)
    >>> (np.ones(2, dtype='int32') / 2).dtype, np.arange(2).dtype
    (dtype('float64'), dtype('int64'))
    >>> reset_np()
    >>> np.arange(2)
    array([0., 1.])
    """
    set_np_default_dtype(dtype)


def reset_np() -> None:
    """Make float32 the default float again.

    >>> from clgrad import np, npx
    >>> npx.reset_np()
    >>> np.arange(2).dtype
    dtype('float32')
    """
    set_np_default_dtype(False)


def set_np_default_dtype(is_np_default_dtype: bool = True) -> bool:
    """Choose float64 (NumPy's default dtype) or float32 as the default float; returns whether it was float64 before.

    >>> from clgrad import npx
    >>> npx.set_np_default_dtype(True), npx.set_np_default_dtype(False)
    (False, True)
    """
    before, DEFAULTS.floating = DEFAULTS.floating, float64 if is_np_default_dtype else float32
    return before == float64


def is_np_default_dtype() -> bool:
    """Whether the default float is float64, NumPy's default dtype.

    >>> is_np_default_dtype()
    False
    """
    return DEFAULTS.floating == float64


def use_np(decorated: Decorated) -> Decorated:
    """A decorator of functions and classes that changes nothing.

    >>> from clgrad import npx
    >>> @npx.use_np
    ... def double(x):
    ...     return 2 * x
    >>> double(3)
    6
    """
    return decorated


def is_np_array() -> bool:
    """Whether arrays behave like NumPy's; always True.

    >>> is_np_array()
    True
    """
    return True


def is_np_shape() -> bool:
    """Whether shapes behave like NumPy's, so that () and lengths of 0 exist; always True.

    >>> is_np_shape()
    True
    """
    return True
