"""Public modules show public names only, and have a hint for names that they lack."""

from __future__ import annotations

from types import ModuleType

import pytest

import clgrad
from clgrad import autograd, errors, np, npx

MODULES = [clgrad, autograd, errors, np, np.linalg, np.random, npx, npx.random]
# The modules that a user reaches through another one.
INNER = {clgrad: {"autograd", "errors", "np", "npx"}, np: {"linalg", "random"}, npx: {"random"}}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_dir_shows_public_names_only(module: ModuleType) -> None:
    names = dir(module)
    assert len(names) >= 3
    assert not [name for name in names if name.startswith("_")]
    assert {name for name in names if isinstance(getattr(module, name), ModuleType)} == INNER.get(module, set())
    foreign = [name for name in names if _home(getattr(module, name)) in ("typing", "collections.abc", "__future__")]
    assert not foreign


def _home(one: object) -> object:
    return getattr(one, "__module__", type(one).__module__)


@pytest.mark.parametrize("module", [np, np.linalg, np.random, npx, npx.random], ids=lambda module: module.__name__)
def test_what_a_module_does_not_show_is_private(module: ModuleType) -> None:
    assert [name for name in vars(module) if not name.startswith("_") and name not in dir(module)] == []


def test_devices_show_no_machinery() -> None:
    public = {name for name in dir(clgrad.default_device()) if not name.startswith("_")}
    assert public == {"capabilities", "device_id", "device_type", "empty_cache", "name"}


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        (np, "arrange", r"np has no 'arrange'\. Did you mean np\.arange\?"),
        (np, "softmax", r"Did you mean npx\.softmax\?"),
        (np, "rand", r"Did you mean np\.random\.rand\?"),
        (np.linalg, "svd", r"np\.linalg\.svd does not exist yet\. Use numpy\.linalg\.svd on x\.asnumpy"),
        (np, "complex64", r"np\.complex64 does not exist yet"),
        (npx, "relux", r"Did you mean npx\.relu\?"),
        (npx, "zzz", r"npx has no 'zzz'\. dir\(npx\) lists"),
        (autograd, "recrod", r"autograd has no 'recrod'\. Did you mean autograd\.record\?"),
    ],
)
def test_a_missing_name_has_a_hint(module: ModuleType, name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=hint):
        getattr(module, name)


def test_questions_of_python_get_short_answers() -> None:
    assert not hasattr(np, "__wrapped__")
    assert getattr(np.linalg, "no_such_name", None) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("exp", r"ndarray has no 'exp'\. Did you mean np\.exp\(x\)\?"),
        ("tofile", r"ndarray\.tofile does not exist yet\. Use NumPy: x\.asnumpy\(\)\.tofile"),
        ("atach_grad", r"Did you mean attach_grad\?"),
        ("zzz", r"ndarray has no 'zzz'\. dir\(x\) lists"),
    ],
)
def test_a_missing_attribute_of_an_array_has_a_hint(name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=hint):
        getattr(np.ones(2), name)
    assert not hasattr(np.ones(2), "__array_struct__")
