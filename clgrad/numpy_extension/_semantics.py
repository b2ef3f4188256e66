"""NumPy semantics, which clgrad always has: the switches of the original exist and do no harm."""

from __future__ import annotations

from typing import TypeVar

from clgrad.array.conversion import DEFAULTS

Decorated = TypeVar("Decorated")


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """Choose NumPy's default dtypes with `dtype=True`: float64 and int64, not float32. The rest is always on.

    >>> from clgrad import np
    >>> set_np(dtype=True)
    >>> np.arange(2)
    array([0, 1], dtype=int64)
    >>> reset_np()
    >>> np.arange(2)
    array([0., 1.])
    """
    DEFAULTS.numpy_dtypes = dtype


def reset_np() -> None:
    """Go back to float32 for arrays of Python numbers.

    >>> from clgrad import np, npx
    >>> npx.reset_np()
    >>> np.arange(2).dtype
    dtype('float32')
    """
    DEFAULTS.numpy_dtypes = False


def set_np_default_dtype(is_np_default_dtype: bool = True) -> bool:
    """Choose whether NumPy's default dtypes hold; returns whether they did.

    >>> from clgrad import npx
    >>> npx.set_np_default_dtype(True), npx.set_np_default_dtype(False)
    (False, True)
    """
    before, DEFAULTS.numpy_dtypes = DEFAULTS.numpy_dtypes, is_np_default_dtype
    return before


def is_np_default_dtype() -> bool:
    """Whether NumPy's default dtypes hold.

    >>> is_np_default_dtype()
    False
    """
    return DEFAULTS.numpy_dtypes


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
