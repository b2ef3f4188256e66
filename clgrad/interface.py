"""Public modules: `dir` lists their public names only, and the error for a missing name has a hint.

The public names of a module are those in its `__all__`, or without one the names that do not begin with underscores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from clgrad import autograd, errors, numpy, numpy_extension

# The public modules, by the names that users give them.
_MODULES: dict[str, ModuleType] = {
    "np": numpy, "npx": numpy_extension, "autograd": autograd, "errors": errors, "np.linalg": numpy.linalg,
    "np.random": numpy.random, "npx.random": numpy_extension.random, "clgrad": sys.modules["clgrad"],
}  # fmt: skip


class Interface(ModuleType):
    """A module whose `dir` lists public names only, and whose missing names have hints."""

    def __dir__(self) -> list[str]:
        listed = vars(self).get("__all__")
        return sorted(name for name in vars(self) if name[0] != "_") if listed is None else sorted(listed)

    def __getattr__(self, name: str) -> Any:
        # Python and its tools test for names with underscores, and need no hint.
        raise AttributeError(f"{self.__name__} has no {name!r}" if name.startswith("_") else _hint(self, name))


def _hint(module: ModuleType, name: str) -> str:
    here = next(short for short, one in _MODULES.items() if one is module)
    if here.startswith("np") and name in _names_of_numpy(module):
        host = f"numpy{here.removeprefix('np')}.{name}"
        return f"{here}.{name} does not exist yet. Use {host} on x.asnumpy(), and np.array on its result"
    suggestion = next(_suggestions(here, name), None)
    question = f"Did you mean {suggestion}?" if suggestion else f"dir({here}) lists the names"
    return f"{here} has no {name!r}. {question}"


def _names_of_numpy(module: ModuleType) -> list[str]:
    theirs = sys.modules.get(module.__name__.removeprefix("clgrad."))
    return [] if theirs is None else dir(theirs)


def _suggestions(here: str, name: str) -> Iterator[str]:
    """The same name in another module, then names that are written alike."""
    yield from (f"{short}.{name}" for short, one in _MODULES.items() if name in dir(one))
    yield from (f"{here}.{similar}" for similar in get_close_matches(name, dir(_MODULES[here]), n=1))


for _module in _MODULES.values():
    _module.__class__ = Interface
