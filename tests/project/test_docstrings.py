"""Every function that users import shows an example; pytest runs them, see addopts in pyproject.toml."""

from __future__ import annotations

from inspect import isclass, isfunction
from types import ModuleType

import pytest

from clgrad import np, npx
from clgrad.numpy import _elementwise


@pytest.mark.parametrize("module", [np, np.linalg, np.random, npx, npx.random])
def test_public_functions_show_an_example(module: ModuleType) -> None:
    public = {name: one for name, one in vars(module).items() if isfunction(one) or isclass(one)}
    ours = {name: one for name, one in public.items() if one.__module__.startswith("clgrad.")}
    assert len(ours) > 0
    missing = [name for name, one in ours.items() if ">>>" not in (one.__doc__ or "")]
    assert not missing, f"no example in {', '.join(missing)}"


def test_examples_of_functions_made_in_tables_are_run() -> None:
    assert {"add", "equal", "tanh"} < set(_elementwise.__test__)
