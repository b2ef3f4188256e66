"""Every op beside NumPy, on the device in both kernel shapes; the rows are in tests/reference/."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy
import pytest

import clgrad.ops
from clgrad import tape
from clgrad.errors import DeviceError
from clgrad.graph.execute import read
from clgrad.ops.operation import OPERATIONS, fill
from clgrad.ops.selection import constant
from clgrad.ops.transfer import to_device
from clgrad.runtime.device import Device
from tests.reference.cases import check_forward
from tests.reference.gradients import check_gradient
from tests.reference.row import Row
from tests.reference.table import ROWS

# Rows that are built together: few programs with many kernels build much faster than many programs.
TOGETHER = 12


def groups(rows: list[Row]) -> list[Any]:
    """Neighbouring rows, named after the first and the last."""
    cut = [rows[start : start + TOGETHER] for start in range(0, len(rows), TOGETHER)]
    return [pytest.param(some, id=f"{some[0].name} ... {some[-1].name}") for some in cut]


@pytest.mark.parametrize("rows", groups(ROWS))
def test_forward(rows: list[Row], quick_device: Device) -> None:
    problems = check_forward(rows, quick_device)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("rows", groups([row for row in ROWS if row.gradient]))
def test_gradient(rows: list[Row], quick_device: Device) -> None:
    problems = check_gradient(rows, quick_device)
    assert not problems, "\n".join(problems)


def test_copies_between_devices_carry_gradients(devices: dict[str, Device]) -> None:
    """Two devices that share nothing: the kernel shapes have contexts, memory and queues of their own."""
    here, there = devices["cpu"], devices["gpu"]
    array = numpy.arange(6, dtype="float32").reshape(2, 3)
    x = constant(array, here)
    x.entry = tape.Leaf(None, "write")
    with tape.scope(recording=True):
        moved = to_device(x * 2, device=there)
        back = to_device(moved * moved, device=here)
    assert (moved.device, back.device) == (there, here)
    assert numpy.array_equal(read(back), 4 * array * array)
    (gradient,) = tape.walk([back], [fill(1, back.shape, back.dtype, here)]).leaves.values()
    assert gradient.device is here
    assert numpy.array_equal(read(gradient), 8 * array)
    with pytest.raises(DeviceError, match="to_device"):
        moved + x


# Tested by a test of its own.
ELSEWHERE = {"to_device"}


def test_every_op_has_a_row() -> None:
    for module in pkgutil.iter_modules(clgrad.ops.__path__):
        importlib.import_module(f"clgrad.ops.{module.name}")
    covered = {name for row in ROWS for name in (row.name, *row.covers)} | ELSEWHERE
    missing = sorted(
        name for name, op in OPERATIONS.items() if name not in covered and type(op).__module__.startswith("clgrad.ops")
    )
    assert not missing, f"no row in tests/reference/ covers {', '.join(missing)}"
