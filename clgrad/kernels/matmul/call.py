"""From the call of a matrix product to the candidates that compute it."""

from __future__ import annotations

from clgrad.errors import ShapeError
from clgrad.kernels.matmul.cpu import CpuMatmul
from clgrad.kernels.matmul.gpu import GpuMatmul
from clgrad.kernels.matmul.product import Product
from clgrad.launch import Candidate, Problem
from clgrad.strides import merge

MOST_BATCH_AXES = 3


def candidates(problem: Problem) -> list[Candidate]:
    """The ways to compute c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n]; c is row-major.

    `problem` has the inputs a and b, of shapes (*batch, m, k) and (*batch, k, n), with strides of 0 along broadcast
    axes. The first launch takes prologues for a and b, and the last one writes the output and takes an epilogue.
    The order of additions depends on the shape, the strides and the kind of device, not on how many units it has.
    """
    if 0 in problem.output.shape:
        return [Candidate((), list)]
    strategy = CpuMatmul if problem.capabilities.kernel_shape == "cpu" else GpuMatmul
    return strategy(problem, canonical(problem)).candidates()


def canonical(problem: Problem) -> Product:
    """The problem with three batch axes; a product with a column is transposed to a product with a row, if possible."""
    a, b = problem.inputs
    *batch, m, n = problem.output.shape
    lengths, (a_batch, b_batch) = merge(batch, [a.strides[:-2], b.strides[:-2]])
    if len(lengths) > MOST_BATCH_AXES:
        raise ShapeError(
            f"matmul: the batch axes {tuple(batch)} of strided operands do not merge into {MOST_BATCH_AXES} axes; "
            "make both operands row-major first"
        )
    missing = [0] * (MOST_BATCH_AXES - len(lengths))
    a_batch, b_batch = missing + a_batch, missing + b_batch
    (a_row, a_inner), (b_inner, b_column) = a.strides[-2:], b.strides[-2:]
    turned = n == 1 and (m > 1 or b_inner != 1 == a_inner)
    if turned:
        a, b, m, n, a_batch, b_batch = b, a, 1, m, b_batch, a_batch
        a_row, a_inner, b_inner, b_column = 0, b_inner, a_inner, a_row
    first, second, third = [1] * len(missing) + lengths
    return Product(
        a, b, m, n, problem.inputs[0].shape[-1], (first, second, third), tuple(a_batch), tuple(b_batch),
        a_row, a_inner, b_inner, b_column, problem.output.dtype, turned,
    )  # fmt: skip
