"""The largest and smallest elements."""

from __future__ import annotations

from typing import Any

from clgrad.array import finish
from clgrad.array.conversion import as_value
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.ops import sorting
from clgrad.ops.arithmetic import cast


def topk(
    data: Any, axis: int | None = -1, k: int = 1, ret_typ: str = "indices", is_ascend: bool = False,
    dtype: Any = "float32", out: Any = None,
) -> Any:  # fmt: skip
    """The k largest elements along `axis`, or with `is_ascend` the k smallest; all of them where k < 1.

    `ret_typ`: their 'indices', of `dtype`; the elements ('value'); 'both', elements first; or a 'mask' of the shape
    and dtype of `data`, 1 where they are. Equal elements keep their order, NaN comes last. The gradient of an element
    goes to its place in `data`.

    >>> from clgrad import np, npx
    >>> npx.topk(np.array([3, 1, 2]), k=2)
    array([0., 2.])
    >>> npx.topk(np.array([3, 1, 2]), k=2, ret_typ="both", dtype="int32")
    (array([3., 2.]), array([0, 2], dtype=int32))
    """
    if ret_typ not in ("indices", "value", "both", "mask"):
        raise ArgumentError(f"topk: ret_typ must be 'indices', 'value', 'both' or 'mask', got {ret_typ!r}")
    x = as_value(data)
    if ret_typ == "mask":
        return finish(sorting.topk_mask(x, k, axis, is_ascend), out)
    values, indices = sorting.topk(x, k, axis, is_ascend)
    if ret_typ == "value":
        return finish(values, out)
    indices = cast(indices, dtype=as_dtype(dtype))
    return finish(indices, out) if ret_typ == "indices" else (finish(values), finish(indices))
