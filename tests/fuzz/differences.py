"""Whether clgrad and the reference agree on a program: to the last bit, or, for derivatives, within rounding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tests.fuzz.draft import REFUSALS
from tests.fuzz.pool import Postponed
from tests.fuzz.program import Program
from tests.fuzz.reference import Array
from tests.fuzz.reference_functions import Calculator, namespace
from tests.fuzz.ways import WAYS, Results

# Errors grow with the largest number or derivative on the way, at most LARGEST, and with the length of a program:
# a few hundred roundings in a row.
TOLERANCES = {"float32": 2e-4, "float64": 1e-11}


class Difference(AssertionError):  # noqa: N818 - a finding
    """Two runs of a program that do not agree."""


def check(program: Program, wide: bool, ways: Iterable[str] = WAYS) -> bool:
    """Run a program in the reference and in some ways; False if the reference refuses it. Raises Difference."""
    expected = expectation(program, wide)
    if expected is None:
        return False
    machine, names = expected
    first: Results | None = None
    for way in ways:
        try:
            found = WAYS[way](program)
        except Postponed:
            raise
        except Exception as problem:
            raise Difference(f"{way}: {type(problem).__name__}: {problem}") from problem
        if first is None:
            first = found
            compare_with_reference(way, found, names, machine)
        else:
            compare_bits(way, found, first)
    return True


def expectation(program: Program, wide: bool) -> tuple[Calculator, dict[str, Any]] | None:
    """The reference's run, with as many columns of slopes as the variables need."""
    try:
        counting = Calculator(wide=wide)
        program.run(namespace(counting))
        machine = Calculator(counting.used, wide) if counting.used else counting
        return machine, program.run(namespace(machine)) if counting.used else program.run(namespace(counting))
    except (*REFUSALS, NameError, AttributeError):
        return None


def compare_bits(way: str, found: Results, first: Results) -> None:
    """The same arrays, bit for bit; NaNs count as one."""
    for name, array in found.items():
        if bits(array) != bits(first[name]):
            raise Difference(f"{way}: {name} is\n{array!r}\nelse\n{first[name]!r}")


def bits(array: Any) -> bytes:
    """The contents, with one kind of NaN."""
    data: bytes = (numpy.where(array == array, array, numpy.nan) if array.dtype.kind == "f" else array).tobytes()
    return data


def compare_with_reference(way: str, found: Results, names: dict[str, Any], machine: Calculator) -> None:
    """The reference's numbers: exactly, or within a tolerance where it computes in float64."""
    for name, array in found.items():
        owner, _, attribute = name.partition(".")
        wanted: Array = names[owner].grad if attribute else names[owner]
        if array.shape != wanted.shape:
            raise Difference(f"{way}: {name} has shape {array.shape}, wanted {wanted.shape}")
        if machine.wide and array.dtype.kind == "f":
            limit = TOLERANCES[array.dtype.name] * machine.largest
            agree = bool(numpy.all(numpy.abs(array - wanted.numbers) <= limit))
        else:
            agree = array.dtype == wanted.dtype and bits(array) == bits(wanted.numbers)
        if not agree:
            raise Difference(f"{way}: {name} is\n{array!r}\nwanted\n{wanted.numbers!r}")
