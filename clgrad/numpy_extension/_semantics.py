"""NumPy semantics, which clgrad always has: the switches of the original exist and do no harm."""

from __future__ import annotations

from typing import TypeVar

from clgrad.dtypes import DEFAULTS, float32, float64

Decorated = TypeVar("Decorated")


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """Choose float64 as the default dtype with `dtype=True`, not float32. The rest is always on.

    It is the dtype of Python numbers and lists, of `zeros` and the like, of random numbers, and of what integers
    give where they must be floats, as in `x / 2` and `x.mean()`. `arange` of integers then gives int64.

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
    """Go back to float32 for arrays of Python numbers.

    >>> from clgrad import np, npx
    >>> npx.reset_np()
    >>> np.arange(2).dtype
    dtype('float32')
    """
    set_np_default_dtype(False)


def set_np_default_dtype(is_np_default_dtype: bool = True) -> bool:
    """Choose whether NumPy's default dtype, float64, holds; returns whether it did.

    >>> from clgrad import npx
    >>> npx.set_np_default_dtype(True), npx.set_np_default_dtype(False)
    (False, True)
    """
    before, DEFAULTS.floating = DEFAULTS.floating, float64 if is_np_default_dtype else float32
    return before == float64


def is_np_default_dtype() -> bool:
    """Whether NumPy's default dtype, float64, holds.

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
    """Whether arrays are NumPy-like: always.

    >>> is_np_array()
    True
    """
    return True


def is_np_shape() -> bool:
    """Whether shapes are NumPy-like, with () and zeros: always.

    >>> is_np_shape()
    True
    """
    return True
