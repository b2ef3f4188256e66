"""Which candidate of a hand-written kernel a plan takes: the first that fits and was not refused."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from clgrad.graph.trace import structure_of
from clgrad.kernels.matmul.gpu import Tile
from clgrad.launch import Launch
from clgrad.ops import linalg, reduction, scan
from clgrad.ops.operation import Value
from clgrad.plan.planner import make_plan
from tests import capabilities
from tests.plan.described import CPU, GPU, array

SMALL = capabilities.GPU._replace(local_memory=16_000)


def launches(*roots: Value, refused: Collection[Hashable] = (), on: object = None) -> list[Launch]:
    plan = make_plan(structure_of(roots), on or roots[0].device.capabilities, refused)
    return [launch for launch, _ in plan.launches]


def sides(launch: Launch) -> tuple[int, int]:
    """The tile of a launch of matmul_tiles."""
    defines = dict(launch.source.defines)
    return int(defines["TILE_ROWS"]), int(defines["TILE_COLUMNS"])


def product() -> Value:
    return linalg.matmul(array(2000, 2000, on=GPU), array(2000, 2000, on=GPU))


def test_the_first_candidate_that_fits_is_taken() -> None:
    (large,) = launches(product())
    (small,) = launches(product(), on=SMALL)
    assert (sides(large), sides(small)) == ((128, 128), (64, 64))


def test_each_refusal_leads_to_the_next_candidate_until_one_is_left() -> None:
    y = product()
    refused: set[Hashable] = set()
    seen = []
    while True:
        (launch,) = launches(y, refused=refused)
        seen.append(sides(launch))
        if launch.choice is None:
            break
        refused.add(launch.choice)
    assert seen == [(128, 128), (64, 64), (32, 32), (16, 64), (64, 16), (16, 16)]
    assert launches(y, refused=refused)[0] == launch


def test_a_refusal_concerns_the_kernels_of_its_choice_alone() -> None:
    x = array(2000, 2000, on=GPU)
    roots = linalg.matmul(x, x), scan.cumsum(x, 1), reduction.sum(x, 0)
    before = launches(*roots)
    tiles = next(one for one in before if one.source.name == "matmul_tiles")
    after = launches(*roots, refused={tiles.choice})
    changed = [one.source.name for one, other in zip(before, after, strict=True) if one != other]
    assert changed == ["matmul_tiles"]
    assert isinstance(tiles.choice, tuple)
    assert isinstance(tiles.choice[1], Tile)


def test_an_epilogue_keeps_the_choice_of_its_kernel() -> None:
    x = array(2000, 2000, on=GPU)
    (launch,) = launches(linalg.matmul(x, x) + 1.0)
    assert launch.choice is not None
    assert sides(launches(linalg.matmul(x, x) + 1.0, refused={launch.choice})[0]) == (64, 64)


def test_a_kernel_without_alternatives_has_no_choice() -> None:
    x = array(100, 100, on=CPU)
    assert [one.choice for one in launches(linalg.matmul(x, x), x * 2.0)] == [None, None]
