"""Devices of two vendors in one process: PoCL and Oclgrind, which is a simulator and a driver like any other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.processes import output_of
from tools.oclgrind import FOLDER, library_in

POCL = Path("/etc/OpenCL/vendors/pocl.icd")
OCLGRIND = library_in(Path(sys.prefix, FOLDER)) or Path("/usr/lib/oclgrind/liboclgrind-rt-icd.so")

TWO_PLATFORMS = """
import clgrad
from clgrad import autograd, np, npx

here, there = clgrad.devices()
assert here._found().platform_name != there._found().platform_name
x = np.arange(6, device=here).reshape(2, 3)
x.attach_grad()
with autograd.record():
    y = (x * x).as_in_ctx(there)
    z = (y.sum(axis=1) * 2).to_device(here)
    loss = (z * z).sum()
loss.backward()
target = np.zeros((2, 3), device=there)
x.copyto(target)
print([str(one.device) for one in (x, y, z, target, x.grad)] == [str(d) for d in (here, there, here, there, here)])
print(z.tolist(), x.grad.tolist(), (target + 1).tolist())
try:
    x + y
except clgrad.errors.DeviceError as problem:
    print("to_device" in str(problem))
"""


@pytest.mark.skipif(not (POCL.exists() and OCLGRIND.exists()), reason="needs PoCL and Oclgrind (run.py oclgrind)")
def test_arrays_and_gradients_travel_between_two_platforms(tmp_path: Path) -> None:
    (tmp_path / "pocl.icd").write_text(POCL.read_text())
    (tmp_path / "oclgrind.icd").write_text(f"{OCLGRIND}\n")
    places, values, refused = output_of(TWO_PLATFORMS, OCL_ICD_VENDORS=str(tmp_path), CLGRAD_DEVICE="").split("\n")
    assert places == "True"
    sums = [2 * (0 + 1 + 4), 2 * (9 + 16 + 25)]
    # d loss / d x = 2 z * 2 * 2 x
    slopes = [[8.0 * total * (3 * row + column) for column in range(3)] for row, total in enumerate(sums)]
    assert values == f"{[float(total) for total in sums]} {slopes} {[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}"
    assert refused == "True"
