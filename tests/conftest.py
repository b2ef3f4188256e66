"""Devices for tests: one in each kernel shape, on the driver that clgrad chooses."""

from __future__ import annotations

import pytest

from clgrad.errors import BuildError, DeviceNotFoundError
from clgrad.runtime import programs
from clgrad.runtime.device import Device, default_device
from clgrad.runtime.program_text import preamble

# What a compiler warns of is a mistake in a kernel.
programs.WARNINGS = "-Werror"

WIDE = "kernel void wide(global long_v *p) { p[0] = convert_long_v(convert_int_v(p[1])); }"


@pytest.fixture(scope="session", autouse=True)
def warnings_are_errors() -> None:
    """Not for compilers that warn of vectors wider than a register although common.cl asks them not to: PoCL 7.1 does.

    clang itself reads all kernel files in test_kernel_warnings.py.
    """
    try:
        device = default_device()
        capabilities = device.capabilities._replace(kernel_shape="cpu", vector_width=16)
        device.compiler.program(f"{preamble(capabilities, WIDE)}\n{WIDE}\n", ["wide"])
    except DeviceNotFoundError:
        return
    except BuildError as problem:
        if "changes the ABI" not in str(problem):
            raise
        programs.WARNINGS = "-w"


def _shaped(shape: str) -> Device:
    """The default device as it would be in another kernel shape."""
    chosen = default_device()
    return chosen if chosen.capabilities.kernel_shape == shape else _another(chosen, shape)


def _another(chosen: Device, shape: str) -> Device:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLGRAD_KERNEL_SHAPE", shape)
        return Device(chosen.cl, chosen.kind, 100)


@pytest.fixture(scope="session")
def devices() -> dict[str, Device]:
    return {shape: _shaped(shape) for shape in ("cpu", "gpu")}


@pytest.fixture(params=["cpu", "gpu"])
def device(request: pytest.FixtureRequest, devices: dict[str, Device]) -> Device:
    """The device in CPU shape, then in GPU shape."""
    found: Device = devices[request.param]
    return found


@pytest.fixture(scope="session")
def quick_devices() -> dict[str, Device]:
    """Devices whose kernels are compiled without optimisation, which takes a fifth of the time."""
    return {shape: _another(default_device(), shape) for shape in ("cpu", "gpu")}


@pytest.fixture(params=["cpu", "gpu"])
def quick_device(
    request: pytest.FixtureRequest, quick_devices: dict[str, Device], monkeypatch: pytest.MonkeyPatch
) -> Device:
    """For tests of hundreds of kernels, which are as right or wrong with optimisation: others test that."""
    monkeypatch.setattr(programs, "OPTIONS", f"{programs.OPTIONS} -cl-opt-disable")
    found: Device = quick_devices[request.param]
    return found
