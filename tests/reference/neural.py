"""Rows of clgrad/ops/neural.py."""

from __future__ import annotations

import math
from typing import Any

import numpy

from clgrad.ops import neural
from tests.reference.indexing import LABELS, take_axis
from tests.reference.row import EMPTY, NUMBERS, Row, numbers_below, unary
from tests.reference.transcendental import ERF


def _softmax(x: Any, axis: int = -1) -> Any:
    powers_of_e = numpy.exp(x - x.max(axis, keepdims=True))
    return powers_of_e / powers_of_e.sum(axis, keepdims=True)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.log(numpy.exp(x).sum(axis, keepdims=keepdims))


def _cross_entropy(x: Any, labels: Any) -> Any:
    return -numpy.log(take_axis(_softmax(x), labels, -1))


def _layer_norm(x: Any, gamma: Any, beta: Any, axis: int = -1) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1
    centred = x - x.mean(axis, keepdims=True)
    normal = centred / numpy.sqrt((centred**2).mean(axis, keepdims=True) + 1e-5)
    return normal * gamma.reshape(shape) + beta.reshape(shape)


ROWS_SHAPES = (((5, 37),), ((3, 4, 5),), ((2, 1),), ((2, 1000),), EMPTY)
ROWS = [
    unary("relu", neural.relu, lambda x: numpy.maximum(x, 0), covers=("is_positive",), dtypes=NUMBERS),
    unary("softplus", neural.softplus, lambda x: numpy.logaddexp(x, 0)),
    unary("log_sigmoid", neural.log_sigmoid, lambda x: -numpy.logaddexp(-x, 0)),
    unary("softsign", neural.softsign, lambda x: x / (1 + abs(x)), error=2),
    unary("silu", neural.silu, lambda x: x / (1 + numpy.exp(-x))),
    unary("mish", neural.mish, lambda x: x * numpy.tanh(numpy.logaddexp(x, 0)), error=8),
    unary("leaky_relu", neural.leaky_relu, lambda x: numpy.where(x > 0, x, 0.25 * x)),
    unary("elu", neural.elu, lambda x: numpy.where(x > 0, x, numpy.expm1(x))),
    unary("selu", neural.selu, lambda x: 1.0507009873554805 * numpy.where(x > 0, x, 1.6732632423543772 * numpy.expm1(x))),
    unary("gelu", neural.gelu, lambda x: 0.5 * x * (1 + ERF(x * math.sqrt(0.5))), absolute=4),
    unary("gelu with tanh", lambda x: neural.gelu(x, "tanh"), absolute=4, covers=("gelu",),
          reference=lambda x: 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    Row("softmax", neural.softmax, _softmax, shapes=ROWS_SHAPES, keywords=({"axis": -1}, {"axis": 0}), error=16),
    Row("softmax with temperature", neural.softmax, lambda x, temperature: _softmax(x / temperature), shapes=ROWS_SHAPES[:1],
        keywords=({"temperature": 2.5},), error=16, covers=("softmax",)),
    Row("log_softmax", neural.log_softmax, lambda x, axis: numpy.log(_softmax(x, axis)), shapes=ROWS_SHAPES,
        keywords=({"axis": -1}, {"axis": 0}), error=8, absolute=4),
    Row("masked_softmax", neural.masked_softmax, lambda x, mask: _softmax(numpy.where(mask, x, -1e30)), shapes=(((5, 9),),),
        fixed=(numbers_below(3, 5, 9) > 0,), error=16, covers=("softmax",)),
    Row("softmax with lengths", lambda x, length: neural.softmax(x, length=length), shapes=(((5, 9),),), error=16, covers=("softmax",),
        reference=lambda x, length: _softmax(numpy.where(numpy.arange(9) < length[:, None], x, -1e30)),
        fixed=(numbers_below(9, 5, low=1),)),
    Row("logsumexp", neural.logsumexp, _logsumexp, shapes=ROWS_SHAPES, covers=("zero_if_infinite",), error=8, absolute=4,
        keywords=({"axis": -1}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)})),
    Row("softmax_cross_entropy", neural.softmax_cross_entropy, _cross_entropy, shapes=(((5, 9),),), fixed=(LABELS,), error=8, absolute=8),
    Row("softmax_cross_entropy with probabilities", lambda x, p: neural.softmax_cross_entropy(x, p, sparse=False),
        lambda x, p: -(numpy.log(_softmax(x)) * p).sum(-1), shapes=(((5, 9), (5, 9)),), error=16, absolute=16,
        covers=("softmax_cross_entropy",)),
    Row("layer_norm", neural.layer_norm, _layer_norm, shapes=(((5, 37), (37,), (37,)), ((3, 4, 5), (5,), (5,)), ((0, 5), (5,), (5,))), error=16,
        absolute=32, covers=("standardize",)),
]  # fmt: skip
