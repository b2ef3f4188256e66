"""Small, equal, independent loops share a launch: for example the updates of many small parameters.

Loops that differ have launches of their own: a kernel for a mixture would serve no other plan.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from clgrad.launch import Argument, Launch, Long
from clgrad.plan.group import Group
from clgrad.plan.order import Order
from clgrad.shapes import size_of
from clgrad.sources import JointSource, KernelSource, Part

# A loop over more indices takes longer than its launch, so sharing a launch would save little.
SMALL = 1 << 16
# Each loop adds its text to the kernel, and compile time with it.
MOST_GROUPS = 16
# A group is compared with so many earlier bundles, so that planning stays linear in the groups.
MOST_BUNDLES = 16
# The largest kernel argument: a pointer or a long.
ARGUMENT_BYTES = 8

Bundle = list[Group]


def bundles(groups: Sequence[Group], order: Order) -> list[Bundle]:
    """The groups in bundles that share a launch. A bundle becomes one vertex of the order, that of its first group."""
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
    """The ops and dtypes of a group; loops of groups with equal ones are alike."""
    return tuple((member.item.primitive, member.item.dtype) for member in group.members.values())


def _is_small(group: Group) -> bool:
    return group.kind == "pointwise" and 0 < size_of(group.space) <= SMALL


def _takes(bundle: Bundle, group: Group, order: Order) -> bool:
    return len(bundle) < MOST_GROUPS and order.are_independent(bundle[0].number, group.number)


def joined(launches: list[Launch], labels: list[str], most_bytes: int) -> tuple[list[Launch], list[str]]:
    """One launch for all launches of a kernel, or several if arguments would pass `most_bytes`; and their labels."""
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
    work_items = sum(launch.global_size[0] for launch in launches)
    return Launch(JointSource(tuple(parts)), tuple(arguments), (work_items,), launches[0].local_size)
