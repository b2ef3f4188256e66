"""The README's Python sessions and the rows of docs/differences.md run as they stand there."""

from __future__ import annotations

import builtins
import copy
import doctest
import pickle
import re
from types import ModuleType
from typing import Any

import numpy
import pytest

from clgrad import np, npx
from tests.processes import ROOT

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_readme_sessions() -> None:
    readme = ROOT / "README.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", readme.read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", str(readme), 0)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(session, out=report.append)
    assert not report, "".join(report)


ROWS = re.findall(r"^\| `(.*?)` \| `(.*?)` \| (.*?) \|", (ROOT / "docs/differences.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("program", "ours", "theirs"), ROWS, ids=[program for program, *_ in ROWS])
def test_differences(program: str, ours: str, theirs: str) -> None:
    check(program, np, ours)
    if theirs.startswith("`") and numpy.lib.NumpyVersion(numpy.__version__) >= "2.0.0":
        check(program, numpy, theirs.strip("`"))


def check(program: str, module: ModuleType, expected: str) -> None:
    error = getattr(builtins, expected) if expected.endswith("Error") else None
    if error is None:
        assert result_of(program, module) == eval(expected)
    else:
        with pytest.raises(error):
            result_of(program, module)


def result_of(program: str, module: ModuleType) -> Any:
    *steps, last = program.split("; ")
    names = {"np": module, "npx": npx, "numpy": numpy, "pickle": pickle, "copy": copy}
    exec("\n".join(steps), names)
    return eval(last, names)


def test_every_row_is_found() -> None:
    rows = [line for line in (ROOT / "docs/differences.md").read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(ROWS) > 30
