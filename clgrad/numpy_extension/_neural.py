"""Functions of neural networks: softmax, losses, activations, dense layers, normalization, dropout, embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import optional_dtype
from clgrad.array.conversion import as_operand, as_operands, as_value
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError, DTypeError
from clgrad.ops import arithmetic, choice, indexing, linalg, neural, transcendental
from clgrad.ops.comparison import greater, less
from clgrad.ops.operation import Value


def _rows(value: Value, dtype: Any, out: Any = None) -> ndarray:
    wanted = optional_dtype(dtype)
    return finish(value if wanted is None else arithmetic.cast(value, dtype=wanted), out)


def _row_lengths(length: Any, use_length: bool, value: Value) -> Value | None:
    return as_operand(length, value) if use_length or length is not None else None


def softmax(
    data: Any, length: Any = None, axis: int = -1, temperature: float | None = None, use_length: bool = False,
    dtype: Any = None,
) -> ndarray:  # fmt: skip
    """exp(data / temperature) divided by its sum along `axis`. Only the first `length` elements of a row count; the
    others give 0.

    >>> from clgrad import np, npx
    >>> npx.softmax(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    value = as_value(data)
    return _rows(neural.softmax(value, axis, temperature, _row_lengths(length, use_length, value)), dtype)


def log_softmax(
    data: Any, axis: int = -1, length: Any = None, temperature: float | None = None, use_length: bool = False,
    dtype: Any = None,
) -> ndarray:  # fmt: skip
    """The logarithm of softmax, without overflow.

    >>> from clgrad import np, npx
    >>> npx.log_softmax(np.zeros((1, 2)))
    array([[-0.6931472, -0.6931472]])
    """
    value = as_value(data)
    return _rows(neural.log_softmax(value, axis, temperature, _row_lengths(length, use_length, value)), dtype)


def masked_softmax(data: Any, mask: Any, axis: int = -1, temperature: float = 1.0, normalize: bool = True) -> ndarray:
    """softmax over the elements where the mask is true, 0 elsewhere.

    The largest element is always subtracted first, also with `normalize=False`: the values are the same and do not
    overflow.

    >>> from clgrad import np, npx
    >>> npx.masked_softmax(np.zeros((1, 3)), np.array([[1, 1, 0]], dtype=bool))
    array([[0.5, 0.5, 0. ]])
    """
    value, hits = as_operands((data, mask))
    return finish(neural.masked_softmax(value, hits, axis, temperature))


def masked_log_softmax(
    data: Any, mask: Any, axis: int = -1, temperature: float = 1.0, normalize: bool = True
) -> ndarray:
    """log_softmax over the elements where the mask is true, -inf elsewhere. `normalize` as in masked_softmax.

    >>> from clgrad import np, npx
    >>> npx.masked_log_softmax(np.zeros((1, 2)), np.array([[1, 0]], dtype=bool))
    array([[  0., -inf]])
    """
    value, hits = as_operands((data, mask))
    return finish(neural.masked_log_softmax(value, hits, axis, temperature))


def softmax_cross_entropy(data: Any, label: Any, axis: int = -1, sparse_label: bool = True) -> ndarray:
    """-log(softmax(data)) at the label of each row; with `sparse_label=False` labels are probabilities.

    A label that is NaN or not a class raises when the result is read.

    >>> from clgrad import np, npx
    >>> npx.softmax_cross_entropy(np.zeros((2, 2)), np.array([0, 1]))
    array([0.6931472, 0.6931472])
    """
    value, labels = as_operands((data, label))
    return finish(neural.softmax_cross_entropy(value, labels, axis, sparse_label))


def logsumexp(data: Any, axis: Any = None, keepdims: bool = False) -> ndarray:
    """log(sum(exp(data))) over `axis`, without overflow.

    >>> from clgrad import np, npx
    >>> npx.logsumexp(np.zeros(2))
    array(0.6931472)
    """
    return finish(neural.logsumexp(as_value(data), axis, keepdims))


def relu(data: Any, out: Any = None) -> ndarray:
    """max(data, 0); its gradient at 0 is 0.

    >>> from clgrad import np, npx
    >>> npx.relu(np.array([-1, 2]))
    array([0., 2.])
    """
    return finish(neural.relu(as_value(data)), out)


def sigmoid(data: Any, out: Any = None) -> ndarray:
    """1 / (1 + exp(-data)).

    >>> from clgrad import np, npx
    >>> npx.sigmoid(np.zeros(1))
    array([0.5])
    """
    return finish(transcendental.sigmoid(as_value(data)), out)


def softplus(data: Any, out: Any = None) -> ndarray:
    """log(1 + exp(data)), without overflow.

    >>> from clgrad import np, npx
    >>> npx.softplus(np.zeros(1))
    array([0.6931472])
    """
    return finish(neural.softplus(as_value(data)), out)


def softsign(data: Any, out: Any = None) -> ndarray:
    """data / (1 + |data|).

    >>> from clgrad import np, npx
    >>> npx.softsign(np.array([1, -3]))
    array([ 0.5 , -0.75])
    """
    return finish(neural.softsign(as_value(data)), out)


def gelu(data: Any, approximation: str = "erf") -> ndarray:
    """data times the standard normal distribution function, exact ('erf') or approximated by tanh ('tanh').

    >>> from clgrad import np, npx
    >>> npx.gelu(np.zeros(1))
    array([0.])
    """
    return finish(neural.gelu(as_value(data), approximation))


_ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "relu": neural.relu, "sigmoid": transcendental.sigmoid, "tanh": transcendental.tanh,
    "softrelu": neural.softplus, "softsign": neural.softsign, "log_sigmoid": neural.log_sigmoid,
    "mish": neural.mish, "silu": neural.silu, "swish": neural.silu,
}  # fmt: skip


def activation(data: Any, act_type: str = "relu") -> ndarray:
    """An activation by its name: relu, sigmoid, tanh, softrelu, softsign, log_sigmoid, mish, silu, swish.

    >>> from clgrad import np, npx
    >>> npx.activation(np.array([-1, 2]), act_type='relu')
    array([0., 2.])
    """
    if act_type not in _ACTIVATIONS:
        raise ArgumentError(f"activation: act_type must be one of {', '.join(_ACTIVATIONS)}, got {act_type!r}")
    return finish(_ACTIVATIONS[act_type](as_value(data)))


def leaky_relu(
    data: Any, gamma: Any = None, act_type: str = "leaky", slope: float = 0.25, lower_bound: float = 0.125,
    upper_bound: float = 0.334,
) -> ndarray:  # fmt: skip
    """Activations that are not 0 for negative inputs: leaky, prelu, elu, selu, gelu, gelu_tanh.

    >>> from clgrad import np, npx
    >>> npx.leaky_relu(np.array([-4, 2]))
    array([-1.,  2.])
    """
    value = as_value(data)
    if act_type == "prelu":
        slopes = as_operand(gamma, value)
        return finish(choice.where(greater(value, 0), value, value * slopes))
    rules: dict[str, Callable[[], Value]] = {
        "leaky": lambda: neural.leaky_relu(value, slope),
        "elu": lambda: neural.elu(value, slope),
        "selu": lambda: neural.selu(value),
        "gelu": lambda: neural.gelu(value),
        "gelu_tanh": lambda: neural.gelu(value, "tanh"),
    }
    if act_type not in rules:
        raise ArgumentError(f"leaky_relu: act_type must be one of prelu, {', '.join(rules)}, got {act_type!r}")
    return finish(rules[act_type]())


def fully_connected(
    x: Any, weight: Any, bias: Any = None, num_hidden: int | None = None, no_bias: bool | None = None,
    flatten: bool = True,
) -> ndarray:  # fmt: skip
    """x @ weight.T + bias. If `flatten`, all axes of x after the first are merged into one first.

    >>> from clgrad import np, npx
    >>> npx.fully_connected(np.ones((1, 3)), np.ones((2, 3)), np.array([0, 1]))
    array([[3., 4.]])
    """
    value, weights = as_operands((x, weight))
    if num_hidden is not None and weights.shape[0] != num_hidden:
        raise ArgumentError(f"fully_connected: num_hidden={num_hidden} does not fit a weight of shape {weights.shape}")
    biases = None if bias is None or no_bias else as_operand(bias, value)
    return finish(linalg.fully_connected(value, weights, biases, flatten))


def batch_dot(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, forward_stype: Any = None
) -> ndarray:
    """The products of two batches of matrices. All arrays are dense, so `forward_stype` may only be 'default'.

    >>> from clgrad import np, npx
    >>> npx.batch_dot(np.ones((2, 1, 3)), np.ones((2, 1, 3)), transpose_b=True).shape
    (2, 1, 1)
    """
    if forward_stype not in (None, "default"):
        raise ArgumentError(f"batch_dot: forward_stype={forward_stype!r} is not supported: all arrays are dense")
    x, y = as_operands((a, b))
    return finish(linalg.batch_dot(x, y, transpose_a, transpose_b))


def layer_norm(
    data: Any, gamma: Any, beta: Any, axis: int = -1, eps: float = 1e-5, output_mean_var: bool = False
) -> ndarray:
    """data shifted and scaled to mean 0 and variance 1 along `axis`, then times gamma plus beta.

    >>> from clgrad import np, npx
    >>> npx.layer_norm(np.array([[1, 3]]), np.ones(2), np.zeros(2), eps=0)
    array([[-1.,  1.]])
    """
    if output_mean_var:
        raise ArgumentError("layer_norm: output_mean_var=True is not supported; compute np.mean and np.var")
    value, scale, shift = as_operands((data, gamma, beta))
    return finish(neural.layer_norm(value, scale, shift, axis, eps))


def dropout(
    data: Any, p: float = 0.5, mode: str = "training", axes: Iterable[int] = (), cudnn_off: bool = False
) -> ndarray:
    """In training mode each element becomes 0 with probability p, else data / (1 - p). mode='always': in every mode.

    >>> from clgrad import np, npx
    >>> npx.dropout(np.ones(3), 0.9)
    array([1., 1., 1.])
    """
    if mode not in ("training", "always"):
        raise ArgumentError(f"dropout: mode must be 'training' or 'always', got {mode!r}")
    return finish(neural.dropout(as_value(data), p, axes or (), mode == "always"))


def embedding(
    data: Any, weight: Any, input_dim: int | None = None, output_dim: int | None = None, dtype: Any = None,
    sparse_grad: bool = False,
) -> ndarray:  # fmt: skip
    """The rows of `weight` at the indices in `data`. An index out of range raises when the result is read.

    `input_dim`, `output_dim` and `dtype`, if given, must be those of `weight`. Gradients are dense, also with
    `sparse_grad`.

    >>> from clgrad import np, npx
    >>> npx.embedding(np.array([1, 0]), np.array([[1, 2], [3, 4]]))
    array([[3., 4.],
           [1., 2.]])
    """
    indices, weights = as_operands((data, weight))
    for name, given, length in (("input_dim", input_dim, 0), ("output_dim", output_dim, 1)):
        if given is not None and weights.shape[length] != given:
            raise ArgumentError(f"embedding: {name}={given} does not fit a weight of shape {weights.shape}")
    if dtype is not None and as_dtype(dtype) != weights.dtype:
        raise DTypeError(
            f"embedding: dtype={as_dtype(dtype).name} does not fit a weight of {weights.dtype.name}; "
            f"convert one of them, for example weight.astype({as_dtype(dtype).name!r})"
        )
    return finish(indexing.embedding(indices, weights))


def smooth_l1(data: Any, scalar: float = 1.0, out: Any = None) -> ndarray:
    """(scalar * data) ** 2 / 2 where |data| < 1 / scalar ** 2, and |data| - 1 / (2 * scalar ** 2) elsewhere.

    >>> from clgrad import np, npx
    >>> npx.smooth_l1(np.array([0.5, 2]))
    array([0.125, 1.5  ])
    """
    value = as_value(data)
    size, knee = arithmetic.absolute(value), 1.0 / scalar**2
    near = 0.5 * scalar**2 * arithmetic.square(value)
    return finish(choice.where(less(size, knee), near, size - 0.5 * knee), out)
