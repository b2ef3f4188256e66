"""Other dtypes, devices, copies and files."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pytest

import clgrad
from clgrad import np, npx
from clgrad.array.device import located, named
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
    assert x._value.device is first
    y = x.to_device(second)
    assert y._value.device is second
    assert x.to_device(first) is x
    assert x.as_in_ctx(second).tolist() == x.as_in_context(second).tolist() == [0, 1, 2]
    z = np.zeros(3, ctx=second)
    assert x.copyto(z) is z
    assert z._value.device is second
    assert z.tolist() == [0, 1, 2]
    assert x.copyto(second).device == y.device
    z[:] = x + 1
    assert z.tolist() == [1, 2, 3]


def test_devices_by_name() -> None:
    cpu = npx.cpu()
    assert cpu == npx.cpu(0) == npx.Device("cpu", 0) == npx.Device(cpu) == npx.cpu_pinned()
    assert (cpu.device_type, cpu.device_id, repr(cpu), str(npx.gpu(3))) == ("cpu", 0, "cpu(0)", "gpu(3)")
    assert isinstance(np.ones(1).device, npx.Device)
    assert {cpu: 1, npx.gpu(): 2, npx.cpu(1): 3}[npx.Device("cpu")] == 1
    assert cpu not in (npx.gpu(), npx.cpu(1), "cpu(0)", None)
    assert pickle.loads(pickle.dumps(cpu)) == cpu
    assert npx.num_gpus() >= 0
    assert npx.current_device() is npx.current_context() is clgrad.default_device()
    assert np.ones(1, ctx=cpu).device == np.ones(1, device="cpu:0").device == cpu
    assert (cpu.name, cpu.capabilities) == (located(cpu).name, located(cpu).capabilities)
    with pytest.raises(ValueError, match="must be 'cpu' or 'gpu', got 'tpu'"):
        npx.Device("tpu")


def test_with_a_device_new_arrays_lie_there(devices: dict[str, Device]) -> None:
    first, second = map(named, devices.values())
    before = npx.current_device()
    with first:
        assert np.ones(3).device is npx.current_device() is first
        with second as here:
            assert np.exp([1, 2]).device is np.random.uniform(size=2).device is here is second
            assert repr(np.ones(1)) == "array([1.])"
            assert np.ones(1, device=first).device is first
        with pytest.raises(LookupError, match="99"), npx.cpu(99):
            pass
        with ThreadPoolExecutor(1) as others:
            assert others.submit(npx.current_device).result() is clgrad.default_device()
        assert np.zeros(3).device is first
    assert npx.current_device() is before


def test_memory_kept_for_new_arrays_can_be_given_back() -> None:
    place = np.ones(1000).device
    (np.ones(1000) + 1).wait_to_read()
    held = located(place).memory.held_bytes
    place.empty_cache()
    assert located(place).memory.held_bytes < held


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
