"""NumPy's functions call clgrad's for clgrad arrays: `numpy.sum(x)` stays on the device."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import isfunction
from types import ModuleType
from typing import Any

import numpy

from clgrad.array import ndarray
from clgrad.array.interop import namespaces, numpy_functions
from clgrad.numpy import (
    _arithmetic,
    _bitwise,
    _choice,
    _comparison,
    _constants,
    _creation,
    _elementwise,
    _floats,
    _indexing,
    _joining,
    _linalg,
    _movement,
    _reduction,
    _sorting,
    _transcendental,
    linalg,
)

_TOPICS = (
    _arithmetic, _bitwise, _choice, _comparison, _constants, _creation, _floats, _indexing, _joining, _linalg,
    _movement, _reduction, _sorting, _transcendental,
)  # fmt: skip

# NumPy functions that make text or files: they get NumPy arrays.
_ON_HOST = (
    numpy.array2string, numpy.array_repr, numpy.array_str, numpy.save, numpy.savetxt, numpy.savez,
    numpy.savez_compressed,
)  # fmt: skip


def _functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that a module defines, without those that it imports."""
    own = {_elementwise.__name__, *(topic.__name__ for topic in _TOPICS)}
    return {name: one for name, one in vars(module).items() if isfunction(one) and one.__module__ in own}


def _on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        plain = [one.asnumpy() if isinstance(one, ndarray) else one for one in args]
        named = {name: one.asnumpy() if isinstance(one, ndarray) else one for name, one in options.items()}
        return function(*plain, **named)

    return call


def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """NumPy's `broadcast_arrays`. NumPy arrays among the arguments stay NumPy arrays, of any dtype."""
    shape = numpy.broadcast_shapes(*map(numpy.shape, args))
    return tuple(
        _movement.broadcast_to(one, shape) if isinstance(one, ndarray) else numpy.broadcast_to(one, shape)
        for one in args
    )


for _topic in _TOPICS:
    numpy_functions.update({f"numpy.{name}": one for name, one in _functions(_topic).items() if hasattr(numpy, name)})
numpy_functions.update({f"numpy.linalg.{name}": one for name, one in _functions(linalg).items()})
numpy_functions.update({f"numpy.{one.__name__}": _on_host(one) for one in _ON_HOST})
numpy_functions["numpy.broadcast_arrays"] = _broadcast_arrays
namespaces.append(sys.modules["clgrad.numpy"])
