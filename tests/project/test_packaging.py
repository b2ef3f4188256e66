"""The project's own promises: what a wheel and an sdist hold, and what the documents must list."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.processes import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()
KERNELS = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cl_kernels").rglob("*.cl")}


def package_folders() -> set[str]:
    files = (ROOT / "clgrad").rglob("*.py")
    return {".".join(file.parent.relative_to(ROOT).parts) for file in files}


def test_every_package_is_installed() -> None:
    declared = set(PROJECT["tool"]["setuptools"]["packages"])
    assert declared == package_folders() | {"clgrad.cl_kernels"}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist of the sources, and the wheel that is built from that sdist and not from the checkout."""
    folder = tmp_path_factory.mktemp("distributions")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_wheel_holds_the_kernels_and_the_type_marker(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"clgrad/{name}" for name in KERNELS} | {"clgrad/py.typed"} <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"clgrad"}


def test_sdist_holds_what_a_person_needs_to_work_on_it(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {"Makefile", "run.py", "LICENSE", "CONTRIBUTING.md", "examples/digits.py", "tests/test_shapes.py"}
    assert expected | KERNELS <= names


@pytest.mark.parametrize("extra", sorted(PROJECT["project"]["optional-dependencies"]))
def test_readme_lists_the_extra(extra: str) -> None:
    assert f"| `{extra}` |" in README


def test_readme_lists_exactly_the_environment_variables_that_exist() -> None:
    sources = [path.read_text() for path in (ROOT / "clgrad").rglob("*.py")]
    read = set(re.findall(r"CLGRAD_[A-Z_]*[A-Z]", "\n".join(sources)))
    documented = set(re.findall(r"^\| `(CLGRAD_[A-Z_]+)` \|", README, re.MULTILINE))
    assert documented == read


def test_readme_lists_every_layer() -> None:
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    layers = {name for row in contract["layers"] for name in re.split(" [|:] ", row)} - {"__main__"}
    assert [layer for layer in sorted(layers) if f"`clgrad.{layer}`" not in README] == []
