"""Kernels that run in smaller work-groups than their device: they are planned again, or an error says why not."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

from clgrad import np, npx
from clgrad.errors import DeviceError
from clgrad.runtime.compiler import CompiledKernel
from clgrad.runtime.device import Device
from clgrad.runtime.queue import Queue, Size

Program = Callable[[np.ndarray], np.ndarray]

PROGRAMS: dict[str, Program] = {
    "pointwise": lambda x: x * 2 + 1,
    "rows": lambda x: (x - x.max(axis=1, keepdims=True)).sum(axis=1),
    "columns": lambda x: x.sum(axis=0),
    "tiles": lambda x: np.dot(x, x.T),
    "dots": lambda x: np.dot(x, x[0]),
    "sums": lambda x: np.dot(x[:, 0], x),
    "gather": lambda x: np.take(x, np.array([3, 1], dtype="int32", device=x.device), axis=0),
    "scan": lambda x: np.cumsum(x, axis=1),
    "sort": lambda x: np.sort(x, axis=1),
}


@pytest.fixture
def gpu(devices: dict[str, Device]) -> Device:
    return devices["gpu"]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The work-items of each group that is launched."""
    seen: list[int] = []
    launch = Queue.launch

    def watched(queue: Queue, kernel: object, global_size: Size, local_size: Size, label: str | None = None) -> None:
        seen.append(int(numpy.prod(local_size)))
        launch(queue, kernel, global_size, local_size, label)

    monkeypatch.setattr(Queue, "launch", watched)
    return seen


@pytest.mark.parametrize("name", PROGRAMS)
def test_kernels_run_in_groups_that_they_allow(
    name: str, gpu: Device, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A structure of its own, so that no plan made without the limit serves it.
    x = numpy.random.default_rng(0).standard_normal((37, 211)).astype("float32")
    monkeypatch.setattr(CompiledKernel, "max_group_size", lambda kernel: 24)
    found = PROGRAMS[name](np.array(x, device=gpu)).asnumpy()
    monkeypatch.undo()
    assert sizes
    assert max(sizes) <= 16, "the largest power of two"
    plain = PROGRAMS[name](np.array(x + 0)).asnumpy()
    numpy.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-4)


def test_another_candidate_leaves_the_groups_of_other_kernels_alone(
    gpu: Device, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = CompiledKernel.max_group_size
    monkeypatch.setattr(
        CompiledKernel,
        "max_group_size",
        lambda kernel: 24 if kernel.source.name.startswith("matmul") else limit(kernel),
    )
    x = np.ones((39, 203), device=gpu)
    npx.waitall()
    sizes.clear()
    product, total = np.dot(x, x.T), (x * 3).sum(axis=0)
    npx.waitall()
    assert sorted(sizes) == [16, 128]
    assert (product.asnumpy() == 203).all()
    assert (total.asnumpy() == 117).all()


def test_a_kernel_that_needs_more_is_named(gpu: Device, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledKernel, "max_group_size", lambda kernel: 8)
    x = np.ones((41, 43), device=gpu)
    product = np.dot(x, x.T)
    with pytest.raises(DeviceError, match=r"matmul_tiles_.* work-groups of 16 .*-groups of 8\..*CLGRAD_KERNEL_SHAPE"):
        product.asnumpy()


def test_limits_are_those_of_the_driver(gpu: Device, sizes: list[int]) -> None:
    (np.ones((31, 1029), device=gpu) * 3).sum(axis=1).asnumpy()
    assert max(sizes) > 1
    assert all(1 <= size <= gpu.capabilities.max_group_size for size in sizes)
