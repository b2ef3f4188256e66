"""Every kernel file compiles alone, with its own defaults, in every vector width and in both shapes."""

from __future__ import annotations

import re

import pytest

from clgrad.capabilities import Capabilities
from clgrad.runtime.device import default_device
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.pieces import Piece
from clgrad.runtime.program_text import preamble
from clgrad.runtime.shared_files import KERNEL_DIRECTORY, SHARED_FILES, kernel_text, shared_pieces

FILES = sorted(f"{path.parent.name}/{path.name}" for path in KERNEL_DIRECTORY.glob("*/*.cl"))
KERNEL_FILES = [file for file in FILES if file.startswith("kernels/")]


def test_all_files_are_known() -> None:
    assert {*SHARED_FILES, *KERNEL_FILES} == set(FILES)
    assert {f"kernels/{name}.cl" for name in ("pointwise", "rows", "columns", "matmul")} <= set(KERNEL_FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_file_says_first_what_it_holds(file: str) -> None:
    assert re.match(r"// \S.{30,}", kernel_text(file))


def of_width(capabilities: Capabilities, width: int) -> Capabilities:
    """These capabilities with vectors of so many floats; one is the width of GPU shape."""
    return capabilities._replace(kernel_shape="gpu" if width == 1 else "cpu", vector_width=width)


@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_files_compile_alone(width: int) -> None:
    """All in one program would not be alone: a define of one file could serve another. Names may repeat, though."""
    device = default_device()
    capabilities = of_width(device.capabilities, width)
    for file in KERNEL_FILES:
        shared = preamble(capabilities, kernel_text(file))
        names = re.findall(r"KERNEL\((\w+)\)\s*\(", kernel_text(file))
        entries = re.findall(r"#define ENTRY_(\w+)", kernel_text(file))
        assert entries, f"{file} has no default entries"
        assert set(entries) & set(names)
        program = device.compiler.program(f'{shared}\n#line 1 "{file}"\n{kernel_text(file)}\n', entries)
        for entry in entries:
            assert load_opencl().Kernel(program, entry).function_name == entry


# Those that macros make for many types are tried with one of floats and one of integers.
OTHER_TYPE = re.compile(r"DEFINE_\w+\((?!float|int)")
FUNCTIONS = [
    piece
    for piece in shared_pieces()
    if not piece.text.startswith(("#", "__constant", "typedef")) and not OTHER_TYPE.match(piece.text)
]


@pytest.mark.parametrize("width", [1, 8])
def test_functions_compile_with_all_others(width: int) -> None:
    every = " ".join(name for piece in shared_pieces() for name in sorted(piece.names))
    assert compiles(width, every)


@pytest.mark.parametrize("piece", FUNCTIONS, ids=lambda piece: min(piece.names))
def test_a_function_compiles_with_what_is_found_for_it(piece: Piece) -> None:
    assert compiles(8, min(piece.names))


def compiles(width: int, mentioned: str) -> bool:
    device = default_device()
    capabilities = of_width(device.capabilities, width)
    shared = preamble(capabilities, mentioned)
    return device.compiler.program(f"{shared}\n{PROBE}", ["probe"]) is not None


PROBE = "__kernel void probe(__global int *p) { p[0] = 1; }"
