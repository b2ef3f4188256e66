"""The canonical form of a matrix product, and the defines and arguments that its kernels get."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from clgrad.dtypes import COMPUTE_NAME, STORAGE_NAME, DType, bool_, is_floating
from clgrad.launch import Argument, Coordinates, Int, Layout, Loading, Long, divide_up, round_up


class Product(NamedTuple):
    """c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n], with three batch axes; strides in elements."""

    left: Layout
    right: Layout
    m: int
    n: int
    k: int
    batch: tuple[int, int, int]
    a_batch: tuple[int, ...]
    b_batch: tuple[int, ...]
    a_row: int
    a_inner: int
    b_inner: int
    b_column: int
    dtype: DType
    """of the result"""
    turned: bool
    """whether c is the transposed result: the product with a column was turned into a product with a row"""

    @property
    def batches(self) -> int:
        first, second, third = self.batch
        return first * second * third

    @property
    def size(self) -> int:
        return self.batches * self.m * self.n

    @property
    def work(self) -> int:
        return self.size * max(self.k, 1)

    @property
    def itemsize(self) -> int:
        """Bytes of an accumulated sum, which is a float for float16."""
        return 4 if COMPUTE_NAME[self.dtype] == "float" else self.dtype.itemsize

    @property
    def stores(self) -> Coordinates:
        """The axes of the result along the batch, the rows and the columns of c."""
        *batch, row, column = range(len(self.left.shape))
        return Coordinates((*batch,), (column,), (row,)) if self.turned else Coordinates((*batch,), (row,), (column,))

    def load_a(self, times: int) -> Loading:
        """A prologue for a, with vectors along k. For each batch that reads it an element is computed `times` times."""
        *batch, row, inner = self._axes(self.left)
        axes = Coordinates((*batch,), (row,), (inner,))
        return Loading("A", self.left.memory.array, axes, times * self._repeats(self.a_batch))

    def load_b(self, times: int, along_k: bool = False) -> Loading:
        """A prologue for b, with vectors along its columns, or along k."""
        *batch, inner, column = self._axes(self.right)
        axes = Coordinates((*batch,), (column,), (inner,)) if along_k else Coordinates((*batch,), (inner,), (column,))
        return Loading("B", self.right.memory.array, axes, times * self._repeats(self.b_batch))

    def _axes(self, operand: Layout) -> list[int]:
        """The axes of an input along the batch, and along the rows and the columns of an operand."""
        *batch, first, second = range(len(operand.shape))
        return [*batch, second, first] if self.turned else [*batch, first, second]

    def _repeats(self, strides: tuple[int, ...]) -> int:
        """How many batches read each matrix of an operand with these strides along the batch axes."""
        return prod(n for n, step in zip(self.batch, strides) if step == 0)

    def defines(self, fma: bool) -> dict[str, str]:
        """The defines of all matrix product kernels; `fma` as in the device's capabilities."""
        return {
            "STORAGE": STORAGE_NAME[self.dtype],
            "COMPUTE": COMPUTE_NAME[self.dtype],
            "MULTIPLY_ADD(x, y, sum)": _multiply_add(self.dtype, fma),
        }

    def arguments(self) -> list[Argument]:
        """The arguments for MATMUL_PARAMETERS of the kernel files, without `part_length`."""
        lengths = map(Int, (self.m, self.n, self.k))
        strides = map(Long, (self.a_row, self.a_inner, self.b_inner, self.b_column))
        batch = map(Int, (self.batches, *self.batch[1:]))
        batch_strides = map(Long, (*self.a_batch, *self.b_batch))
        left, right = self.left, self.right
        places = (left.memory, right.memory, left.offset, right.offset)
        return [*places, *lengths, *strides, *batch, *batch_strides]


def _multiply_add(dtype: DType, fma: bool) -> str:
    if dtype == bool_:
        return "(((x) & (y)) | (sum))"
    if not is_floating(dtype):
        return "((x) * (y) + (sum))"
    # Without a fast fma, use mad: it is never slow, and some drivers use a fused instruction that they do not report.
    return "fma(x, y, sum)" if fma else "mad(x, y, sum)"


class Cut(NamedTuple):
    """How many parts k is cut into, to be summed separately, and their length."""

    parts: int
    length: int


def cut(k: int, wanted: int, shortest: int, step: int) -> Cut:
    """About `wanted` parts with a length that is a multiple of `step`; only the last may be shorter than `shortest`.

    >>> cut(10_000, 4, 1000, 256)
    Cut(parts=4, length=2560)
    >>> cut(100, 4, 1000, 256)
    Cut(parts=1, length=100)
    """
    parts = max(1, min(wanted, k // shortest))
    if parts == 1:
        return Cut(1, k)
    length = round_up(divide_up(k, parts), step)
    return Cut(divide_up(k, length), length)
