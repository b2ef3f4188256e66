"""Other dtypes, devices, copies and files."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

import clgrad
from clgrad import np, npx
from clgrad.runtime.device import Device

# -- astype, devices, copies ---------------------------------------------------------------------------------


def test_astype() -> None:
    x = np.array([1.7, -1.7, 300])
    assert x.astype("int32").tolist() == [1, -1, 300]
    assert x.astype(bool).tolist() == [True, True, True]
    assert x.astype("uint8").tolist()[2] == 255
    assert x.astype("float32") is not x
    assert x.astype("float32", copy=False) is x


def test_moving_between_devices(devices: dict[str, Device]) -> None:
    first, second = devices.values()
    x = np.arange(3, device=first)
    assert x.device is first
    y = x.to_device(second)
    assert y.device is second
    assert x.to_device(first) is x
    assert x.as_in_ctx(second).tolist() == x.as_in_context(second).tolist() == [0, 1, 2]
    z = np.zeros(3, ctx=second)
    assert x.copyto(z) is z
    assert z.device is second
    assert z.tolist() == [0, 1, 2]
    assert x.copyto(second).device is second
    z[:] = x + 1
    assert z.tolist() == [1, 2, 3]


def test_devices_by_name() -> None:
    cpu = npx.cpu()
    assert npx.cpu(0) is cpu
    assert npx.Device("cpu", 0) is cpu
    assert npx.num_gpus() >= 0
    assert npx.current_device() is npx.current_context() is clgrad.default_device()
    assert np.ones(1, ctx=cpu).device is np.ones(1, device="cpu:0").device is cpu


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: x.copy(), np.copy], ids=["copy", "deepcopy", "method", "np.copy"]
)
def test_copies(duplicate: Callable[[np.ndarray], np.ndarray]) -> None:
    x = np.array([1, 2])
    y = duplicate(x)
    x += 1
    assert y.tolist() == [1, 2]


def test_waiting() -> None:
    x = np.ones(3) * 2
    x.wait_to_read()
    npx.waitall()
    assert x.tolist() == [2, 2, 2]


# -- files ---------------------------------------------------------------------------------------------------


def test_save_and_load(tmp_path: Path) -> None:
    x, y = np.arange(3), np.ones((2, 2), dtype="float16")
    npx.save(tmp_path / "one", x)
    npx.save(tmp_path / "list", [x, y])
    npx.save(str(tmp_path / "dict"), {"x": x, "layer/weight": y})
    npx.savez(tmp_path / "named", x, y=y)
    assert npx.load(tmp_path / "one").tolist() == [0, 1, 2]
    first, second = npx.load(tmp_path / "list")
    assert first.tolist() == [0, 1, 2]
    assert second.dtype == np.float16
    assert npx.load(tmp_path / "dict")["layer/weight"].tolist() == [[1, 1], [1, 1]]
    assert sorted(npx.load(str(tmp_path / "named"))) == ["arr_0", "y"]


def test_files_are_numpys(tmp_path: Path) -> None:
    npx.save(tmp_path / "ours", {"x": np.arange(3)})
    with numpy.load(tmp_path / "ours") as archive:
        assert archive["x"].tolist() == [0, 1, 2]
    numpy.savez(tmp_path / "theirs.npz", x=numpy.arange(3))
    assert npx.load(tmp_path / "theirs.npz")["x"].dtype == np.int64
    numpy.save(tmp_path / "theirs.npy", numpy.ones(2))
    assert npx.load(tmp_path / "theirs.npy").dtype == np.float64
