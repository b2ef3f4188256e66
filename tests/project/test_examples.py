"""The examples run as a user runs them, and reach what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

EXAMPLES = ROOT / "examples"


def test_digits_are_learned(tmp_path: Path) -> None:
    for package in ("sklearn", "matplotlib", "tqdm"):
        pytest.importorskip(package)
    picture = tmp_path / "digits.png"
    command = [sys.executable, str(EXAMPLES / "digits.py"), "--picture", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    accuracy = re.search(r"test accuracy (\S+), [\d,]+ images per second", done.stdout)
    assert accuracy, done.stdout
    assert float(accuracy[1]) >= 0.97
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_fits_on_two_screens(example: Path) -> None:
    assert len(example.read_text().splitlines()) < 100
