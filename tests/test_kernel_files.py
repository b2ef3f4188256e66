"""Every kernel file compiles alone, with its own defaults, in every vector width and in both shapes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clgrad.runtime.compiler import preamble
from clgrad.runtime.device import default_device
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.shared_files import FUNCTION_FILES, KERNEL_DIRECTORY, SHARED_FILES, kernel_text, needed_files

FILES = sorted(path.name for path in KERNEL_DIRECTORY.glob("*.cl"))
KERNEL_FILES = [file for file in FILES if file not in SHARED_FILES]


def test_all_files_are_known() -> None:
    assert set(SHARED_FILES) < set(FILES)
    assert {"pointwise.cl", "rows.cl", "columns.cl", "matmul.cl"} <= set(KERNEL_FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_file_says_first_what_it_holds(file: str) -> None:
    assert re.match(r"// \S.{30,}", kernel_text(file))


@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_files_compile_alone(width: int) -> None:
    """All in one program would not be alone: a define of one file could serve another. Names may repeat, though."""
    device = default_device()
    capabilities = replace(device.capabilities, vector_width=width)
    for file in KERNEL_FILES:
        shared = preamble(capabilities, "gpu" if width == 1 else "cpu", kernel_text(file))
        names = re.findall(r"KERNEL\((\w+)\)\s*\(", kernel_text(file))
        entries = re.findall(r"#define ENTRY_(\w+)", kernel_text(file))
        assert entries, f"{file} has no default entries"
        assert set(entries) & set(names)
        program = device.compiler.program(f'{shared}\n#line 1 "{file}"\n{kernel_text(file)}\n', entries)
        for entry in entries:
            assert load_opencl().Kernel(program, entry).function_name == entry


@pytest.mark.parametrize("width", [1, 8])
def test_function_files_compile_on_what_they_say_they_need(width: int) -> None:
    device = default_device()
    capabilities = replace(device.capabilities, vector_width=width)
    for file in FUNCTION_FILES:
        text = f'#line 1 "{file}"\n{kernel_text(file)}\n'
        before = [one for one in needed_files(text) if one != file]
        shared = preamble(capabilities, "gpu" if width == 1 else "cpu", "".join(map(kernel_text, before)))
        device.compiler.program(f"{shared}\n{text if file not in needed_files(shared) else ''}\n{PROBE}", ["probe"])


PROBE = "__kernel void probe(__global int *p) { p[0] = 1; }"


def test_programs_get_the_functions_that_they_mention() -> None:
    assert needed_files("x + y") == ("common.cl",)
    assert needed_files("exp_float(v0)") == ("common.cl", "functions.cl")
    for name in ("horizontal_sum_float", "group_sum_int", "combine_maximum_uchar", "TWO_SUM"):
        assert needed_files(f"{name}(total)") == ("common.cl", "reductions.cl")
    assert {"functions.cl", "random.cl"} <= set(needed_files("uniform_float(v0)"))
