"""Device memory: every byte is counted, what dies is reused, and a full device loses nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from threading import Thread

import pytest

from clgrad.errors import ArgumentError, OutOfDeviceMemoryError
from clgrad.runtime import statistics as statistics_module
from clgrad.runtime.byte_sizes import format_bytes, parse_bytes
from clgrad.runtime.device import default_device
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.memory import Buffer, MemoryPool, memory_limit, size_class
from clgrad.runtime.statistics import reset_peak, statistics
from tests.processes import output_of, run

KIB = 1024


@pytest.fixture
def pool() -> Iterator[MemoryPool]:
    """A pool of its own, of 64 KiB with arrays of at most 32 KiB."""
    device = default_device()
    capabilities = device.capabilities._replace(max_allocation=32 * KIB)
    pool = MemoryPool(device.context, "test(0)", capabilities)
    pool.limit = 64 * KIB
    yield pool
    pool.release()
    statistics_module.pools.remove(pool)


def changes(before: dict[str, int | float]) -> dict[str, int | float]:
    return {name: value - before[name] for name, value in statistics().items()}


def test_sizes_are_rounded_by_at_most_a_quarter() -> None:
    for nbytes in [*range(1, 5000), 10**6 + 1, 10**9 + 7]:
        size = size_class(nbytes)
        assert nbytes <= size <= max(256, 1.25 * nbytes)
        assert size_class(size) == size
        assert size % 64 == 0
    assert size_class(0) == 256


def test_a_dead_buffer_is_reused(pool: MemoryPool) -> None:
    before = statistics()
    first = pool.allocate(1000)
    cl = first.cl
    assert first.nbytes == 1000
    assert cl.size == first.size == 1024
    assert changes(before)["live_bytes"] == 1024
    del first
    now = changes(before)
    assert (now["live_bytes"], now["pooled_bytes"], now["allocations"]) == (0, 1024, 1)
    second = pool.allocate(1010)
    assert second.cl is cl
    assert changes(before)["allocations"] == 1
    other = pool.allocate(10)
    assert other.cl is not cl
    assert changes(before)["allocations"] == 2


def test_a_buffer_of_no_bytes_exists(pool: MemoryPool) -> None:
    buffer = pool.allocate(0)
    assert buffer.nbytes == 0
    assert buffer.cl.size > 0


def test_release_empties_the_pool_only(pool: MemoryPool) -> None:
    before = statistics()
    kept, dead = pool.allocate(4 * KIB), pool.allocate(8 * KIB)
    del dead
    pool.release()
    now = changes(before)
    assert (now["live_bytes"], now["pooled_bytes"], now["held_bytes"]) == (4 * KIB, 0, 4 * KIB)
    assert kept.cl.size == 4 * KIB


def test_the_peak_is_the_most_that_was_in_use(pool: MemoryPool) -> None:
    reset_peak()
    start = statistics()["live_bytes"]
    for _ in range(3):
        buffers = [pool.allocate(8 * KIB) for _ in range(4)]
        del buffers
    assert statistics()["peak_bytes"] == start + 32 * KIB
    reset_peak()
    assert statistics()["peak_bytes"] == start


def test_a_full_device_says_sizes_and_loses_nothing(pool: MemoryPool) -> None:
    kept = [pool.allocate(16 * KIB) for _ in range(3)]
    with pytest.raises(OutOfDeviceMemoryError, match=r"32768 bytes \(32.0 KiB\) do not fit") as caught:
        pool.allocate(32 * KIB)
    assert "test(0)" in str(caught.value)
    assert "48.0 KiB of 64.0 KiB are in use" in str(caught.value)
    assert isinstance(caught.value, MemoryError)
    kept.append(pool.allocate(16 * KIB))
    assert len({buffer.cl.int_ptr for buffer in kept}) == 4
    with pytest.raises(MemoryError):
        pool.allocate(1)
    kept.pop()
    pool.allocate(16 * KIB)


def test_one_array_has_a_limit_of_its_own(pool: MemoryPool) -> None:
    assert pool.allocate(31 * KIB + 1).cl.size <= 32 * KIB
    with pytest.raises(OutOfDeviceMemoryError, match=r"one array may hold 32.0 KiB"):
        pool.allocate(33 * KIB)


def test_what_is_kept_for_reuse_makes_room(pool: MemoryPool) -> None:
    for size in (8, 12, 16, 20):
        pool.allocate(size * KIB)
    before = statistics()
    large = pool.allocate(28 * KIB)
    assert large.nbytes == 28 * KIB
    assert changes(before)["pooled_bytes"] == -56 * KIB


def test_what_only_cycles_hold_makes_room(pool: MemoryPool) -> None:
    gc.disable()
    try:
        for _ in range(2):
            cycle: list[object] = [pool.allocate(32 * KIB)]
            cycle.append(cycle)
        del cycle
        assert pool.allocate(32 * KIB).nbytes == 32 * KIB
    finally:
        gc.enable()


def refuse(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Has the driver refuse the next buffers; returns the sizes that it was asked for."""
    opencl = load_opencl()
    real, asked = opencl.Buffer, []

    def create(context: object, flags: int, size: int) -> object:
        asked.append(size)
        if len(asked) <= times:
            raise opencl.MemoryError("full")
        return real(context, flags, size)

    monkeypatch.setattr(opencl, "Buffer", create)
    return asked


def test_a_refusal_of_the_driver_empties_the_pool_and_is_retried(
    pool: MemoryPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.allocate(4 * KIB)
    asked = refuse(monkeypatch, times=1)
    assert pool.allocate(8 * KIB).nbytes == 8 * KIB
    assert asked == [8 * KIB] * 2
    pool.settle()
    assert pool.held_bytes == 8 * KIB


def test_a_driver_that_keeps_refusing_is_an_error(pool: MemoryPool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refuse(monkeypatch, times=100)
    with pytest.raises(OutOfDeviceMemoryError):
        pool.allocate(8 * KIB)
    assert len(asked) == 3
    assert pool.held_bytes == 0


def test_threads_may_share_a_pool(pool: MemoryPool) -> None:
    pool.limit = 1 << 30
    before = statistics()
    problems: list[str] = []

    def work(seed: int) -> None:
        kept: list[Buffer] = []
        for turn in range(500):
            buffer = pool.allocate((seed * 37 + turn * 101) % 5000)
            if any(buffer.cl is other.cl for other in kept):
                problems.append("one buffer was given out twice")
            kept.append(buffer)
            del kept[:-5]

    threads = [Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    now = changes(before)
    assert now["live_bytes"] == 0
    assert now["held_bytes"] == now["pooled_bytes"] == pool.held_bytes


def test_buffers_may_die_in_a_collection_inside_allocate(pool: MemoryPool) -> None:
    """A finalizer that runs while the pool holds its lock must not wait for that lock."""
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            cycle: list[object] = [pool.allocate(256)]
            cycle.append(cycle)
    finally:
        gc.set_threshold(*threshold)
    del cycle
    gc.collect()
    assert pool.allocate(256).nbytes == 256


def test_the_interpreter_ends_cleanly_with_live_buffers() -> None:
    code = """
from clgrad.runtime.device import default_device
kept = [default_device().memory.allocate(1000) for _ in range(3)]
cycle = [kept]
cycle.append(cycle)
"""
    done = run("-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLGRAD_MEMORY_LIMIT", raising=False)
    assert memory_limit(1000) == 900
    monkeypatch.setenv("CLGRAD_MEMORY_LIMIT", "1.5 GiB")
    assert memory_limit(1000) == 3 << 29
    code = "from clgrad.runtime.device import default_device; print(default_device().memory.limit)"
    assert output_of(code, CLGRAD_MEMORY_LIMIT="64k") == "65536"
    done = run("-c", code, CLGRAD_MEMORY_LIMIT="lots")
    assert "ArgumentError: CLGRAD_MEMORY_LIMIT='lots' is not an amount of memory" in done.stderr
    done = run("-c", code, CLGRAD_MEMORY_LIMIT="10")
    assert "ArgumentError: CLGRAD_MEMORY_LIMIT='10' is too small" in done.stderr


@pytest.mark.parametrize("text", ["", "-1", "k", "1x", "1 2", "nan", "inf"])
def test_nonsense_is_no_amount_of_memory(text: str) -> None:
    with pytest.raises(ArgumentError, match="LIMIT="):
        parse_bytes(text, "LIMIT")


def test_amounts_are_written_for_people() -> None:
    assert [format_bytes(count) for count in (0, 1023, 1024, 5 << 30)] == [
        "0 bytes", "1023 bytes", "1.0 KiB", "5.0 GiB",
    ]  # fmt: skip
