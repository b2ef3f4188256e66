"""What the bits of a result may depend on: its program, the shapes and the device. Not on fusion, nor on looking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy
import pytest

from clgrad.codegen.geometry import geometry_of
from clgrad.codegen.loop import Loop, is_reduction
from clgrad.codegen.parts import parts_of
from clgrad.graph.execute import flush, read
from clgrad.graph.trace import structure_of
from clgrad.ops import arithmetic, indexing, movement, reduction
from clgrad.ops.operation import Value
from clgrad.ops.selection import constant
from clgrad.plan.fuse import Fuser
from clgrad.plan.items import Items
from clgrad.plan.resolve import Resolver
from clgrad.runtime.device import Device
from tests.graph.random_graphs import RandomProgram

# Short and long rows and columns, a few of them and many: each is cut in its own way.
SHAPES = [(700, 3), (300, 70), (2, 40000), (40000, 3), (5, 9, 11, 13)]


def drawn(*shape: int) -> Any:
    return numpy.random.default_rng(0).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("seed", range(16))
def test_random_programs_compute_what_numpy_computes(seed: int, device: Device) -> None:
    RandomProgram(seed, device).run(10)


@pytest.mark.parametrize("seed", range(8))
def test_looking_at_everything_changes_no_bit(seed: int, device: Device) -> None:
    fused = RandomProgram(seed, device).run(10)
    looked_at = RandomProgram(seed, device, looking=True).run(10)
    assert [one.tobytes() for one in fused] == [one.tobytes() for one in looked_at]


def test_what_is_drawn_indexes_in_every_way(device: Device) -> None:
    ways = [name for name in vars(RandomProgram) if name.startswith(("_take", "_pick_each", "_rows"))]
    assert len(ways) == 4
    for name in [*ways, "_write_rows", "_add_rows"]:
        results = []
        for looking in (False, True):
            program = RandomProgram(3, device, looking)
            x = constant(drawn(4, 5), device)
            getattr(program, name)(arithmetic.multiply(x, 0.5), drawn(4, 5) * 0.5, 1)
            results.append(read(program.pool[-1][0]).tobytes())
        assert results[0] == results[1], name


def alone(x: Value, axes: Any) -> Any:
    """The sum of squares of an array that lies row by row, with everything looked at on the way."""
    squares = arithmetic.square(x)
    flush([squares])
    return read(reduction.sum(squares, axes, keepdims=True))


def fused_with_its_input(x: Value, axes: Any) -> Any:
    return read(reduction.sum(arithmetic.square(x), axes, keepdims=True))


def fused_with_what_follows(x: Value, axes: Any) -> Any:
    total = reduction.sum(arithmetic.square(x), axes, keepdims=True)
    flush([arithmetic.add(total, 1), arithmetic.divide(x, total)])
    return read(total)


def inside_a_normalization(x: Value, axes: Any) -> Any:
    """Between two phases of a kernel that walks over the rows again."""
    total = reduction.sum(arithmetic.square(x), axes, keepdims=True)
    centred = arithmetic.subtract(x, total)
    flush([reduction.max(centred, axes), total])
    return read(total)


def after_another_reduction(x: Value, axes: Any) -> Any:
    low = reduction.min(x, axes, keepdims=True)
    total = reduction.sum(arithmetic.square(x), axes, keepdims=True)
    flush([low, total, reduction.max(x, axes)])
    return read(total)


def lying_differently(x: Value, axes: Any) -> Any:
    """The same elements in memory that is transposed, flipped and has gaps."""
    array = read(x)
    order = tuple(range(array.ndim))[::-1]
    wide = numpy.repeat(array.transpose(order)[..., ::-1], 2, axis=-1)
    base = constant(numpy.ascontiguousarray(wide), x.device)
    parts = movement.part(base, array.ndim - 1, 2 * array.shape[0] - 2, array.shape[0], -2)
    return fused_with_its_input(movement.transpose(parts, order), axes)


def beside_unrelated_sums(x: Value, axes: Any) -> Any:
    others = [reduction.sum(arithmetic.square(constant(drawn(*x.shape), x.device)), axes) for _ in range(2)]
    total = reduction.sum(arithmetic.square(x), axes, keepdims=True)
    flush([*others, total])
    return read(total)


def of_what_was_gathered(x: Value, axes: Any) -> Any:
    order = constant(numpy.arange(x.shape[0])[::-1].copy(), x.device)
    twice = indexing.take(indexing.take(x, order, 0), order, 0)
    return fused_with_its_input(twice, axes)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "way",
    [fused_with_its_input, fused_with_what_follows, inside_a_normalization, after_another_reduction, lying_differently,
     beside_unrelated_sums, of_what_was_gathered],
)  # fmt: skip
def test_the_order_of_a_sum_does_not_depend_on_its_neighbours(
    way: Callable[[Value, Any], Any], shape: tuple[int, ...], device: Device
) -> None:
    for axes in (0, 1) if len(shape) == 2 else (0, (1, 2), 3, None):
        x = constant(drawn(*shape), device)
        assert way(x, axes).tobytes() == alone(constant(drawn(*shape), device), axes).tobytes(), axes


def sum_loop(shape: tuple[int, ...], axis: int, device: Device) -> Loop:
    """The loop of a sum over one axis, as the planner hands it to the lowerer."""
    items = Items(structure_of([reduction.sum(constant(drawn(*shape), device), axis)]))
    fuser = Fuser(items, device.capabilities)
    resolver = Resolver(items, fuser.run(), fuser.inlined, fuser.order, lambda item: ())
    (loop,) = [
        loop
        for bundle in resolver.groups
        for loop in resolver.loops(bundle)
        if any(map(is_reduction, loop.statements))
    ]
    return loop


@pytest.mark.parametrize(("shape", "axis"), [((6, 40000), 1), ((40000, 3), 0)])
def test_how_a_sum_is_cut_depends_on_the_shape_and_the_device(shape: Any, axis: int, device: Device) -> None:
    loop = sum_loop(shape, axis, device)

    def parts(loop: Loop, **changes: Any) -> int:
        capabilities = device.capabilities._replace(**changes)
        return parts_of(loop, geometry_of(capabilities))

    if axis == 1:
        assert parts(loop, compute_units=1) == 1
    assert parts(loop, compute_units=64) > 1
    # More to compute per element cuts no differently.
    fuller = replace(loop, statements=[*loop.statements[:1] * 5, *loop.statements])
    assert parts(fuller) == parts(loop)
