"""The kernels that `run.py gpu-check` compiles: all there are, as a device would build them, without any device."""

from __future__ import annotations

import re

import pytest

from clgrad.kernels.matmul.gpu import TILES
from clgrad.runtime.shared_files import KERNEL_DIRECTORY
from tests.processes import output_of
from tools.gpu_check.capture import Kernel, captured, programs
from tools.gpu_check.check import jobs
from tools.gpu_check.devices import DEVICES, DeviceClass
from tools.gpu_check.families import FAMILIES, TARGETS

ENTRIES = {
    entry
    for path in KERNEL_DIRECTORY.glob("kernels/*.cl")
    for entry in re.findall(r"^#define ENTRY_(\w+)", path.read_text(), re.MULTILINE)
}


@pytest.fixture(scope="module", params=DEVICES, ids=lambda device: device.name)
def device(request: pytest.FixtureRequest) -> DeviceClass:
    found: DeviceClass = request.param
    return found


@pytest.fixture(scope="module")
def kernels(device: DeviceClass) -> list[Kernel]:
    return captured(device.capabilities)


def test_every_kernel_is_reached(kernels: list[Kernel]) -> None:
    assert len(ENTRIES) > 15
    assert {kernel.source.name for kernel in kernels} >= ENTRIES


def test_every_tile_is_reached_that_fits(device: DeviceClass, kernels: list[Kernel]) -> None:
    fitting = {f"{one.rows}x{one.columns}" for one in TILES if one.local_memory(4) <= device.capabilities.local_memory}
    reached = {kernel.label.split()[1] for kernel in kernels if kernel.label.startswith("matmul_tiles")}
    assert reached >= fitting


def test_only_devices_with_doubles_get_kernels_with_doubles(device: DeviceClass, kernels: list[Kernel]) -> None:
    doubles = {kernel.label for kernel in kernels if kernel.label.endswith("double")}
    assert bool(doubles) == device.capabilities.fp64


def test_each_kernel_is_in_one_program_with_its_text(device: DeviceClass, kernels: list[Kernel]) -> None:
    found = programs(kernels, device.capabilities, size=50)
    names = [name for program in found for name in program.kernels]
    assert sorted(names) == sorted(kernel.source.kernel_name for kernel in kernels)
    for program in found:
        assert len(program.kernels) <= 50
        assert all(name.rpartition("_")[2] in program.text for name in program.kernels)


def test_work_groups_are_those_of_the_launches(device: DeviceClass, kernels: list[Kernel]) -> None:
    assert all(1 <= kernel.group <= device.capabilities.max_group_size for kernel in kernels)
    assert all(kernel.cases for kernel in kernels)


def test_every_target_belongs_to_a_class_of_devices() -> None:
    assert {target for device in DEVICES for target in device.targets} == set(TARGETS)


def test_equal_kernels_of_several_classes_are_compiled_once() -> None:
    (spirv,) = (family for family in FAMILIES if family.name == "SPIR-V")
    devices = [device for device in DEVICES if set(device.targets) & set(spirv.targets)]
    work = jobs(spirv.targets, devices)
    texts = [(job.program.text.partition("#line")[0], name) for job in work for name in job.program.kernels]
    assert len(devices) == 3
    assert len(set(texts)) == len(texts)


def test_no_driver_is_loaded() -> None:
    program = """
import sys
from tools.gpu_check.capture import captured
from tools.gpu_check.devices import DEVICES
assert captured(DEVICES[0].capabilities)
print("pyopencl" in sys.modules)
"""
    assert output_of(program) == "False"
