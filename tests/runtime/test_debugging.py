"""CLGRAD_DEBUG: one rule for the setting, and errors of kernels that name op and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from clgrad.errors import ArgumentError
from clgrad.runtime.debugging import debug_level, is_debugging
from tests.processes import run


@pytest.mark.parametrize(("given", "level"), [("", 0), ("0", 0), ("1", 1), ("2", 2)])
def test_levels(monkeypatch: pytest.MonkeyPatch, given: str, level: int) -> None:
    monkeypatch.setenv("CLGRAD_DEBUG", given)
    assert debug_level() == level
    assert is_debugging() == bool(level)


@pytest.mark.parametrize("given", ["yes", "3", "00"])
def test_an_unknown_level_is_an_error_of_the_first_device(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CLGRAD_DEBUG", given)
    with pytest.raises(ArgumentError, match=f"CLGRAD_DEBUG='{given}'.*use 0, 1 or 2"):
        debug_level()
    assert run("-c", "import clgrad", CLGRAD_DEBUG=given).returncode == 0
    done = run("-c", "from clgrad import np; np.ones(1)", CLGRAD_DEBUG=given)
    assert f"ArgumentError: CLGRAD_DEBUG='{given}' is not a level of debugging" in done.stderr


def test_the_doctor_names_an_unknown_level() -> None:
    done = run("-m", "clgrad", "doctor", CLGRAD_DEBUG="yes")
    assert done.returncode == 1
    assert "CLGRAD_DEBUG='yes' is not a level of debugging" in done.stdout
    assert done.stderr == ""


BAD_INDEX = """
from clgrad import np
table = np.arange(12).reshape(4, 3)
rows = np.array([1, 9], dtype="int32")
good = table[np.array([1, 2], dtype="int32")]
bad = {call}
total = (bad * 2 + good).sum()
total.item()
"""


@pytest.mark.parametrize(("call", "op"), [("table[rows]", "getitem"), ("np.take(table, rows, axis=0)", "take")])
def test_a_bad_index_names_op_and_line(tmp_path: Path, call: str, op: str) -> None:
    program = tmp_path / "train.py"
    program.write_text(BAD_INDEX.format(call=call))
    done = run(str(program), CLGRAD_DEBUG="1")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"clgrad.errors.IndexOutOfRangeError: {op}: ")
    assert last.endswith(f"(asked for in {program}:6)")
    assert "asked for in" not in run(str(program)).stderr


def test_bad_data_of_other_checks_names_its_line(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text("from clgrad import np\nx = np.array([2], dtype='int32')\n(x ** -x).item()\n")
    done = run(str(program), CLGRAD_DEBUG="1")
    assert done.stderr.strip().endswith(f"(asked for in {program}:3)")


def test_level_two_names_each_launch_before_it_starts() -> None:
    code = "from clgrad import np; (np.ones(3) + 1).wait_to_read()"
    assert ": launching fill (" in run("-c", code, CLGRAD_DEBUG="2").stderr
    assert ": launching" not in run("-c", code, CLGRAD_DEBUG="1").stderr
