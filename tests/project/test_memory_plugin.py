"""The plugin of `run.py memory-check` on kernels of which the transactions are known."""

from __future__ import annotations

import pytest

from tools.memory_check.counts import Measured, parse
from tools.memory_check.needs import missing
from tools.memory_check.simulator import build_plugin, counts_of

LACKING = ", ".join(need.name for need in missing())

pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"run.py memory-check --install brings {LACKING}")

# Local arrays are volatile, because the compiler would leave out what nobody reads. The group has 64 work-items.
PROGRAM = """
import os, sys
import numpy, pyopencl as cl

SOURCE = '''
#define EACH __kernel __attribute__((reqd_work_group_size(32, 2, 1))) void
#define ID ((int)(get_local_id(0) + 32 * get_local_id(1)))
EACH contiguous(__global float* x) { x[ID] = 1; }
EACH halves(__global short* x) { x[ID] = 1; }
EACH wide(__global float* x) { vstore4((float4)(1), ID, x); }
EACH shifted(__global float* x) { x[ID + 1] = 1; }
EACH strided(__global float* x) { x[32 * ID] = 1; }
EACH same(__global float* x) { x[ID] = x[4096]; }
EACH some(__global float* x) { if (ID < 8) x[ID] = 1; }
EACH again(__global float* x) { for (int i = 0; i < 3; i++) x[ID + 64 * i] = 1; }
EACH in_banks(__global float* x) { volatile __local float t[64]; t[ID] = 1; }
EACH in_one_bank(__global float* x) { volatile __local float t[2048]; t[32 * ID] = 1; }
EACH padded(__global float* x) { volatile __local float t[64 * 33]; t[33 * ID] = 1; }
EACH two_of_a_bank(__global float* x) { volatile __local float t[128]; t[2 * ID] = 1; }
EACH one_word(__global float* x) { volatile __local float t[4]; t[2] = 1; x[ID] = t[2]; }
EACH quads(__global float* x) { volatile __local float t[256]; ((volatile __local float4*)t)[ID] = (float4)(1); }
'''
context = cl.Context(cl.get_platforms()[0].get_devices())
queue = cl.CommandQueue(context)
program = cl.Program(context, SOURCE).build("-cl-std=CL1.2")
buffer = cl.Buffer(context, cl.mem_flags.READ_WRITE, 1 << 16)
for kernel in program.all_kernels():
    with open(os.environ["MEMORY_COUNTS"], "a") as file:
        print("case", kernel.function_name, file=file)
    kernel(queue, (32, 4), (32, 2), buffer)
    queue.finish()
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    plugin = build_plugin(tmp_path_factory.mktemp("plugin"))
    return {one.case: one for one in parse(counts_of(["-c", PROGRAM], plugin))}


@pytest.mark.parametrize(
    ("kernel", "kind", "transactions", "ideal"),
    [
        ("contiguous", "writes", 4, 4),
        ("halves", "writes", 2, 2),
        ("wide", "writes", 16, 16),
        ("shifted", "writes", 5, 4),
        ("strided", "writes", 32, 4),
        ("same", "reads", 1, 1),
        ("same", "writes", 4, 4),
        ("some", "writes", 1, 1),
        ("again", "writes", 4, 4),
        ("in_banks", "local_writes", 1, 1),
        ("in_one_bank", "local_writes", 32, 1),
        ("padded", "local_writes", 1, 1),
        ("two_of_a_bank", "local_writes", 2, 1),
        ("one_word", "local_reads", 1, 1),
        ("quads", "local_writes", 4, 4),
    ],
)
def test_transactions_of_32_work_items(
    measured: dict[str, Measured], kernel: str, kind: str, transactions: float, ideal: float
) -> None:
    count = measured[kernel].counts[kind]
    assert (count.measured, count.ideal) == (transactions, ideal)


def test_each_request_of_each_group_counts(measured: dict[str, Measured]) -> None:
    assert measured["contiguous"].counts["writes"].requests == 4
    assert measured["again"].counts["writes"].requests == 12
    assert measured["some"].counts["writes"].requests == 2
    assert measured["contiguous"].counts.keys() == {"writes"}
