"""Whether a device works: builds, runs and reads back a tiny kernel. Success is noted on disk."""

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
    """Like `find_problem`, but without a kernel if the device worked in an earlier process with the same drivers.

    If such a device later refuses a program, the tiny kernel is tried after all.
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
    """Raise DeviceError if the device does not work any more, and note on disk that it does not."""
    problem = find_problem(device)
    if problem is not None:
        device.cache.save(key, FAILED)
        raise DeviceError(
            f"{device} ({device.name}) worked in an earlier process with the same driver, and does not now: {problem}\n"
            "The next process tests this device again, and takes another if the test fails"
        )


def _key(device: Device) -> str:
    facts = [PROBE, *driver_facts(device.cl), *_driver_files()]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _driver_files() -> Iterator[str]:
    """Names, sizes and times of all drivers' files, because an update may break a device that worked."""
    for driver in find_drivers():
        for file in (driver.icd, Path(driver.library)):
            yield str(file)
            # A bare name is found by the dynamic linker only. Its `.icd` file changes with the package, too.
            if file.is_file():
                found = file.stat()
                yield f"{found.st_size} {found.st_mtime_ns}"
