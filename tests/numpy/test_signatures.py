"""Public functions take what NumPy's and the original's take; each difference is listed with its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from types import ModuleType
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx
from tests.numpy.original_signatures import ORIGINAL

NAME = "the original's name of this parameter"
ORDER = "the original's order of parameters"
DTYPE = "None is the default dtype, which npx.set_np chooses"
AXES = "np.moveaxis and np.expand_dims say the same"
LAYOUT = "C and K mean the same: arrays lie row by row"
DDOF = "the original's name of the same number; ddof is a keyword, too"
STABLE = "every sort is stable"

# Parameters of NumPy that no function here has.
NOWHERE = {"like": "arrays here are of one class", "signature": "dtype chooses the loop of a ufunc"}

# By function: the parameters of NumPy that are absent, have another name or place, or another default.
DIFFERENCES: dict[str, dict[str, str]] = {
    "argsort": {"kind": ORDER, "order": ORDER, "stable": STABLE},
    "around": {"a": NAME},
    "array": {"ndmax": "arrays hold numbers only, so all lists are axes"},
    "asarray": {"a": NAME, "order": ORDER},
    "broadcast_arrays": {"subok": "arrays here are of one class"},
    "broadcast_to": {"subok": "arrays here are of one class"},
    "copy": {"order": ORDER, "subok": "arrays here are of one class"},
    "diag": {"v": NAME},
    "diagflat": {"v": NAME},
    "dstack": {"tup": NAME},
    "empty_like": {"order": ORDER, "subok": ORDER, "shape": ORDER},
    "eye": {"dtype": DTYPE, "order": ORDER},
    "full_like": {"order": LAYOUT, "subok": ORDER, "shape": ORDER},
    "hstack": {"tup": NAME},
    "indices": {"dtype": DTYPE, "sparse": ORDER},
    "matmul": {"axes": AXES, "axis": AXES, "keepdims": AXES},
    "matvec": {"axes": AXES, "axis": AXES, "keepdims": AXES},
    "ones_like": {"order": LAYOUT, "subok": ORDER, "shape": ORDER},
    "pad": {"array": NAME},
    "ravel": {"a": NAME},
    "reshape": {"shape": "newshape is the original's name; shape is a keyword, too"},
    "round": {"a": NAME},
    "row_stack": {"tup": NAME},
    "sort": {"kind": ORDER, "order": ORDER, "stable": STABLE},
    "std": {"ddof": DDOF},
    "take": {"out": ORDER, "mode": ORDER},
    "trace": {"dtype": ORDER, "out": ORDER},
    "tri": {"dtype": DTYPE},
    "var": {"ddof": DDOF},
    "vecdot": {"axes": AXES, "keepdims": AXES},
    "vecmat": {"axes": AXES, "axis": AXES, "keepdims": AXES},
    "vstack": {"tup": NAME},
    "zeros_like": {"order": LAYOUT, "subok": ORDER, "shape": ORDER},
    "random.randint": {"dtype": "None is int64, as int is in NumPy"},
    "random.seed": {"seed": "there is always a seed, so that a program repeats"},
    "ndarray.argsort": {"kind": ORDER, "order": ORDER, "stable": STABLE},
    "ndarray.sort": {"kind": ORDER, "order": ORDER, "stable": STABLE},
    "ndarray.std": {"ddof": DDOF},
    "ndarray.to_device": {"stream": "each device has one queue"},
    "ndarray.take": {"out": ORDER, "mode": ORDER},
    "ndarray.trace": {"dtype": ORDER, "out": ORDER},
    "ndarray.var": {"ddof": DDOF},
}

# By function: the parameters of the original that are otherwise here.
DIFFERENCES_FROM_THE_ORIGINAL = {
    "np.sometrue": {"keepdims": "NumPy's order", "out": "NumPy's order"},
    "np.random.seed": {"seed_state": "NumPy's name"},
    "npx.from_dlpack": {"dlpack": "NumPy's name"},
}

# Methods that take other parameters than the function of their name.
METHODS_OF_THEIR_OWN = {
    "clip": "NumPy's names: min and max in the method, a_min and a_max first in the function",
    "copy": "NumPy's method takes an order, the original's function an out",
    "isnan": "the original's method; NumPy has none",
    "reshape": "the lengths may stand one by one",
    "transpose": "the axes may stand one by one",
}

# Functions whose keywords are names that the caller chooses, or options that depend on another argument.
FREE_KEYWORDS = {"savez", "pad"}

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
ANY_NUMBER = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def functions(module: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(module):
        one = getattr(module, name)
        if not name.startswith("_") and callable(one) and not isinstance(one, type) and _is_ours(one):
            yield name, one


def _is_ours(one: Any) -> bool:
    return str(getattr(one, "__module__", "")).startswith("clgrad")


def differences(ours: Signature, theirs: Signature) -> dict[str, str]:
    """The parameters of `theirs` that a call cannot use in the same way with `ours`, and how they differ."""
    mine = list(ours.parameters.values())
    found = {}
    for place, parameter in enumerate(theirs.parameters.values()):
        if parameter.kind not in ANY_NUMBER and parameter.name not in NOWHERE:
            difference = _difference(mine, place, parameter)
            if difference:
                found[parameter.name] = difference
    return found


def _difference(mine: list[Parameter], place: int, parameter: Parameter) -> str | None:
    counterpart = next((one for one in mine if one.name == parameter.name), None)
    if parameter.kind in POSITIONAL:
        here = mine[place] if place < len(mine) else None
        if here is not None and here.kind is Parameter.VAR_POSITIONAL:
            return None
        if here is None or here.kind not in POSITIONAL:
            return "absent" if counterpart is None else "keyword only"
        if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD and here is not counterpart:
            return f"{here.name} stands in its place"
        counterpart = here
    if counterpart is None:
        return "absent"
    if counterpart.default is Parameter.empty and parameter.default is not Parameter.empty:
        return "required"
    return None if _same_default(counterpart.default, parameter.default) else f"default {counterpart.default!r}"


def _same_default(ours: Any, theirs: Any) -> bool:
    # NumPy's "no value" means that the function decides, as None does here; a mask of True is no mask; None, as the
    # default of a switch, is off.
    left_open = theirs is Parameter.empty or repr(theirs) == "<no value>" or (ours is None and theirs is True)
    return left_open or (theirs is None and ours is False) or bool(ours == theirs)


def _signature_of_numpy(function: Any) -> Signature:
    try:
        return inspect.signature(function)
    except ValueError:
        pytest.skip("this version of NumPy has no signature of it")


MODULES = [("", np, numpy), ("linalg.", np.linalg, numpy.linalg), ("random.", np.random, numpy.random)]
WITH_NUMPY = [
    (prefix + name, ours, getattr(theirs, name))
    for prefix, module, theirs in [*MODULES, ("ndarray.", np.ndarray, numpy.ndarray)]
    for name, ours in functions(module)
    if hasattr(theirs, name)
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "ours", "theirs"), WITH_NUMPY, ids=[name for name, *_ in WITH_NUMPY])
def test_parameters_of_numpy(name: str, ours: Any, theirs: Any) -> None:
    found = differences(inspect.signature(ours), _signature_of_numpy(theirs))
    unexplained = {key: how for key, how in found.items() if key not in DIFFERENCES.get(name, {})}
    assert not unexplained


def _parsed(line: str) -> tuple[str, Signature]:
    name, parameters = line.strip().split("(", 1)
    return name, inspect.signature(eval(f"lambda {parameters[:-1]}: None"))


PUBLIC: dict[str, ModuleType] = {
    "np": np, "np.linalg": np.linalg, "np.random": np.random, "npx": npx, "npx.random": npx.random,
    "autograd": autograd,
}  # fmt: skip
WITH_ORIGINAL = [
    (module, *_parsed(line)) for module, lines in ORIGINAL.items() for line in lines.split("\n") if line.strip()
]


@pytest.mark.parametrize(
    ("module", "name", "theirs"), WITH_ORIGINAL, ids=[f"{module}.{name}" for module, name, _ in WITH_ORIGINAL]
)
def test_parameters_of_the_original(module: str, name: str, theirs: Signature) -> None:
    ours = inspect.signature(getattr(PUBLIC[module], name))
    found = differences(ours, theirs)
    explained = DIFFERENCES_FROM_THE_ORIGINAL.get(f"{module}.{name}", {})
    assert not {key: how for key, how in found.items() if key not in explained and not how.startswith(_LEFT_OPEN)}


# The original's generated functions call everything optional, and tell their defaults nowhere.
_LEFT_OPEN = ("required", "default")


METHODS = [name for name, _ in functions(np.ndarray) if name in dir(np) and name not in METHODS_OF_THEIR_OWN]


@pytest.mark.parametrize("name", METHODS)
def test_methods_and_functions_take_the_same(name: str) -> None:
    method = list(inspect.signature(getattr(np.ndarray, name)).parameters.values())[1:]
    function = list(inspect.signature(getattr(np, name)).parameters.values())[1:]
    assert [(one.name, one.kind) for one in method] == [(one.name, one.kind) for one in function]
    assert [bool(one.default) for one in method] == [bool(one.default) for one in function]


EVERY = [
    (name, one)
    for module in [*PUBLIC.values(), np.ndarray]
    for name, one in functions(module)
    if name not in FREE_KEYWORDS and name != "Function"
]


@pytest.mark.parametrize(("name", "function"), EVERY, ids=[name for name, _ in EVERY])
def test_unknown_keywords_raise(name: str, function: Any) -> None:
    needed = [
        one
        for one in inspect.signature(function).parameters.values()
        if one.kind in POSITIONAL and one.default is Parameter.empty
    ]
    with pytest.raises(TypeError, match="no_such_keyword"):
        function(*[np.ones(2) for _ in needed], no_such_keyword=1)


def test_differences_name_what_is_there() -> None:
    known = {name for name, *_ in WITH_NUMPY}
    assert set(DIFFERENCES) <= known | {"row_stack"}
    assert set(METHODS_OF_THEIR_OWN) <= set(dir(np)) & set(dir(np.ndarray))
