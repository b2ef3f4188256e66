"""Small loops that do the same and do not wait for each other share a launch: updates of many small parameters.

Loops that differ do not: a kernel for just these together would have to be compiled, and would serve no other plan.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from clgrad.launch import Argument, Launch, Long
from clgrad.plan.fuse import Group
from clgrad.plan.order import Order
from clgrad.runtime.compiler import JointSource, KernelSource, Part
from clgrad.shapes import size_of

# A loop over more indices takes longer than its launch.
SMALL = 1 << 16
MOST_GROUPS = 16
# With how many earlier bundles a group is compared.
MOST_BUNDLES = 16
# No kernel argument is larger.
ARGUMENT_BYTES = 8

Bundle = list[Group]


def bundles(groups: Sequence[Group], order: Order) -> list[Bundle]:
    """The groups, those together that may share a launch, which are then one vertex of the order: that of the first."""
    found: list[Bundle] = []
    alike: dict[Hashable, list[Bundle]] = {}
    for group in groups:
        if not _is_small(group):
            found.append([group])
            continue
        small = alike.setdefault(_work_of(group), [])
        bundle = next((one for one in small[-MOST_BUNDLES:] if _takes(one, group, order)), None)
        if bundle is None:
            small.append([group])
            found.append(small[-1])
        else:
            bundle.append(group)
            order.unite(bundle[0].number, group.number)
    return found


def _work_of(group: Group) -> Hashable:
    """What a group computes per element."""
    return tuple((member.item.primitive, member.item.dtype) for member in group.members.values())


def _is_small(group: Group) -> bool:
    return group.kind == "pointwise" and 0 < size_of(group.space) <= SMALL


def _takes(bundle: Bundle, group: Group, order: Order) -> bool:
    return len(bundle) < MOST_GROUPS and order.are_independent(bundle[0].number, group.number)


def joined(launches: list[Launch], labels: list[str], most_bytes: int) -> tuple[list[Launch], list[str]]:
    """Launches of the same kernel as one, as far as the size of a kernel's arguments allows; and their labels."""
    lots: dict[Hashable, list[list[int]]] = {}
    for number, launch in enumerate(launches):
        own = lots.setdefault((launch.source, launch.parameters), [[]])
        if (len(own[-1]) + 1) * (len(launch.arguments) + 1) * ARGUMENT_BYTES > most_bytes and own[-1]:
            own.append([])
        own[-1].append(number)
    every = [lot for own in lots.values() for lot in own]
    result = [_join([launches[number] for number in lot]) for lot in every]
    return result, [" | ".join(dict.fromkeys(labels[number] for number in lot)) for lot in every]


def _join(launches: list[Launch]) -> Launch:
    if len(launches) == 1:
        return launches[0]
    parts = []
    arguments: list[Argument] = []
    for launch in launches:
        assert isinstance(launch.source, KernelSource)
        parts.append(Part(replace(launch.source, name="pointwise_part"), launch.parameters))
        arguments += [*launch.arguments, Long(*launch.global_size)]
    items = sum(launch.global_size[0] for launch in launches)
    return Launch(JointSource(tuple(parts)), tuple(arguments), (items,), launches[0].local_size)
