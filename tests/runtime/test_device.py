"""Which devices count, which one is chosen, and what happens after a fork."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from clgrad.errors import ArgumentError, DeviceError, DeviceNotFoundError
from clgrad.runtime import device as device_module
from clgrad.runtime.device import default_device, devices, find_device, set_default_device
from clgrad.runtime.device_names import driver_names, matches
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.inspection import (
    choose_kernel_shape,
    choose_vector_width,
    device_kind,
    read_capabilities,
    unmet_requirement,
)
from tests.processes import output_of, run

TYPES = load_opencl().device_type


@pytest.fixture
def choice(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The automatic choice, made anew in the test."""
    monkeypatch.delenv("CLGRAD_DEVICE", raising=False)
    set_default_device(None)
    yield monkeypatch
    monkeypatch.undo()
    set_default_device(None)


def test_a_device_describes_itself() -> None:
    for device in devices():
        can = device.capabilities
        assert str(device) == f"{device.device_type}({device.index})"
        assert device.name in repr(device)
        assert device.platform_name
        assert device.driver_version
        assert can.vector_width in ((4, 8, 16) if can.kernel_shape == "cpu" else (1,))
        assert can.compute_units > 0
        assert 0 < can.max_allocation <= can.global_memory
        assert can.max_group_size >= 1
        assert can.local_memory > 0


def test_there_is_one_object_for_each_device() -> None:
    assert devices() == devices()
    kind = devices()[0].device_type
    assert find_device(kind) is find_device(f"{kind}(0)") is find_device(f"{kind.upper()}:0")
    assert len(set(map(str, devices()))) == len(devices())


def test_explicit_before_variable_before_automatic(choice: pytest.MonkeyPatch) -> None:
    assert default_device() is devices()[0]
    last = devices()[-1]
    set_default_device(last)
    assert default_device() is find_device() is last
    set_default_device(None)
    choice.setenv("CLGRAD_DEVICE", str(last))
    assert default_device() is last
    assert find_device(devices()[0]) is devices()[0]


@pytest.mark.parametrize("part", ["name", "platform_name"])
def test_part_of_a_name_is_enough(choice: pytest.MonkeyPatch, part: str) -> None:
    name = getattr(devices()[0], part)
    choice.setenv("CLGRAD_DEVICE", name[1:-1].upper())
    assert default_device() is devices()[0]


NAMES = {
    "pocl": "pthread-haswell-AMD EPYC {driver} cpu",
    "nvidia": "NVIDIA GeForce RTX 4090 {driver} gpu discrete",
    "intel": "Intel(R) Iris(R) Xe Graphics {driver} gpu integrated",
    "rusticl": "AMD Radeon RX 6600 (radeonsi, navi23) {driver} gpu discrete",
}
PLATFORMS = {
    "pocl": SimpleNamespace(
        name="Portable Computing Language", vendor="The pocl project", version="OpenCL 3.0 PoCL 3.1+debian  Linux, SPIR"
    ),
    "nvidia": SimpleNamespace(name="NVIDIA CUDA", vendor="NVIDIA Corporation", version="OpenCL 3.0 CUDA 12.2.138"),
    "intel": SimpleNamespace(name="Intel(R) OpenCL Graphics", vendor="Intel(R) Corporation", version="OpenCL 3.0 "),
    "rusticl": SimpleNamespace(name="rusticl", vendor="Mesa/X.org", version="OpenCL 3.0 "),
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("pocl", {"pocl"}), ("PoCL", {"pocl"}), ("portable", {"pocl"}), ("Portable Computing", {"pocl"}),
        ("cuda", {"nvidia"}), ("rtx4090", {"nvidia"}), ("rtx 4090", {"nvidia"}), ("geforce", {"nvidia"}),
        ("Intel GPU", {"intel"}), ("intel iris xe", {"intel"}), ("Intel(R) OpenCL", {"intel"}),
        ("mesa", {"rusticl"}), ("radeon", {"rusticl"}), ("amd", {"pocl", "rusticl"}), ("amd gpu", {"rusticl"}),
        ("integrated", {"intel"}), ("opencl 3.0", set()), ("linux", set()), ("nvidia cpu", set()), (" ", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_names_match_as_people_type_them(typed: str, found: set[str]) -> None:
    names = {key: text.format(driver=driver_names(PLATFORMS[key])) for key, text in NAMES.items()}
    assert {key for key, text in names.items() if matches(typed, text)} == found


@pytest.mark.parametrize("typed", ["pocl", "PoCL cpu"])
def test_pocl_is_found_by_its_name(typed: str) -> None:
    if not any("Portable" in device.platform_name for device in devices()):
        pytest.skip("PoCL is not installed")
    assert "Portable" in find_device(typed).platform_name


@pytest.mark.parametrize("spec", ["cpu:99", "gpu:99", "cpu(99)", "no such device", "cpu:-1", " "])
def test_an_unknown_name_lists_what_exists(choice: pytest.MonkeyPatch, spec: str) -> None:
    with pytest.raises(DeviceNotFoundError, match="no device matches") as caught:
        find_device(spec)
    assert repr(spec) in str(caught.value)
    assert devices()[0].name in str(caught.value)
    choice.setenv("CLGRAD_DEVICE", spec)
    with pytest.raises(LookupError, match="CLGRAD_DEVICE="):
        default_device()


def fake(kind: int, unified: bool = False, platform: str = "P", version: str = "OpenCL 3.0") -> Any:
    described = SimpleNamespace(name=platform, version=version)
    return SimpleNamespace(type=kind, host_unified_memory=unified, platform=described)


def test_kinds_are_told_apart() -> None:
    assert device_kind(fake(TYPES.CPU | TYPES.GPU)) == "cpu"
    assert device_kind(fake(TYPES.GPU)) == "discrete"
    assert device_kind(fake(TYPES.GPU, unified=True)) == "integrated"
    assert device_kind(fake(TYPES.ACCELERATOR)) == device_kind(fake(TYPES.CUSTOM)) == "accelerator"


def test_faster_kinds_come_first_and_the_order_is_stable() -> None:
    best_first = [
        fake(TYPES.GPU),
        fake(TYPES.GPU, unified=True),
        fake(TYPES.ACCELERATOR),
        fake(TYPES.CPU, version="OpenCL 3.1 LINUX"),
        fake(TYPES.CPU, platform="A"),
        fake(TYPES.CPU, platform="B"),
    ]
    candidates = [device_module._Candidate(cl) for cl in reversed(best_first)]
    assert [one.cl for one in sorted(candidates, key=device_module._Candidate.rank)] == best_first


def described(**changes: Any) -> Any:
    usual = {
        "available": True,
        "compiler_available": True,
        "endian_little": True,
        "opencl_c_version": "OpenCL C 1.2 X",
    }
    return SimpleNamespace(**usual | changes)


def test_what_cannot_work_is_refused_before_it_is_tried() -> None:
    assert unmet_requirement(described()) is None
    assert "not available" in str(unmet_requirement(described(available=False)))
    assert "no compiler" in str(unmet_requirement(described(compiler_available=False)))
    assert "big-endian" in str(unmet_requirement(described(endian_little=False)))
    assert "needs 1.2" in str(unmet_requirement(described(opencl_c_version="OpenCL C 1.1 ")))


def test_the_kernel_shape_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLGRAD_KERNEL_SHAPE", raising=False)
    assert [choose_kernel_shape(kind) for kind in ("cpu", "discrete", "accelerator")] == ["cpu", "gpu", "gpu"]
    monkeypatch.setenv("CLGRAD_KERNEL_SHAPE", "gpu")
    assert choose_kernel_shape("cpu") == "gpu"
    monkeypatch.setenv("CLGRAD_KERNEL_SHAPE", "cpu")
    assert choose_kernel_shape("discrete") == "cpu"
    assert read_capabilities(devices()[0].cl, "gpu").vector_width == 1
    monkeypatch.setenv("CLGRAD_KERNEL_SHAPE", "tpu")
    with pytest.raises(ArgumentError, match="'tpu' is not a kernel shape; use cpu or gpu"):
        choose_kernel_shape("cpu")


def test_the_vector_width_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLGRAD_VECTOR_WIDTH", raising=False)
    assert [choose_vector_width(native) for native in (1, 4, 8, 12, 16, 32)] == [4, 4, 8, 8, 16, 16]
    monkeypatch.setenv("CLGRAD_VECTOR_WIDTH", "16")
    assert choose_vector_width(4) == 16
    assert read_capabilities(devices()[0].cl, "cpu").vector_width == 16
    assert read_capabilities(devices()[0].cl, "gpu").vector_width == 1
    monkeypatch.setenv("CLGRAD_VECTOR_WIDTH", "12")
    with pytest.raises(ArgumentError, match="'12' is not a width of vectors; use 4, 8 or 16"):
        choose_vector_width(8)


@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        ("kernel void clgrad_probe(global int *out, int start) { out[get_global_id(0)] = 7; }", "gave [7, 7"),
        ("this is not a kernel", "does not build"),
    ],
)
def test_a_device_that_fails_its_probe_is_rejected_with_the_reason(probe: str, reason: str) -> None:
    code = f"""
from clgrad.runtime import device, probe
probe.PROBE = {probe!r}
assert device.devices() == []
print(device.rejected_devices()[0].reason)
device.default_device()
"""
    done = run("-c", code)
    assert reason in done.stdout
    assert "DeviceNotFoundError: no OpenCL device works. Install a driver with" in done.stderr
    assert reason in done.stderr.partition("These do not work:")[2]


TWO_DEVICES = """
import numpy
from clgrad.runtime.device import devices, find_device
first, second = find_device("cpu:0"), find_device("cpu:1")
assert first is not second and first.memory is not second.memory and first.compiler is not second.compiler
values, out = numpy.arange(8.0), numpy.zeros(8)
a, b = first.memory.allocate(64), second.memory.allocate(64)
first.queue.write(a, 0, values)
first.queue.read(a, 0, out)
second.queue.write(b, 0, out + 1)
second.queue.read(b, 0, out)
print(len(devices()), out.tolist() == (values + 1).tolist())
"""


def test_two_devices_in_one_process() -> None:
    if not any("Portable" in device.platform_name for device in devices()):
        pytest.skip("only PoCL can show two devices without hardware")
    count, equal = output_of(TWO_DEVICES, POCL_DEVICES="pthread pthread").split()
    assert int(count) >= 2
    assert equal == "True"


FORK = """
import os, sys, time
import numpy
from clgrad.runtime import device
from clgrad.runtime.statistics import statistics

def child():
    calls = {
        "default": lambda: device.default_device().memory.allocate(4),
        "list": device.devices,
        "read": lambda: used.queue.read(buffer, 0, numpy.zeros(4)),
        "write": lambda: used.queue.write(buffer, 0, numpy.zeros(4)),
        "finish": used.queue.finish,
        "build": lambda: used.compiler.kernels([]),
    } if USED else {"default": lambda: device.default_device().memory.allocate(4)}
    for name, call in calls.items():
        try:
            call()
            print(name, "worked", flush=True)
        except Exception as problem:
            print(name, type(problem).__name__, "spawn" in str(problem), flush=True)
    statistics()

USED = sys.argv[1] == "used"
if USED:
    used = device.default_device()
    buffer = used.memory.allocate(64)
process = os.fork()
if not process:
    child()
    sys.exit(0)
for _ in range(600):
    done, status = os.waitpid(process, os.WNOHANG)
    if done:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.05)
os.kill(process, 9)
sys.exit("the child hangs")
"""


@pytest.mark.skipif(not hasattr(device_module.os, "fork"), reason="this system has no fork")
def test_a_forked_child_gets_an_error_instead_of_a_hang() -> None:
    done = run("-c", FORK, "used")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert all(line.endswith(" DeviceError True") for line in lines), done.stdout


@pytest.mark.skipif(not hasattr(device_module.os, "fork"), reason="this system has no fork")
def test_a_fork_before_the_first_use_is_fine() -> None:
    done = run("-c", FORK, "unused")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "default worked"


def test_threads_that_start_together_share_one_device() -> None:
    code = """
from threading import Barrier, Thread
from clgrad.runtime.device import default_device
barrier, found = Barrier(8), []
def use():
    barrier.wait()
    found.append(default_device())
threads = [Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len(set(found)))
"""
    assert output_of(code) == "8 1"


def test_a_driver_that_lists_no_device_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    opencl = load_opencl()
    real = opencl.get_platforms()

    def fails() -> None:
        raise opencl.LogicError("no hardware")

    broken = SimpleNamespace(name="Broken", version="OpenCL 3.0", get_devices=fails)
    idle = SimpleNamespace(name="Idle", version="OpenCL 3.0", get_devices=list)
    monkeypatch.setattr(opencl, "get_platforms", lambda: [broken, *real, idle])
    found = {platform.name: platform for platform in device_module.find_platforms()}
    assert found["Broken"].problem == "lists no devices: no hardware"
    assert found["Idle"].problem == "lists no devices"
    assert found[devices()[0].platform_name].devices


def test_the_errors_are_of_the_family() -> None:
    assert issubclass(DeviceNotFoundError, DeviceError)
    assert sys.modules["clgrad.runtime.device"] is device_module
