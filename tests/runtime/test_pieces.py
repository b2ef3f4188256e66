"""Programs hold the shared functions that their kernels mention, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clgrad.runtime.build_log import places
from clgrad.runtime.pieces import Macros, needed, pieces_of
from clgrad.runtime.shared_files import FUNCTION_FILES, kernel_text, shared_pieces, shared_text

TEXT = """// A file, whose first comment is about (brackets.
#if HAS_DOUBLE
#define HALF_double 0.5
#endif
#define HALF_float 0.5f     // one half

__constant float TABLE_float[] = {1.0f,
                                  2.0f};

static inline float first(float x) { return TABLE_float[0] * x; }

#define DEFINE_HALVES(T)                                                                                              \\
    /* halves, } of all types */                                                                                      \\
    static inline T half_##T(T x) { return HALF_##T * x; }                                                            \\
    static inline PASTE(T, 2) quarter_##T(T x) { return half_##T(half_##T(x)); }
DEFINE_HALVES(float)
#if HAS_DOUBLE
DEFINE_HALVES(double)
#endif

#define EIGHTH(T, x) half_##T(quarter_##T(x))

#if WIDE
#define LANES 8
#else
#define LANES 4
#endif

static inline float last(float x) {
#if WIDE
    return EIGHTH(float, first(x));
#else
    return x;
#endif
}
"""
MACROS = Macros(TEXT)
PIECES = pieces_of("file.cl", TEXT, MACROS)


def lines_for(text: str) -> list[int]:
    return [piece.line for piece in needed(PIECES, text, MACROS)]


def test_a_file_is_cut_into_what_is_there_for_itself() -> None:
    assert [(piece.line, sorted(piece.names)) for piece in PIECES] == [
        (3, ["HALF_double"]),
        (5, ["HALF_float"]),
        (7, ["TABLE_float"]),
        (10, ["first"]),
        (12, ["DEFINE_HALVES"]),
        (16, ["half_float", "quarter_float"]),
        (18, ["half_double", "quarter_double"]),
        (21, ["EIGHTH"]),
        (23, ["LANES"]),
        (29, ["last"]),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x + first_of_all", []),
        ("first(x)", [7, 10]),
        ("quarter_float(x)", [5, 12, 16]),
        ("half_double(x) // not first(x)", [3, 12, 18]),
        ("EIGHTH(double, x)", [3, 12, 18, 21]),
        ("last(LANES)", [5, 7, 10, 12, 16, 21, 23, 29]),
        ("#define HALF(T) half_##T", [3, 5, 12, 16, 18]),
        ("PASTE(quarter_, T)(x)", [3, 5, 12, 16, 18]),
    ],
)
def test_what_is_mentioned_is_found_with_all_that_it_needs(text: str, lines: list[int]) -> None:
    assert lines_for(text) == lines


def test_errors_name_the_lines_of_the_file() -> None:
    found = needed(PIECES, "last(HALF_double)", MACROS)
    program = places("\n".join(piece.placed() for piece in found))
    lines = TEXT.split("\n")
    own = [place for place in program if place.file == "file.cl" and "#endif" not in place.text]
    assert len(own) > 20
    assert all(lines[place.line - 1] == place.text for place in own if not place.text.startswith(("#line", "#if HAS")))


def test_what_depends_on_a_condition_keeps_it() -> None:
    (piece, *_) = needed(PIECES, "HALF_double", MACROS)
    assert piece.placed() == '#if HAS_DOUBLE\n#line 3 "file.cl"\n#define HALF_double 0.5\n#endif'


def test_a_text_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no end of 'static inline int f\(\) \{'"):
        pieces_of("file.cl", "static inline int f() {\n", Macros(TEXT))


MADE = re.compile(r"^    static inline [^{(]*?(?:\([^)]*\))?\s\*?(\w+)_##(?:T|TYPE)\(", re.MULTILINE)


def test_every_shared_function_has_its_piece() -> None:
    """Those of the files themselves; those that macros make are found by their names with `_float`."""
    for file in FUNCTION_FILES:
        pieces = [piece for piece in shared_pieces() if piece.file == file]
        names = {name for piece in pieces for name in piece.names}
        assert all(piece.names for piece in pieces)
        assert set(re.findall(r"^static inline \w+ (\w+)\(", kernel_text(file), re.MULTILINE)) <= names
        made = MADE.findall(kernel_text(file))
        assert all({f"{name}_float", f"{name}_int"} & names for name in made)


def test_programs_hold_the_functions_that_they_mention() -> None:
    assert files_of("x + y") == {"common"}
    assert files_of("exp_float(v0)") == {"common", "exponentials"}
    for name in ("horizontal_sum_float", "group_sum_int", "combine_maximum_uchar", "TWO_SUM"):
        assert files_of(f"{name}(total)") == {"common", "reduction"}
    assert {"exponentials", "logarithms", "random", "trigonometry"} < files_of("normal_float(v0)")
    assert "DEFINE_REDUCTIONS(float" in shared_text("group_sum_float(x)")
    assert "DEFINE_REDUCTIONS(int" not in shared_text("group_sum_float(x)")


def files_of(text: str) -> set[str]:
    return {Path(place.file).stem for place in places(shared_text(text)) if place.file != "program"}
