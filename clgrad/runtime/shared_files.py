"""Which of the files that kernels share a program needs. Compilers spend longer on unused functions than we do."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

FIRST_FILE = "common.cl"
# Each may use what the files before it define.
FUNCTION_FILES = (
    "functions.cl", "logarithms.cl", "activations.cl", "trigonometry.cl", "arithmetic.cl", "hyperbolic.cl",
    "special_functions.cl", "integers.cl", "random.cl", "reductions.cl", "gather.cl",
)  # fmt: skip
SHARED_FILES = (FIRST_FILE, *FUNCTION_FILES)

# Functions and macros that a file defines. In macros that serve several types a name goes on with ##.
_DEFINITION = re.compile(r"(?:static\s+inline\s+\w+(?:\([^)]*\))?\s*\*?\s*|#define\s+)(\w+)(##)?")
_MENTION = re.compile(r"\b([A-Za-z]\w*)(##)?")
_COMMENT = re.compile(r"//.*")


def _kernel_directory() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "cl_kernels"
    return installed if installed.is_dir() else package.parent / "cl_kernels"


KERNEL_DIRECTORY = _kernel_directory()


@cache
def kernel_text(file: str) -> str:
    """The text of a file in `cl_kernels/`."""
    return (KERNEL_DIRECTORY / file).read_text(encoding="utf-8")


@cache
def shared_text_hash() -> str:
    """Changes with any of the shared files."""
    return hashlib.sha256("\0".join(map(kernel_text, (FIRST_FILE, *FUNCTION_FILES))).encode()).hexdigest()


class Names:
    """Names outside comments that a pattern finds in a text: whole ones, and beginnings of pasted ones."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        found = set(pattern.findall(_COMMENT.sub("", text)))
        self.whole = {name for name, pasted in found if not pasted}
        self.beginnings = {name for name, pasted in found if pasted}

    def meets(self, other: Names) -> bool:
        """Whether the two may have a name in common."""
        return (
            not self.whole.isdisjoint(other.whole)
            or not self.beginnings.isdisjoint(other.beginnings)
            or _any_starts(self.whole, other.beginnings)
            or _any_starts(other.whole, self.beginnings)
        )


def _any_starts(names: set[str], beginnings: set[str]) -> bool:
    starts = tuple(beginnings)
    return any(name.startswith(starts) for name in names)


def needed_files(text: str) -> tuple[str, ...]:
    """The shared files for a program of this text, in the order in which they must come."""
    mentioned = [Names(_MENTION, text)]
    needed: list[str] = []
    for file in reversed(FUNCTION_FILES):
        defined = _names(_DEFINITION, file)
        if any(defined.meets(names) for names in mentioned):
            needed.append(file)
            mentioned.append(_names(_MENTION, file))
    return (FIRST_FILE, *reversed(needed))


@cache
def _names(pattern: re.Pattern[str], file: str) -> Names:
    return Names(pattern, kernel_text(file))
