"""The tiny kernel that tells whether a device works, and the answer that is kept for later processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clgrad.errors import BuildError
from clgrad.runtime import probe
from clgrad.runtime.device import Device, default_device
from clgrad.runtime.drivers import Driver
from clgrad.sources import KernelSource
from tests.processes import output_of, run

CHOOSE = """
from clgrad.runtime.device import default_device
from clgrad.runtime.statistics import statistics
default_device()
now = statistics()
print(now["builds"], now["launches"])
"""


def test_a_device_that_worked_is_not_tried_again(tmp_path: Path) -> None:
    tried = output_of(CHOOSE, CLGRAD_CACHE_DIR=str(tmp_path))
    assert tried.split()[0] != "0"
    assert output_of(CHOOSE, CLGRAD_CACHE_DIR=str(tmp_path)) == "0 0"
    assert output_of(CHOOSE, CLGRAD_CACHE_DIR=str(tmp_path), CLGRAD_CACHE_LIMIT="0") == tried


def test_a_device_that_fails_is_tried_in_every_process(tmp_path: Path) -> None:
    code = "from clgrad.runtime import device, probe; probe.PROBE = 'no kernel'; print(device.rejected_devices() != [])"
    for _ in range(2):
        assert output_of(code, CLGRAD_CACHE_DIR=str(tmp_path)) == "True"


BREAK = """
from clgrad import np
from clgrad.runtime import programs
programs.OPTIONS = "-no-such-option"
print((np.ones(3) + 1).tolist())
"""


def test_a_device_that_works_no_longer_says_so_and_is_tried_again(tmp_path: Path) -> None:
    tried = output_of(CHOOSE, CLGRAD_CACHE_DIR=str(tmp_path))
    done = run("-c", BREAK, CLGRAD_CACHE_DIR=str(tmp_path))
    assert "DeviceError: cpu(0)" in done.stderr
    assert "in an earlier process with the same driver, and does not now: a program does not build" in done.stderr
    done = run("-c", BREAK, CLGRAD_CACHE_DIR=str(tmp_path))
    assert "DeviceNotFoundError" in done.stderr, "now the device is tried before it is chosen"
    assert output_of(CHOOSE, CLGRAD_CACHE_DIR=str(tmp_path)).split()[1] == tried.split()[1]


def test_the_first_refusal_alone_makes_a_device_be_tried() -> None:
    compiler = Device(default_device().cl, default_device().kind, 100).compiler
    calls: list[str] = []
    compiler.when_refused(lambda: calls.append("tried"))
    for _ in range(2):
        with pytest.raises(BuildError, match="absent_"):
            compiler.kernels([KernelSource("pointwise.cl", "absent")])
    assert calls == ["tried"]


def test_other_driver_files_are_another_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icd, library = tmp_path / "a.icd", tmp_path / "driver.so"
    icd.write_text(str(library))
    drivers = [Driver("variable", icd, str(library)), Driver("variable", icd, "libbare.so.1")]
    monkeypatch.setattr(probe, "find_drivers", lambda: drivers)
    keys = [probe._key(default_device())]
    library.write_bytes(b"code")
    keys.append(probe._key(default_device()))
    os.utime(library, (1, 1))
    keys.append(probe._key(default_device()))
    assert keys[-1] == probe._key(default_device())
    monkeypatch.setattr(probe, "PROBE", "")
    keys.append(probe._key(default_device()))
    assert len(set(keys)) == 4
