"""What an array says about attributes that it lacks."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy

from clgrad.array.handle import Handle
from clgrad.array.interop import namespaces


class Hints(Handle):
    """A missing attribute is an error that names the function, or the attribute, that was meant."""

    __slots__ = ()

    # Hidden from type checkers, which would take any attribute for one that exists.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Python and its tools ask for names with underscores, and expect to find none.
            raise AttributeError(f"ndarray has no {name!r}" if name.startswith("_") else _hint(type(self), name))


def _hint(array_type: type[Handle], name: str) -> str:
    if any(name in dir(namespace) for namespace in namespaces):
        return f"ndarray has no {name!r}. Did you mean np.{name}(x)?"
    if hasattr(numpy.ndarray, name):
        return f"ndarray.{name} is not there yet. On the host: x.asnumpy().{name}"
    similar = get_close_matches(name, [one for one in dir(array_type) if not one.startswith("_")], n=1)
    return f"ndarray has no {name!r}. " + (f"Did you mean {similar[0]}?" if similar else "dir(x) lists what there is")
