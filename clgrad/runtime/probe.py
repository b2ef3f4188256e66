"""Whether a device works: builds, runs and reads back a tiny kernel. That it did is kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from clgrad.errors import DeviceError
from clgrad.runtime.drivers import find_drivers, load_opencl
from clgrad.runtime.programs import driver_facts

if TYPE_CHECKING:
    from clgrad.runtime.device import Device

PROBE = """
kernel void clgrad_probe(global int *out, int start) {
    out[get_global_id(0)] = start + (int)get_global_id(0);
}
"""
WORKED = b"worked"
FAILED = b"failed"


def find_problem(device: Device) -> str | None:
    """Why a device does not work, or None. Builds, runs and reads back a tiny kernel."""
    try:
        _count(device)
    except (DeviceError, load_opencl().Error) as problem:
        return str(problem).strip()
    return None


def _count(device: Device) -> None:
    count, start = 16, 5
    program = device.compiler.program(PROBE, ["clgrad_probe"])
    kernel = load_opencl().Kernel(program, "clgrad_probe")
    buffer = device.memory.allocate(4 * count)
    kernel.set_args(buffer.cl, numpy.int32(start))
    device.queue.launch(kernel, (count,), (1,), "the probe kernel")
    out = numpy.zeros(count, numpy.int32)
    device.queue.read(buffer, 0, out)
    if (out != numpy.arange(start, start + count)).any():
        raise DeviceError(f"a kernel that counts from {start} gave {out.tolist()}")


def find_new_problem(device: Device) -> str | None:
    """The same, without a kernel where the device worked in an earlier process with the same drivers.

    The first program that such a device refuses makes it try the tiny kernel after all.
    """
    key = _key(device)
    if device.cache.load(key) == WORKED:
        device.compiler.when_refused(lambda: _confirm(device, key))
        return None
    problem = find_problem(device)
    if problem is None:
        device.cache.save(key, WORKED)
    return problem


def _confirm(device: Device, key: str) -> None:
    """Raises DeviceError where the device does not work any more, and forgets that it did."""
    problem = find_problem(device)
    if problem is not None:
        device.cache.save(key, FAILED)
        raise DeviceError(
            f"{device} ({device.name}) worked in an earlier process with the same driver, and does not now: {problem}\n"
            "The next process tries it first, and takes another device if there is one that works"
        )


def _key(device: Device) -> str:
    facts = [PROBE, *driver_facts(device.cl), *_driver_files()]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _driver_files() -> Iterator[str]:
    """Names, sizes and times of the files of all drivers: a new one may lack what the old one could."""
    for driver in find_drivers():
        for file in (driver.icd, Path(driver.library)):
            yield str(file)
            # A bare name is the dynamic linker's to find; the `.icd` file beside it changes with the package.
            if file.is_file():
                found = file.stat()
                yield f"{found.st_size} {found.st_mtime_ns}"
