"""What the kernels of a plan do, as facts; and observers that are told each time a plan has launched its kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from clgrad.plan.planner import Plan, Work
from clgrad.runtime.device import Device


class Kernel(NamedTuple):
    """One kernel of a plan: its file, the ops fused in it, the bytes it reads and writes, and its operations.

    `ops` has the line of the user's program after each op where CLGRAD_DEBUG makes it known. `operations` is roughly
    the number of additions, multiplications and comparisons; an exponential counts as several. Some kernels take
    several launches, such as the sum of a long row.
    """

    name: str
    ops: str
    reads: int
    writes: int
    operations: int
    launches: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Launched(NamedTuple):
    """A kernel that a plan has launched on a device, with the driver's event of each launch."""

    kernel: Kernel
    device: Device
    events: tuple[Any, ...]


Observer = Callable[[Sequence[Launched]], None]
# Called after the launches of a plan, before these are done.
observers: list[Observer] = []


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Tell `observer` about the kernels that all threads launch in the block, plan by plan.

    It may wait for an event. It must not compute with arrays.
    """
    observers.append(observer)
    try:
        yield
    finally:
        observers.remove(observer)


def tell(plan: Plan, device: Device, events: Sequence[Any]) -> None:
    """Tell all observers that a plan has run; `events` has one event per launch."""
    left = iter(events)
    launched = [
        Launched(kernel, device, tuple(next(left) for _ in range(kernel.launches))) for kernel in kernels_of(plan)
    ]
    for observer in [*observers]:
        observer(launched)


def kernels_of(plan: Plan) -> list[Kernel]:
    """The kernels of a plan in launch order."""
    return [_kernel(plan, work) for work in plan.works if work.launches]


def _kernel(plan: Plan, work: Work) -> Kernel:
    # Scratch memory has negative numbers, and is no array of the plan.
    loads, stores = (tuple(item for item in items if item >= 0) for items in (work.loads, work.stores))
    return Kernel(
        work.launches[-1].source.name,
        work.labels[-1],
        sum(plan.items[item].nbytes for item in loads),
        sum(plan.items[item].nbytes for item in stores),
        work.operations,
        len(work.launches),
        loads,
        stores,
    )
