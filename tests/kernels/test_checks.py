"""The launch of a check: a copy, and the error word that bad data sets."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.dtypes import DType, bool_, float16, float32, float64
from clgrad.errors import ArgumentError
from clgrad.kernels import checks
from clgrad.launch import Fault, FaultWord, Launch, Long, Memory, Offset
from clgrad.shapes import Shape
from tests.capabilities import CPU, GPU
from tests.kernels.problems import Call, defines, layout, sizes

X, BAD, OUTPUT = 0, 1, 2
FAULT = Fault(ArgumentError, "probabilities must be positive")


def check(shape: Shape, on: Capabilities, dtype: DType = float32) -> Launch:
    inputs = [layout(X, shape, dtype), layout(BAD, shape, bool_)]
    call = Call(checks.candidates, on, FAULT, inputs, layout(OUTPUT, shape, dtype))
    assert call.scratch == []
    (launch,) = call.launches
    return launch


@pytest.mark.parametrize("on", [CPU, GPU], ids=["cpu", "gpu"])
def test_a_check_takes_the_error_word_last(on: Capabilities) -> None:
    launch = check((3, 4), on)
    assert launch.source.name == "refuse"
    assert launch.arguments == (
        Memory(X), Offset(X), Memory(BAD), Offset(BAD), Memory(OUTPUT), Long(12), FaultWord(FAULT),
    )  # fmt: skip


def test_a_cpu_item_checks_a_run_of_elements() -> None:
    launch = check((3, checks.CPU.per_item), CPU)
    assert (defines(launch)["PER_ITEM"], sizes(launch)) == (str(checks.CPU.per_item), (3, 1))
    assert sizes(check((3 * checks.CPU.per_item + 1,), CPU)) == (4, 1)


@pytest.mark.parametrize(("most", "expected"), [(16, (1008, 16)), (48, (1008, 48)), (1024, (1024, 64))])
def test_a_gpu_item_checks_one_element(most: int, expected: tuple[int, int]) -> None:
    launch = check((1000,), GPU._replace(max_group_size=most))
    assert (defines(launch)["PER_ITEM"], sizes(launch)) == ("1", expected)


def test_elements_are_copied_as_bits() -> None:
    kinds = [defines(check((4,), CPU, dtype))["TYPE"] for dtype in (bool_, float16, float32, float64)]
    assert kinds == ["uchar", "ushort", "uint", "ulong"]
