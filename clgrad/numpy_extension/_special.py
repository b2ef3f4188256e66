"""Special functions: the error function, its inverse, the gamma function and its relatives."""

from __future__ import annotations

from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.conversion import as_value
from clgrad.ops import special, transcendental


def erf(data: Any, out: Any = None) -> ndarray:
    """The error function.

    >>> from clgrad import np, npx
    >>> npx.erf(np.zeros(1))
    array([0.])
    """
    return finish(transcendental.erf(as_value(data)), out)


def erfinv(data: Any, out: Any = None) -> ndarray:
    """The inverse of the error function.

    >>> from clgrad import np, npx
    >>> npx.erfinv(np.zeros(1))
    array([0.])
    """
    return finish(transcendental.erfinv(as_value(data)), out)


def gamma(data: Any, out: Any = None) -> ndarray:
    """The gamma function: gamma(n) is (n - 1)! for positive integers n, and NaN for negative integers.

    >>> from clgrad import np, npx
    >>> npx.gamma(np.array([1, 5]))
    array([ 1., 24.])
    """
    return finish(special.gamma(as_value(data)), out)


def gammaln(data: Any, out: Any = None) -> ndarray:
    """The natural logarithm of the absolute value of the gamma function.

    >>> from clgrad import np, npx
    >>> npx.gammaln(np.array([1, 2]))
    array([0., 0.])
    """
    return finish(special.gammaln(as_value(data)), out)


def digamma(data: Any, out: Any = None) -> ndarray:
    """The derivative of gammaln.

    >>> from clgrad import np, npx
    >>> npx.digamma(np.array([1, 2]))
    array([-0.57721...,  0.42278...])
    """
    return finish(special.digamma(as_value(data)), out)
