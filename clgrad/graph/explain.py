"""Shows the plan of a pending array: kernels, fused ops, bytes, reuse of memory; as text and as a graph."""

from __future__ import annotations

from typing import NamedTuple

from clgrad.graph.capture import refuse_to_look
from clgrad.graph.node import Node
from clgrad.graph.observers import Kernel, kernels_of
from clgrad.graph.prepared import prepare
from clgrad.graph.trace import structure_of
from clgrad.plan.planner import Plan
from clgrad.primitives import VIEW


class Explanation(NamedTuple):
    """The plan that reading an array would run. Prints as a table; `dot()` gives Graphviz text.

    `kernels` are in launch order, and `nodes` counts the pending ops. The plan allocates `result_bytes` and
    `temporary_bytes`; without sharing, temporaries would take `unshared_bytes`. `overwritten` counts the inputs that
    results overwrite.
    """

    kernels: tuple[Kernel, ...]
    nodes: int
    result_bytes: int
    temporary_bytes: int
    unshared_bytes: int
    overwritten: int

    def __str__(self) -> str:
        if not self.kernels:
            return "nothing is pending: the value is computed, or needs no kernel"
        launches = sum(kernel.launches for kernel in self.kernels)
        lines = [f"{self.nodes} pending ops in {launches} launches"]
        for number, kernel in enumerate(self.kernels):
            traffic = f"reads {kernel.reads:>12,} B  writes {kernel.writes:>12,} B  {kernel.operations:>14,} operations"
            lines.append(f"{number:3}  {kernel.name:<10} {traffic}  {kernel.ops}")
        lines.append(
            f"memory: {self.result_bytes:,} B for results, {self.temporary_bytes:,} B for temporaries "
            f"({self.unshared_bytes:,} B without reuse), {self.overwritten} inputs overwritten in place"
        )
        return "\n".join(lines)

    def dot(self) -> str:
        """The kernels and the arrays that flow between them, as a Graphviz digraph."""
        lines = ["digraph plan {", "  node [shape=box];"]
        writer = {item: number for number, kernel in enumerate(self.kernels) for item in kernel.outputs}
        for number, kernel in enumerate(self.kernels):
            lines.append(f'  k{number} [label="{kernel.name}\\n{kernel.ops}"];')
            for item in kernel.inputs:
                source = f"k{writer[item]}" if item in writer else f"input{item}"
                lines.append(f"  {source} -> k{number};")
        return "\n".join([*lines, "}"])


def explain(node: Node) -> Explanation:
    """The plan that reading `node` would run. Builds its kernels, but launches nothing."""
    refuse_to_look()
    base = node.inputs[0] if node.primitive is VIEW else node
    if base.storage is not None:
        return Explanation((), 0, 0, 0, 0, 0)
    with node.device.lock:
        structure = structure_of([base])
        plan = prepare(structure, node.device).plan
    temporaries = [item for work in plan.works for item in work.stores if _is_temporary(plan, item)]
    return Explanation(
        tuple(kernels_of(plan)),
        len(structure.calls),
        sum(plan.result_bytes),
        sum(plan.temporary_bytes),
        sum(plan.items[item].nbytes for item in temporaries),
        sum(home.leaf is not None for _, home in plan.outputs),
    )


def _is_temporary(plan: Plan, item: int) -> bool:
    return item >= 0 and all(plan.items[item].node != place for place, _ in plan.outputs)
