"""`python -m clgrad`: what it prints, and its exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clgrad.cli import doctor, main
from clgrad.cli.doctor import SETTINGS
from clgrad.runtime.device import default_device, devices, set_default_device
from clgrad.runtime.drivers import Driver, install_commands
from tests.processes import run


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    set_default_device(None)
    yield
    monkeypatch.undo()
    set_default_device(None)


def without_lines(printed: str) -> str:
    """The words of the tables, where a cell has room for them in one line."""
    return " ".join(printed.translate(str.maketrans("│┃", "  ")).split())


def test_devices_lists_all_and_names_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices"]) == 0
    printed = capsys.readouterr().out
    for device in devices():
        assert str(device) in printed
        assert device.kind in printed
    chosen = default_device()
    assert f"Chosen: {chosen}, {chosen.name} on {chosen.platform_name}" in printed
    assert "the first that works, discrete before integrated before accelerator before cpu" in printed
    for fact in ("float64", "compute units", "one array", "groups up to"):
        assert fact in printed


def test_devices_says_that_a_variable_chose(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    last = devices()[-1]
    monkeypatch.setenv("CLGRAD_DEVICE", str(last))
    set_default_device(None)
    assert main(["devices"]) == 0
    assert f"Chosen: {last}, " in (printed := capsys.readouterr().out)
    assert f"(CLGRAD_DEVICE={last})" in printed


@pytest.mark.parametrize("command", ["devices", "doctor"])
def test_a_choice_that_matches_nothing_fails(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLGRAD_DEVICE", "gpu:77")
    set_default_device(None)
    assert main([command]) == 1
    printed = capsys.readouterr().out
    assert "no device matches CLGRAD_DEVICE='gpu:77'" in printed
    assert devices()[0].name in printed


def test_doctor_finds_a_working_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "clgrad works here." in printed
    assert "program cache" in printed
    assert "choice" in printed


def test_doctor_shows_the_settings(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLGRAD_CACHE_LIMIT", "32M")
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "CLGRAD_CACHE_LIMIT" in printed
    assert "at most 32.0 MiB" in printed


def test_doctor_mends_a_cache_folder_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs").chmod(0o777)
    monkeypatch.setenv("CLGRAD_CACHE_DIR", str(tmp_path))
    assert main(["doctor"]) == 0, "it works without a cache"
    printed = capsys.readouterr().out
    assert f"  chmod 700 {tmp_path / 'programs'}\n" in printed
    assert "  export CLGRAD_CACHE_DIR=" in printed


def test_doctor_mends_broken_drivers_but_not_what_a_package_leaves_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "names a library that does not exist"
    drivers = [
        Driver("environment", Path("/v/intel-fpga_emu.icd"), "/opt/conda/libintelocl_emu.so", missing),
        Driver("environment", Path("/v/intel-cpu.icd"), "/opt/conda/libintelocl.so", missing),
        Driver("system", Path("/v/old.icd"), "/usr/lib/libold.so", missing),
    ]
    monkeypatch.setattr(doctor, "find_drivers", lambda: drivers)
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "To fix driver intel-fpga_emu.icd" not in printed
    assert "To fix driver intel-cpu.icd (environment), run\n" in printed
    assert "  rm /v/old.icd\n" in printed


def test_doctor_reports_settings_that_make_no_sense(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLGRAD_CACHE_LIMIT", "plenty")
    assert main(["doctor"]) == 1
    assert "  unset CLGRAD_CACHE_LIMIT\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["devices", "doctor"])
def test_without_a_driver_both_name_the_commands(command: str, tmp_path: Path) -> None:
    icd = tmp_path / "libintelocl.icd"
    icd.write_text("/nowhere/libintelocl.so")
    done = run("-m", "clgrad", command, OCL_ICD_VENDORS=str(icd))
    assert done.returncode == 1, done.stderr
    assert "no OpenCL device works" in done.stdout
    assert "/nowhere/libintelocl.so, which does not exist" in without_lines(done.stdout)
    for line in install_commands():
        assert f"  {line}\n" in done.stdout


def test_a_rejected_device_is_shown_with_its_reason() -> None:
    code = """
import sys
from clgrad.cli import doctor, main
from clgrad.runtime import device, probe
probe.PROBE = "[not] a kernel"
sys.exit(main([sys.argv[1]]))
"""
    for command in ("devices", "doctor"):
        done = run("-c", code, command)
        assert done.returncode == 1
        assert "does not build on" in done.stdout
        assert install_commands()[0] in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["devices", "extra"]])
def test_wrong_arguments_are_told_from_broken_machines(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: clgrad" in capsys.readouterr().err
