"""Plans matrix products: from shapes, strides and capabilities to launches of the kernels in matmul*.cl."""

from __future__ import annotations

from dataclasses import dataclass

from clgrad.dtypes import DType
from clgrad.errors import ShapeError
from clgrad.kernels.matmul_launches import GroupPlanner, ItemPlanner
from clgrad.kernels.product import Product
from clgrad.launch import Lowered
from clgrad.runtime.capabilities import Capabilities, KernelShape
from clgrad.shapes import Shape
from clgrad.strides import merge

MOST_BATCH_AXES = 3


@dataclass(frozen=True)
class MatmulProblem:
    """c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n]; c is row-major.

    The strides of `a` are those of (*batch, m, k), the strides of `b` those of (*batch, k, n), in elements; 0 along
    broadcast axes.
    """

    batch: Shape
    m: int
    n: int
    k: int
    dtype: DType
    a_strides: Shape
    b_strides: Shape
    kernel_shape: KernelShape


def plan_matmul(problem: MatmulProblem, capabilities: Capabilities) -> Lowered:
    """The launches that compute a product, in order, and the scratch memory between them.

    The last launch writes the output and takes the epilogue (EPILOGUE_ARGUMENTS, EPILOGUE_STORE and
    EPILOGUE_STORE_PART, see matmul.cl). Where n is 1, its `column` runs along m and its `row` is 0.
    The order of additions depends on the shape, the strides and the kind of device, not on how many units it has.
    """
    if 0 in (*problem.batch, problem.m, problem.n):
        return Lowered(())
    product = canonical(problem)
    if problem.kernel_shape == "gpu":
        return GroupPlanner(product, capabilities).plan()
    return ItemPlanner(product, capabilities).plan()


def canonical(problem: MatmulProblem) -> Product:
    """The problem with three batch axes and, if it can be, no column as its right operand.

    >>> from clgrad.dtypes import float32
    >>> product = canonical(MatmulProblem((), 4, 1, 3, float32, (3, 1), (1, 1), "cpu"))
    >>> product.m, product.n, product.a
    (1, 4, 1)
    """
    lengths, (a_batch, b_batch) = merge(problem.batch, [problem.a_strides[:-2], problem.b_strides[:-2]])
    if len(lengths) > MOST_BATCH_AXES:
        raise ShapeError(
            f"matmul: the batch axes {problem.batch} of strided operands do not merge into {MOST_BATCH_AXES} axes; "
            "make both operands row-major first"
        )
    missing = [0] * (MOST_BATCH_AXES - len(lengths))
    first, second, third = [1] * len(missing) + lengths
    a, b = (*missing, *a_batch), (*missing, *b_batch)
    (a_row, a_inner), (b_inner, b_column) = problem.a_strides[-2:], problem.b_strides[-2:]
    m, n, left = problem.m, problem.n, 0
    if n == 1 and (m > 1 or b_inner != 1 == a_inner):
        m, n, left, a, b = 1, m, 1, b, a
        a_row, a_inner, b_inner, b_column = 0, b_inner, a_inner, a_row
    return Product(
        left, m, n, problem.k, (first, second, third), a, b, a_row, a_inner, b_inner, b_column, problem.dtype
    )
