"""Drivers are found wherever they were installed, with no setting by the user."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from clgrad.runtime import drivers
from clgrad.runtime.drivers import Driver, driver_problem, find_drivers, install_commands
from tests.processes import output_of, run

PLATFORMS = """
from clgrad.runtime.device import devices, rejected_devices
for one in [*devices(), *rejected_devices()]:
    print(one.platform_name, one.driver_version, "rejected" if hasattr(one, "reason") else "works", sep="|")
"""


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No setting of the user's."""
    for name in ("OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def installed(origin: str, library: str) -> list[Driver]:
    usable = [one for one in find_drivers() if not one.problem]
    return [one for one in usable if one.origin == origin and library in one.library]


def pocl_library() -> Path:
    """The system's PoCL as a file."""
    named = [one.library for one in installed("system", "pocl")]
    found = [path for name in named for path in Path("/usr").glob(f"lib*/**/{Path(name).name}")]
    if not found:
        pytest.skip("PoCL is not installed in the system (apt-get install pocl-opencl-icd)")
    return found[0]


def test_importing_touches_no_driver() -> None:
    code = "import sys, clgrad.runtime.device; print('pyopencl' in sys.modules)"
    assert output_of(code) == "False"


def test_a_driver_of_the_system_is_found(clean: pytest.MonkeyPatch) -> None:
    if not installed("system", ""):
        pytest.skip("no OpenCL driver is installed in the system")
    pocl_library()
    assert "Portable Computing Language|" in output_of(PLATFORMS)


def test_the_driver_of_the_pocl_wheel_is_found(clean: pytest.MonkeyPatch) -> None:
    if not installed("pyopencl", "pocl"):
        pytest.skip("the PoCL wheel is not installed (pip install 'pyopencl[pocl]')")
    # Alone: it may be listed and yet refuse to build, which is then the reason of its rejection.
    listed = output_of(PLATFORMS, OPENCL_VENDOR_PATH="/nonexistent").splitlines()
    assert any(line.startswith("Portable Computing Language|") for line in listed)


def test_the_driver_of_the_intel_wheel_is_found_and_works(clean: pytest.MonkeyPatch) -> None:
    if not installed("environment", "libintelocl"):
        pytest.skip("the Intel runtime is not installed (pip install intel-opencl-rt intel-cmplr-lib-rt)")
    lines = output_of(PLATFORMS).splitlines()
    assert any("Intel" in line and line.endswith("|works") for line in lines)


def test_every_driver_can_be_shown_alone(clean: pytest.MonkeyPatch) -> None:
    for driver in find_drivers():
        if driver_problem(driver) is None:
            lines = output_of(PLATFORMS, OCL_ICD_VENDORS=driver.library).splitlines()
            assert len({line.split("|")[0] for line in lines}) <= 1


@pytest.fixture
def environment_with_driver(tmp_path: Path) -> Path:
    """An environment as the Intel wheel leaves it: an .icd file with the path of another machine."""
    vendors, libraries = tmp_path / "etc/OpenCL/vendors", tmp_path / "lib"
    vendors.mkdir(parents=True)
    libraries.mkdir()
    library = pocl_library()
    (libraries / library.name).symlink_to(library)
    # PoCL loads its parts from a folder beside itself.
    (libraries / "pocl").symlink_to(library.parent / "pocl")
    (vendors / "moved.icd").write_text(f"/machine/that/built/it/lib/{library.name}\n")
    (vendors / "broken.icd").write_text("/machine/that/built/it/lib/libmissing.so\n")
    return tmp_path


def test_an_icd_file_with_a_wrong_path_is_mended(clean: pytest.MonkeyPatch, environment_with_driver: Path) -> None:
    clean.setenv("CONDA_PREFIX", str(environment_with_driver))
    found = {one.icd.name: one for one in find_drivers() if environment_with_driver in one.icd.parents}
    assert Path(found["moved.icd"].library).parent == environment_with_driver / "lib"
    assert found["moved.icd"].problem is None
    assert "does not exist" in str(found["broken.icd"].problem)


def test_a_driver_of_the_environment_alone_is_enough(environment_with_driver: Path) -> None:
    prefix = str(environment_with_driver)
    lines = output_of(PLATFORMS, CONDA_PREFIX=prefix, OPENCL_VENDOR_PATH="/nonexistent").splitlines()
    assert any(line.startswith("Portable Computing Language|") for line in lines)
    assert any(line.endswith("works") for line in lines)


def test_a_library_that_is_named_twice_gives_its_devices_once(environment_with_driver: Path) -> None:
    lines = output_of(PLATFORMS, CONDA_PREFIX=str(environment_with_driver)).splitlines()
    assert len(lines) == len(output_of(PLATFORMS).splitlines())


def test_the_private_folder_and_the_variable_are_gone_afterwards(environment_with_driver: Path, tmp_path: Path) -> None:
    code = """
import os
from clgrad.runtime.device import devices
devices()
print("OCL_ICD_VENDORS" in os.environ)
"""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    prefix = str(environment_with_driver)
    assert output_of(code, CONDA_PREFIX=prefix, TMPDIR=str(temporary)) == "False"
    assert not list(temporary.glob("clgrad-drivers-*"))


def test_the_users_choice_of_drivers_is_respected(environment_with_driver: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code = "from clgrad.runtime.drivers import find_drivers; print([one.origin for one in find_drivers()])"
    changes = {"CONDA_PREFIX": str(environment_with_driver), "OCL_ICD_VENDORS": str(empty)}
    assert "environment" not in output_of(code, **changes)


def test_damaged_icd_files_are_reported_and_skipped(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.icd").write_text("")
    (tmp_path / "binary.icd").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "missing.icd").write_text("libclgrad-does-not-exist.so")
    clean.setenv("OCL_ICD_VENDORS", str(tmp_path))
    problems = {one.icd.name: driver_problem(one) for one in find_drivers() if one.origin == "variable"}
    assert problems["empty.icd"] == "is empty"
    assert "cannot be read" in str(problems["binary.icd"])
    assert "libclgrad-does-not-exist.so" in str(problems["missing.icd"])


@pytest.mark.skipif(sys.platform != "linux", reason="names a library of Linux")
def test_a_library_that_is_no_driver_is_named_as_such(tmp_path: Path) -> None:
    icd = tmp_path / "wrong.icd"
    icd.write_text("libc.so.6")
    said = "libc.so.6 is no OpenCL driver: it has no function clGetExtensionFunctionAddress"
    done = run("-c", "from clgrad.runtime.device import default_device as d; d()", OCL_ICD_VENDORS=str(icd))
    assert f"{icd}: {said}" in done.stderr
    assert "no OpenCL device works" in done.stderr
    assert "no OpenCL driver was found" not in done.stderr


def test_without_a_driver_one_error_names_both_commands(tmp_path: Path) -> None:
    vendors = tmp_path / "none.icd"
    vendors.write_text("libclgrad-does-not-exist.so")
    code = "from clgrad.runtime.device import default_device; default_device()"
    done = run("-c", code, OCL_ICD_VENDORS=str(vendors))
    assert "DeviceNotFoundError" in done.stderr
    assert "libclgrad-does-not-exist.so" in done.stderr
    for command in install_commands():
        assert f"  {command}\n" in done.stderr


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "sudo apt-get install pocl-opencl-icd"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "sudo apt-get install pocl-opencl-icd"),
        ({"ID": "fedora"}, "sudo dnf install pocl"),
        ({"ID": "unheard-of"}, "conda install -c conda-forge pyopencl pocl"),
    ],
)
def test_the_command_is_the_one_of_the_system(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], command: str
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert install_commands()[0] == command


@pytest.mark.parametrize(("machine", "package"), [("x86_64", "intel-cmplr-lib-rt"), ("aarch64", "conda install")])
def test_the_pip_command_is_the_one_of_the_processor(
    monkeypatch: pytest.MonkeyPatch, machine: str, package: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert package in drivers.pip_command()


def test_a_broken_pyopencl_is_a_clear_error() -> None:
    code = """
import sys
sys.modules["pyopencl"] = None
from clgrad.runtime.device import devices
devices()
"""
    done = run("-c", code)
    assert "DeviceError: pyopencl cannot be imported" in done.stderr
    assert "--force-reinstall pyopencl" in done.stderr
