"""Functions of neural networks: activations, softmax and cross entropy, layer normalization, dropout.

All are made of pointwise ops and reductions along rows. The planner fuses these: a softmax is one kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy

from clgrad import dtypes
from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops import reduction
from clgrad.ops.arithmetic import absolute, cast, rsqrt, square
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, greater, less
from clgrad.ops.creation import axis_index
from clgrad.ops.gathering import class_label
from clgrad.ops.movement import expand_dims, reshape
from clgrad.ops.operation import Composite, Value, check_one_device, unary
from clgrad.ops.random import keep_mask
from clgrad.ops.transcendental import erf, exp, expm1, log, sigmoid, tanh
from clgrad.shapes import Shape, normalize_axes, normalize_axis
from clgrad.tape import STATE, scope

# -- activations -------------------------------------------------------------------------------------------

_is_positive = unary("is_positive", "(x > (@_v)(0)) ? (@_v)(1) : (@_v)(0)")
# The gradient at 0 is 0, as in other frameworks.
# The rule reads the result, which is in memory where the next layer reads it; x is not, if it is a product plus a bias.
relu = unary("relu", "maximum_@(x, (@_v)(0))", lambda g, out, x: g * _is_positive(out), "number")
softplus = unary(
    "softplus", "maximum_@(x, (@_v)(0)) + log1p_@(exp_@(-fabs(x)))", lambda g, out, x: g * sigmoid(x), cost=35
)
log_sigmoid = unary(
    "log_sigmoid", "minimum_@(x, (@_v)(0)) - log1p_@(exp_@(-fabs(x)))", lambda g, out, x: g * sigmoid(-x), cost=35
)
softsign = unary("softsign", "x / (fabs(x) + (@_v)(1))", lambda g, out, x: g / square(absolute(x) + 1), cost=5)


def silu(x: Value) -> Value:
    """x * sigmoid(x), also called swish."""
    return x * sigmoid(x)


def mish(x: Value) -> Value:
    """x * tanh(softplus(x))."""
    return x * tanh(softplus(x))


def leaky_relu(x: Value, slope: float = 0.25) -> Value:
    """x where it is positive, else slope * x."""
    return where(greater(x, 0), x, x * slope)


def elu(x: Value, alpha: float = 1.0) -> Value:
    """x where it is positive, else alpha * (exp(x) - 1)."""
    positive = greater(x, 0)
    return where(positive, x, alpha * expm1(where(positive, 0.0, x)))


def selu(x: Value) -> Value:
    """The elu with constants that keep mean 0 and variance 1."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x: Value, approximation: str = "erf") -> Value:
    """x times the standard normal distribution function, exact ('erf') or approximated by tanh ('tanh')."""
    if approximation == "erf":
        return 0.5 * x * (erf(x * math.sqrt(0.5)) + 1)
    if approximation == "tanh":
        angle = math.sqrt(2 / math.pi) * (x + 0.044715 * x * square(x))
        return 0.5 * x * (tanh(angle) + 1)
    raise ArgumentError(f"gelu: approximation must be 'erf' or 'tanh', got {approximation!r}")


# -- softmax -----------------------------------------------------------------------------------------------


def _softmax(x: Value, axis: int) -> Value:
    powers = exp(x - reduction.max(x, axis, keepdims=True))
    return powers / reduction.sum(powers, axis, keepdims=True)


def _softmax_gradient(g: Value, out: Value, x: Value, axis: int) -> tuple[Value]:
    product = g * out
    return (product - out * reduction.sum(product, axis, keepdims=True),)


def _log_softmax(x: Value, axis: int) -> Value:
    centred = x - reduction.max(x, axis, keepdims=True)
    return centred - log(reduction.sum(exp(centred), axis, keepdims=True))


def _log_softmax_gradient(g: Value, out: Value, x: Value, axis: int) -> tuple[Value]:
    return (g - exp(out) * reduction.sum(g, axis, keepdims=True),)


_zero_if_infinite = unary("zero_if_infinite", "(fabs(x) == (@_v)(INFINITY)) ? (@_v)(0) : x")


def _logsumexp(x: Value, axes: Shape) -> Value:
    largest = reduction.max(x, axes, keepdims=True)
    shift = _zero_if_infinite(largest)
    return log(reduction.sum(exp(x - shift), axes, keepdims=True)) + shift


_softmaxed = Composite("softmax", _softmax, _softmax_gradient)
_log_softmaxed = Composite("log_softmax", _log_softmax, _log_softmax_gradient)
_log_summed = Composite("logsumexp", _logsumexp, lambda g, out, x, axes: (g * exp(x - out),))


def _wide(x: Value) -> Value:
    """x in the dtype that rows are computed in: float16 becomes float32."""
    return cast(x, dtype=dtypes.to_exact(x.dtype))


def softmax(x: Value, axis: int = -1, temperature: float | None = None, length: Value | None = None) -> Value:
    """exp(x / temperature) divided by its sum along `axis`. Only the first `length` elements of a row count."""
    return _rowwise(_softmaxed, 0.0, x, axis, temperature, _length_mask(x, axis, length))


def log_softmax(x: Value, axis: int = -1, temperature: float | None = None, length: Value | None = None) -> Value:
    """The logarithm of softmax; -inf beyond the first `length` elements of a row."""
    return _rowwise(_log_softmaxed, -math.inf, x, axis, temperature, _length_mask(x, axis, length))


def masked_softmax(x: Value, mask: Value, axis: int = -1, temperature: float | None = None) -> Value:
    """softmax over the elements where the mask is true, 0 elsewhere."""
    return _rowwise(_softmaxed, 0.0, x, axis, temperature, mask)


def masked_log_softmax(x: Value, mask: Value, axis: int = -1, temperature: float | None = None) -> Value:
    """log_softmax over the elements where the mask is true, -inf elsewhere."""
    return _rowwise(_log_softmaxed, -math.inf, x, axis, temperature, mask)


def _rowwise(op: Composite, hidden: float, x: Value, axis: int, temperature: float | None, mask: Value | None) -> Value:
    axis = normalize_axis(op.name, axis, len(x.shape))
    if 0 in x.shape:
        return _wide(x)
    wide = _wide(x) if temperature is None or temperature == 1 else _wide(x) / temperature
    if mask is None:
        out = op(wide, axis=axis)
    else:
        # A finite number instead of -inf: in a row without true elements, -inf - (-inf) would be NaN.
        least = float(numpy.finfo(wide.dtype).min) / 2
        out = where(mask, op(where(mask, wide, least), axis=axis), hidden)
    return cast(out, dtype=dtypes.to_floating(x.dtype))


def _length_mask(x: Value, axis: int, length: Value | None) -> Value | None:
    if length is None:
        return None
    axis = normalize_axis("softmax", axis, len(x.shape))
    if length.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise ShapeError(f"softmax: lengths of shape {length.shape} do not fit {x.shape} with axis {axis} left out")
    return less(axis_index(x.shape, axis, x.device), expand_dims(cast(length, dtype=dtypes.int64), axis))


def logsumexp(x: Value, axis: int | Iterable[int] | None = None, keepdims: bool = False) -> Value:
    """log(sum(exp(x))) over `axis`, without overflow."""
    axes = normalize_axes("logsumexp", axis, len(x.shape))
    out = _log_summed(_wide(x), axes=axes)
    kept = tuple(n for at, n in enumerate(x.shape) if at not in axes)
    return cast(out if keepdims else reshape(out, kept), dtype=dtypes.to_floating(x.dtype))


def softmax_cross_entropy(x: Value, label: Value, axis: int = -1, sparse: bool = True) -> Value:
    """-log(softmax(x)) at the label of each row; with `sparse=False` labels are probabilities, of x's shape.

    A label that is not a class raises when a result is read.
    """
    check_one_device("softmax_cross_entropy", (x, label))
    axis = normalize_axis("softmax_cross_entropy", axis, len(x.shape))
    wide = _wide(x)
    if not sparse:
        if label.shape != x.shape:
            raise ShapeError(f"softmax_cross_entropy: shapes {x.shape} and {label.shape} of the labels must be equal")
        return cast(-reduction.sum(log_softmax(wide, axis) * label, axis), dtype=x.dtype)
    if label.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise ShapeError(
            f"softmax_cross_entropy: labels of shape {label.shape} do not fit {x.shape} with axis {axis} left out. "
            "Usual cause: one-hot labels, which need sparse=False"
        )
    classes = class_label("softmax_cross_entropy", label, x.shape[axis])
    hit = equal(axis_index(x.shape, axis, x.device), expand_dims(classes, axis))
    picked = reduction.sum(where(hit, wide, 0), axis)
    return cast(logsumexp(wide, axis) - picked, dtype=x.dtype)


# -- normalization and dropout -----------------------------------------------------------------------------


def _moments(x: Value, eps: float, axes: Shape) -> tuple[Value, Value]:
    """x without its mean, and one over its standard deviation."""
    centred = x - reduction.mean(x, axes, keepdims=True)
    return centred, rsqrt(reduction.mean(square(centred), axes, keepdims=True) + eps)


def _standardize_gradient(
    g: Value, out: Value, x: Value, centred: Value, scale: Value, eps: float, axes: Shape
) -> tuple[Value | None, ...]:
    if STATE.recording:
        # The gradient of this gradient needs the scale as a function of x.
        _, scale = _moments(x, eps, axes)
    mean = reduction.mean(g, axes, keepdims=True)
    slope = reduction.mean(g * out, axes, keepdims=True)
    return scale * (g - mean - out * slope), None, None


_standardized = Composite("standardize", lambda x, centred, scale, eps, axes: centred * scale, _standardize_gradient)


def standardize(x: Value, eps: float, axes: Shape) -> Value:
    """x shifted and scaled to mean 0 and variance 1 along axes. The gradient reuses the scale computed here."""
    with scope(recording=False):
        centred, scale = _moments(x, eps, axes)
    return _standardized(x, centred, scale, eps=eps, axes=axes)


def layer_norm(x: Value, gamma: Value, beta: Value, axis: int = -1, eps: float = 1e-5) -> Value:
    """x shifted and scaled to mean 0 and variance 1 along `axis`, then times gamma plus beta."""
    axis = normalize_axis("layer_norm", axis, len(x.shape))
    for name, one in (("gamma", gamma), ("beta", beta)):
        if one.shape != (x.shape[axis],):
            raise ShapeError(f"layer_norm: {name} must have shape {(x.shape[axis],)}, got {one.shape}")
    spread = tuple(n if at == axis else 1 for at, n in enumerate(x.shape))
    normal = standardize(_wide(x), float(eps), (axis,))
    out = normal * reshape(gamma, spread) + reshape(beta, spread)
    return cast(out, dtype=dtypes.to_floating(x.dtype))


def dropout(x: Value, p: float = 0.5, axes: Iterable[int] = (), always: bool = False) -> Value:
    """In training mode (or `always`) each element becomes 0 with probability p, else x / (1 - p).

    Elements along `axes` share the choice.
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout: the probability p must be from 0 to 1, got {p}")
    if p == 0 or not (STATE.training or always):
        return x
    if p == 1:
        return x * 0
    shared = normalize_axes("dropout", axes, len(x.shape))
    shape = tuple(1 if axis in shared else n for axis, n in enumerate(x.shape))
    return where(keep_mask(1 - p, shape, x.device), x * (1 / (1 - p)), 0)
