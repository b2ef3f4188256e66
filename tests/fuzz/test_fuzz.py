"""Random programs in clgrad and in NumPy agree; and the programs are such that mistakes show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clgrad import np
from clgrad.array import ndarray
from clgrad.array.device import named
from clgrad.ops import indexing
from clgrad.ops.operation import OPERATIONS
from clgrad.runtime.device import Device
from clgrad.runtime.statistics import statistics
from tests.fuzz import vocabulary
from tests.fuzz.differences import Difference, check, expectation
from tests.fuzz.graph_programs import graph_program
from tests.fuzz.index_programs import index_program
from tests.fuzz.keys import moved, random_key
from tests.fuzz.program import Program, Statement
from tests.fuzz.reference import Array
from tests.fuzz.runner import Finding, Runner, Task
from tests.fuzz.ways import ONE_BY_ONE


@pytest.fixture
def _arrays_in_both_shapes(quick_device: Device) -> Iterator[None]:
    with named(quick_device):
        yield


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_index_programs_compute_what_numpy_computes(random: Random) -> None:
    check(index_program(random), wide=False, ways=[ONE_BY_ONE])


@pytest.mark.usefixtures("_arrays_in_both_shapes")
@pytest.mark.parametrize("seed", range(2))
def test_index_programs_fused_and_looked_at(seed: int) -> None:
    assert check(index_program(Random(seed)), wide=False)


@pytest.mark.usefixtures("_arrays_in_both_shapes")
@pytest.mark.parametrize("seed", [1, 2])
def test_gradients_of_programs_in_every_way_and_in_another_size(seed: int) -> None:
    program = graph_program(Random(seed))
    assert check(program, wide=True)
    check(program.renewed(Random(seed), vocabulary.LENGTHS[2]), wide=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_values_of_a_graph_need_no_plan(seed: int) -> None:
    program = graph_program(Random(seed))
    assert check(program, wide=True)
    before = statistics()
    again = program.renewed(Random(seed + 10))
    assert check(again, wide=True)
    assert statistics()["plans"] == before["plans"]
    assert statistics()["plan_hits"] > before["plan_hits"]
    assert again.values["seed"] != program.values["seed"]
    assert [again.values[name] for name in "mn"] == [program.values[name] for name in "mn"]


# -- the reference and the programs themselves, without clgrad ---------------------------------------------------


def slopes_and_differences(program: Program) -> tuple[Any, Any]:
    """What the reference says about the derivatives of one head, and central differences of its numbers."""
    found = expectation(program, wide=True)
    assert found is not None
    _machine, names = found
    head: Array = names["h"]
    step = 1e-6

    def moved(by: float) -> float:
        first, *rest = program.statements
        shifted = Statement(f"{first.text}; a1.numbers[1, 1] += {by}")
        again = expectation(Program([shifted, *rest], program.values), wide=True)
        assert again is not None
        return float(again[1]["h"].numbers)

    return head.slopes[5], (moved(step) - moved(-step)) / (2 * step)


BODIES = [
    ["b = a1 * 2", "v = b[1:]", "v *= a1[1:]", "b[0] = np.tanh(a1[1])"],
    ["b = np.matmul(a1, a1.T)", "b[[0, -1]] += np.max(b, axis=0)", "b = npx.log_softmax(b)"],
    ["b = np.cumsum(npx.softmax(a1, axis=0), axis=-1) / (a1 * a1 + 1)", "b[b > 0.575] = 0.5"],
    ["b = np.sort(a1, axis=0) * a1", "b[::2] = np.sort(b * b, axis=-1)[1:]"],
    ["b = npx.index_add(a1, np.array([[0, 0]], dtype='int64'), a1[:2] * 3)", "b = np.stack([b, -b], axis=1)"],
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[0])
def test_slopes_of_the_reference_are_central_differences(body: list[str]) -> None:
    numbers = "np.array(numpy.random.default_rng(5).uniform(-1.5, 1.5, (3, 4)), dtype='float64')"
    recorded = [Statement(text, "record") for text in (*body, "h = np.sum(b * b)")]
    slope, difference = slopes_and_differences(
        Program([Statement(f"a1 = {numbers}"), Statement("a1.attach_grad()"), *recorded])
    )
    assert slope != 0
    assert slope == pytest.approx(difference, rel=1e-6)


def test_keys_are_of_every_kind() -> None:
    x = numpy.zeros((2, 3, 4))
    keys = [random_key(Random(seed), x.shape, lambda value, draw: repr(value)) for seed in range(300)]
    fitting = 0
    for key in keys:
        try:
            eval(f"x[{key}]", {"x": x, "numpy": numpy, "np": numpy})
            fitting += 1
        except IndexError:
            pass
    assert fitting > 250
    for kind in ("None", "...", ", -1)", "'bool'", "'int32'", "[]"):
        assert any(kind in key for key in keys), kind


def test_other_values_of_a_slice_take_as_many_elements() -> None:
    random = Random(0)
    for length in range(1, 6):
        for _ in range(200):
            bounds = [random.choice([None, random.randint(-length - 1, length + 1)]) for _ in range(2)]
            first = slice(*bounds, random.choice([None, 2, -1, -2, 3]))
            taken, others = (range(length)[one] for one in (first, moved(first, length, random)))
            assert len(others) == len(taken)
            assert len(taken) < 2 or others.step == taken.step


def test_other_values_of_index_programs_suit_the_reference() -> None:
    """Nearly always: they keep the shapes of results, but they may move a NaN or an overlap."""
    programs = [index_program(Random(seed)) for seed in range(60)]
    renewed = [program.renewed(Random(seed + 100)) for seed, program in enumerate(programs)]
    assert sum(expectation(program, wide=False) is not None for program in renewed) > 55
    assert sum(again.values != program.values for again, program in zip(renewed, programs)) > 55


def test_programs_use_the_whole_vocabulary() -> None:
    """A statement that the reference never accepts would test nothing."""
    texts = "\n".join(graph_program(Random(seed)).source() for seed in range(150))
    for name in re.findall(r"npx?[.]\w+", str(vars(vocabulary.WHOLE))):
        assert name in texts, name
    for part in (".backward()", "autograd.backward(", ".detach()", "pause()", "attach_grad('add')", "*= 0.75", "+= ",
                 "-= 0.25", "] = c", "[...] = "):  # fmt: skip
        assert texts.count(part) > 5, part


# -- planted mistakes ------------------------------------------------------------------------------------------------


def findings(name: str, seeds: range, wide: bool) -> list[Finding]:
    """The first difference among some programs that mention a name, made as short as it gets."""
    runner = Runner(0, report=lambda finding: None)
    for seed in seeds:
        program = graph_program(Random(seed)) if wide else index_program(Random(seed))
        try:
            if name in program.source():
                check(program, wide, [ONE_BY_ONE])
        except Difference as found:
            runner.add_finding(program, wide, str(found))
            break
    return runner.findings


def test_a_program_waits_for_its_kernels_and_its_difference_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPERATIONS["tanh"], "gradient", (lambda g, out, x: g * (1 - out),))
    reported: list[Finding] = []
    runner = Runner(0, reported.append)
    texts = ["a1 = np.array([0.5, 0.25], dtype='float32')", "a2 = a1 * 3", "a1.attach_grad()"]
    recorded = ["a3 = np.tanh(a1)", "a4 = a3 * a3", "a5 = np.sum(a4)"]
    statements = [*map(Statement, texts), *(Statement(text, "record") for text in recorded)]
    runner.attempt(Task(Program([*statements, Statement("a5.backward()")]), True, (ONE_BY_ONE,)))
    assert (len(runner.waiting), reported) == (1, [])
    while runner.waiting:
        runner.build()
    (finding,) = reported
    assert "a1.grad" in finding.difference
    assert "a2" not in finding.program.source()


def test_known_programs_come_again_and_the_same_values_do_not_count_twice() -> None:
    runner = Runner(0, report=lambda finding: None)
    statements = [Statement("a1 = np.array(v1, dtype='float32') * 2", target="a1")]
    task = Task(Program(statements, {"v1": 1}, {"v1": lambda random: random.randint(2, 9)}), False, (ONE_BY_ONE,))
    runner.attempt(task)
    while runner.waiting:
        runner.build()
    for _ in range(2):
        runner.attempt(task)
    assert (runner.done.programs, runner.done.structures) == (1, 1)
    runner.attempt(runner.draw_values(task, Random(0)))
    assert (runner.done.programs, runner.done.structures) == (2, 1)


def test_a_wrong_gradient_is_found_and_the_program_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPERATIONS["tanh"], "gradient", (lambda g, out, x: g * (1 - out),))
    (finding,) = findings("np.tanh", range(60), wide=True)
    assert "np.tanh" in finding.program.source()
    assert len(finding.program.statements) <= 8


def test_a_write_that_misses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    write = indexing._put_box
    monkeypatch.setattr(indexing, "_put_box", lambda x, box, chosen: x if 2 in chosen.step else write(x, box, chosen))
    (finding,) = findings(", 2)", range(200), wide=False)
    assert ", 2)" in finding.program.source()


def test_a_look_that_changes_bits_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    tanh = np.tanh

    def rounds_otherwise_once_computed(x: ndarray) -> ndarray:
        return tanh(x) if x._value.storage is None else np.sinh(x) / np.cosh(x)

    texts = ["a1 = np.array([0.3, 0.7, 1.1, 1.9], dtype='float32')", "a2 = a1 * 3", "a3 = np.tanh(a2)"]
    program = Program([Statement(text, target=text[:2]) for text in texts], looks=frozenset([1]))
    ways = ("fused", "looked at")
    assert check(program, wide=True, ways=ways)
    monkeypatch.setattr(np, "tanh", rounds_otherwise_once_computed)
    with pytest.raises(Difference, match="looked at: a3"):
        check(program, wide=True, ways=ways)
