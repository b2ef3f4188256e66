"""Error messages for attributes that arrays do not have."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy

from clgrad.array.handle import Handle
from clgrad.array.interop import namespaces


class Hints(Handle):
    """The error for a missing attribute suggests the function, or the attribute, that was probably meant."""

    __slots__ = ()

    # Hidden from type checkers: with a __getattr__ they would accept every attribute.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Python and its tools test for names with underscores, and need no hint.
            raise AttributeError(f"ndarray has no {name!r}" if name.startswith("_") else _hint(type(self), name))


def _hint(array_type: type[Handle], name: str) -> str:
    if any(name in dir(namespace) for namespace in namespaces):
        return f"ndarray has no {name!r}. Did you mean np.{name}(x)?"
    if hasattr(numpy.ndarray, name):
        return f"ndarray.{name} does not exist yet. Use NumPy: x.asnumpy().{name}"
    similar = get_close_matches(name, [one for one in dir(array_type) if not one.startswith("_")], n=1)
    return f"ndarray has no {name!r}. " + (f"Did you mean {similar[0]}?" if similar else "dir(x) lists its attributes")
