"""Every op beside NumPy, on the device in both kernel shapes; the rows are in tests/reference.py."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import clgrad.ops
from clgrad.ops.operation import OPERATIONS
from clgrad.runtime.device import Device
from tests.reference import ROWS
from tests.reference_cases import Row, check_forward, check_gradient

DIFFERENTIABLE = [row for row in ROWS if row.gradient]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_forward(row: Row, device: Device) -> None:
    check_forward(row, device)


@pytest.mark.parametrize("row", DIFFERENTIABLE, ids=lambda row: row.name)
def test_gradient(row: Row, device: Device) -> None:
    check_gradient(row, device)


def test_every_op_has_a_row() -> None:
    for module in pkgutil.iter_modules(clgrad.ops.__path__):
        importlib.import_module(f"clgrad.ops.{module.name}")
    covered = {name for row in ROWS for name in (row.name, *row.covers)}
    missing = sorted(
        name for name, op in OPERATIONS.items() if name not in covered and type(op).__module__.startswith("clgrad.ops")
    )
    assert not missing, f"no row in tests/reference.py covers {', '.join(missing)}"
