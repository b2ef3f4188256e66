"""The order of groups, against a search of the whole graph; and the bound on how far a question looks."""

from __future__ import annotations

import random

import pytest

from clgrad.plan import order as order_module
from clgrad.plan.order import Order


def reaches(order: Order, start: int, goal: int) -> bool:
    found, stack = {start}, [start]
    while stack:
        ahead = order.after[stack.pop()] - found
        found |= ahead
        stack += ahead
    return goal in found


@pytest.mark.parametrize("seed", range(30))
def test_places_agree_with_all_edges(seed: int) -> None:
    numbers, order = random.Random(seed), Order()
    alive: list[int] = []
    for _ in range(150):
        kind = numbers.random()
        if kind < 0.3 or len(alive) < 3:
            alive.append(order.add_first() if kind < 0.05 else order.add())
            continue
        one, other = numbers.sample(alive, 2)
        behind, ahead = reaches(order, one, other), reaches(order, other, one)
        assert order.may_wait(one, other) == (not behind)
        assert order.are_independent(one, other) == (not behind and not ahead)
        if kind < 0.85 and not behind:
            order.wait(one, other)
        elif not behind and not ahead:
            order.unite(one, other)
            alive.remove(other)
        assert all(order.place[early] < order.place[late] for late in alive for early in order.before[late])
    assert len({order.place[one] for one in alive}) == len(alive)


def test_depths_count_the_longest_way() -> None:
    order = Order()
    for _ in range(5):
        order.add()
    for later, earlier in [(1, 0), (2, 1), (3, 0), (3, 2)]:
        order.wait(later, earlier)
    assert order.depths() == [0, 1, 2, 3, 0]


def test_what_is_too_far_apart_counts_as_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the cost of a question has a bound, and the answer costs a fusion at most."""
    order = Order()
    first = order.add()
    chain = [order.add() for _ in range(50)]
    last = order.add()
    for earlier, later in zip([first, *chain], chain):
        order.wait(later, earlier)
    assert order.are_independent(first, last)
    assert order.may_wait(first, last)
    monkeypatch.setattr(order_module, "MOST_EDGES", 20)
    assert not order.are_independent(first, last)
    assert not order.may_wait(first, last)
    # Whoever asks about neighbours is told the truth.
    assert order.may_wait(last, first)
    assert order.are_independent(chain[-1], last)
