"""The files of OpenCL C: kernels in `cl_kernels/kernels/`, functions that they share in `cl_kernels/functions/`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from clgrad.runtime.pieces import Macros, Piece, needed, pieces_of

FIRST_FILE = "functions/common.cl"
# Each file may use the definitions of the files before it.
FUNCTION_FILES = tuple(
    f"functions/{name}.cl"
    for name in (
        "exponentials", "logarithms", "activations", "trigonometry", "arithmetic", "hyperbolic", "special", "integers",
        "random", "reduction", "gather", "matmul",
    )
)  # fmt: skip
SHARED_FILES = (FIRST_FILE, *FUNCTION_FILES)


def _kernel_directory() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "cl_kernels"
    return installed if installed.is_dir() else package.parent / "cl_kernels"


KERNEL_DIRECTORY = _kernel_directory()


@cache
def kernel_text(file: str) -> str:
    """The text of a file, which has its path in `cl_kernels/` as its name."""
    return (KERNEL_DIRECTORY / file).read_text(encoding="utf-8")


@cache
def shared_text_hash() -> str:
    """The hash of all shared files."""
    return hashlib.sha256("\0".join(map(kernel_text, SHARED_FILES)).encode()).hexdigest()


def numbered(file: str) -> str:
    """The text of a file after a `#line` directive, so that errors name the file and its lines."""
    return f'#line 1 "{file}"\n{kernel_text(file)}'


@cache
def shared_macros() -> Macros:
    """The macros with parameters of all shared files."""
    return Macros("\n".join(map(kernel_text, SHARED_FILES)))


@cache
def shared_pieces() -> list[Piece]:
    """The pieces of the function files, each after the pieces that it uses."""
    return [piece for file in FUNCTION_FILES for piece in pieces_of(file, kernel_text(file), shared_macros())]


def shared_text(kernels: str) -> str:
    """The part of the shared files that a program with the text of these kernels needs."""
    # Kernels of the same file differ in their defines only.
    once = dict.fromkeys(kernels.split("#line 1 "))
    pieces = needed(shared_pieces(), "\n".join(once), shared_macros())
    return "\n".join((numbered(FIRST_FILE), *(piece.placed() for piece in pieces)))
