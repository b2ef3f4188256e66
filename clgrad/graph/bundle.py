"""Small loops that do not wait for each other share a launch, such as the updates of many small parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clgrad.graph.fuse import Group
from clgrad.graph.lower import Argument, Launch
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


def bundles(groups: Sequence[Group]) -> list[Bundle]:
    """The groups, those together that may share a launch; each group of a bundle then waits for what any waits for."""
    found: list[Bundle] = []
    small: list[Bundle] = []
    for group in groups:
        if not _is_small(group):
            found.append([group])
            continue
        bundle = next((one for one in small[-MOST_BUNDLES:] if _takes(one, group)), None)
        if bundle is None:
            small.append([group])
            found.append(small[-1])
        else:
            bundle.append(group)
            _wait_together(bundle, groups)
    return found


def _is_small(group: Group) -> bool:
    return group.kind == "pointwise" and 0 < size_of(group.space) <= SMALL


def _takes(bundle: Bundle, group: Group) -> bool:
    return len(bundle) < MOST_GROUPS and not any(
        one.number in group.before or group.number in one.before for one in bundle
    )


def _wait_together(bundle: Bundle, groups: Sequence[Group]) -> None:
    before = set().union(*(group.before for group in bundle))
    numbers = {group.number for group in bundle}
    for group in bundle:
        group.before |= before
    for group in groups:
        if not numbers.isdisjoint(group.before):
            group.before |= before | numbers


def joined(launches: list[Launch], labels: list[str], most_bytes: int) -> tuple[list[Launch], list[str]]:
    """As few launches as the size of a kernel's arguments allows, with their labels."""
    lots: list[list[int]] = []
    room = 0
    for number, launch in enumerate(launches):
        needed = (len(launch.arguments) + 1) * ARGUMENT_BYTES
        if not lots or needed > room:
            lots.append([])
            room = most_bytes
        lots[-1].append(number)
        room -= needed
    result = [_join([launches[number] for number in lot]) for lot in lots]
    return result, [" | ".join(dict.fromkeys(labels[number] for number in lot)) for lot in lots]


def _join(launches: list[Launch]) -> Launch:
    if len(launches) == 1:
        return launches[0]
    parts = []
    arguments: list[Argument] = []
    for launch in launches:
        assert isinstance(launch.source, KernelSource)
        parts.append(Part(replace(launch.source, name="pointwise_part"), launch.parameters))
        arguments += [*launch.arguments, ("long", *launch.global_size)]
    items = sum(launch.global_size[0] for launch in launches)
    return Launch(JointSource(tuple(parts)), tuple(arguments), (items,), launches[0].local_size)
