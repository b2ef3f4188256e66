"""Devices that are described and not there: arrays on them are planned, never computed; and plans as text."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy

from clgrad.capabilities import Capabilities
from clgrad.graph.node import Storage
from clgrad.graph.trace import structure_of
from clgrad.ops.operation import Value
from clgrad.plan.planner import Plan, Work, make_plan
from clgrad.shapes import contiguous_strides
from tests import capabilities


@dataclass(frozen=True, eq=False)
class DescribedDevice:
    """All of a device that ops and the planner ask for."""

    capabilities: Capabilities
    name: str = "described"


CPU = DescribedDevice(capabilities.CPU)
GPU = DescribedDevice(capabilities.GPU)


def with_units(device: DescribedDevice, compute_units: int) -> DescribedDevice:
    """The same device with more or fewer compute units."""
    return DescribedDevice(device.capabilities._replace(compute_units=compute_units))


def array(*shape: int, on: DescribedDevice = CPU, dtype: str = "float32") -> Value:
    """A computed value of a described device; no plan may overwrite it while somebody refers to it."""
    device: Any = on
    memory: Any = SimpleNamespace(first=None, others=set())
    return Value(None, (), None, shape, numpy.dtype(dtype), device, Storage(memory, 0, contiguous_strides(shape)))


def planned(*roots: Value) -> Plan:
    """The plan that computes these values together."""
    return make_plan(structure_of(roots), roots[0].device.capabilities)


def kernels(plan: Plan) -> list[str]:
    """What each group of a plan does: kernel files in the order of the launches, then the ops.

    `a0` is the memory of the first array that the plan reads, `r0` of its first result, `t0` of its first temporary.
    """
    return [_told(plan, work) for work in plan.works if work.launches]


def _told(plan: Plan, work: Work) -> str:
    files = ", ".join(launch.source.name for launch in work.launches)
    loads = " ".join(_memory(plan, item) for item in work.loads)
    stores = " ".join(_memory(plan, item) for item in work.stores)
    return f"{files}: {' | '.join(dict.fromkeys(work.labels))}: {loads} -> {stores}"


def _memory(plan: Plan, item: int) -> str:
    slot, leaves = plan.homes[item].slot, sum(one.is_leaf for one in plan.items.all)
    if slot < leaves:
        return f"a{slot}"
    slot -= leaves
    return f"r{slot}" if slot < len(plan.result_bytes) else f"t{slot - len(plan.result_bytes)}"
