"""Running sums and products along an axis; see cl_kernels/kernels/scan.cl."""

from __future__ import annotations

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.kernels.scan import Scan, candidates
from clgrad.ops.arithmetic import cast
from clgrad.ops.movement import along, part, reshape, slice_update
from clgrad.ops.operation import Composite, Value, fill
from clgrad.ops.reduction import accumulator
from clgrad.primitives import Library
from clgrad.shapes import normalize_axis, size_of

_SCAN = Library("scan", candidates)


def _scan(x: Value, axis: int, product: bool, reverse: bool = False) -> Value:
    if size_of(x.shape) == 0:
        return x
    if x.dtype == dtypes.float16:
        return cast(_scan(cast(x, dtype=dtypes.float32), axis, product, reverse), dtype=dtypes.float16)
    attributes = Scan(size_of(x.shape[:axis]), x.shape[axis], size_of(x.shape[axis + 1 :]), product, reverse)
    return Value(_SCAN, (x,), attributes, x.shape, x.dtype, x.device)


def _running_sum(x: Value, axis: int, reverse: bool) -> Value:
    return _scan(x, axis, False, reverse)


_cumsum: Composite = Composite(
    "cumsum", _running_sum, lambda g, out, x, axis, reverse: (_cumsum(g, axis=axis, reverse=not reverse),)
)


def _cumprod_gradient(g: Value, out: Value, x: Value, axis: int) -> tuple[Value]:
    """(the product of the elements before i) * s[i], with s[i] = g[i] + x[i + 1] * s[i + 1]. Right for zeros too.

    Each result from i on contains x[i] as a factor. For three elements the gradient of x[1] is
    x[0] * (g[1] + x[2] * g[2]).
    """
    return (_shifted(out, axis, 1, 1) * _linear_recurrence(g, _shifted(x, axis, -1, 0), axis),)


def _linear_recurrence(g: Value, factor: Value, axis: int) -> Value:
    """s with s[i] = g[i] + factor[i] * s[i + 1], in log2 n steps.

    After each step, g[i] holds the terms of s[i] from the next `reach` elements, and factor[i] the product of `reach`
    factors. A step adds the terms of the element `reach` further on, which doubles the reach.
    """
    reach = 1
    while reach < g.shape[axis]:
        g = g + factor * _shifted(g, axis, -reach, 0)
        factor = factor * _shifted(factor, axis, -reach, 0)
        reach *= 2
    return g


def _shifted(x: Value, axis: int, distance: int, edge: int) -> Value:
    """x shifted along an axis by `distance`; the elements that become free get the number `edge`."""
    kept = max(0, x.shape[axis] - abs(distance))
    source, target = (0, distance) if distance > 0 else (-distance, 0)
    region = along(x.shape, axis, target, kept)
    return slice_update(fill(edge, x.shape, x.dtype, x.device), part(x, axis, source, kept), **region)


_cumprod = Composite("cumprod", lambda x, axis: _scan(x, axis, True), _cumprod_gradient)


def cumsum(x: Value, axis: int | None = None, dtype: DType | None = None) -> Value:
    """The running sums along `axis`, or of the flattened array if it is None."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("cumsum", axis, len(x.shape))
    return _cumsum(accumulator(x, dtype), axis=axis, reverse=False)


def cumprod(x: Value, axis: int | None = None, dtype: DType | None = None) -> Value:
    """The running products along `axis`, or of the flattened array if it is None."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("cumprod", axis, len(x.shape))
    return _cumprod(accumulator(x, dtype), axis=axis)
