"""Devices for tests: one in each kernel shape, on the driver that clgrad chooses."""

from __future__ import annotations

import pytest

from clgrad.runtime import compiler
from clgrad.runtime.device import Device, default_device

# What a compiler warns of is a mistake in a kernel.
compiler.OPTIONS += " -Werror"


def _shaped(shape: str) -> Device:
    """The default device as it would be in another kernel shape."""
    chosen = default_device()
    if chosen.kernel_shape == shape:
        return chosen
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
