"""The gamma function, its logarithm and their derivatives; modified Bessel functions of integer order."""

from __future__ import annotations

from clgrad.ops.operation import Elementwise, unary

# The order is a number, the second input. The derivative of an order is the next order.
polygamma: Elementwise = Elementwise(
    "polygamma", "polygamma_@(x, (int)FIRST_LANE(y))",
    lambda g, out, x, order: (g * polygamma(x, order + 1), None), "float", cost=200,
)  # fmt: skip
digamma = unary("digamma", "digamma_@(x)", lambda g, out, x: g * polygamma(x, 1), cost=80)
gammaln = unary("gammaln", "lgamma_@(x)", lambda g, out, x: g * digamma(x), cost=80)
gamma = unary("gamma", "gamma_@(x)", lambda g, out, x: g * (out * digamma(x)), cost=80)

bessel_i: Elementwise = Elementwise(
    "bessel_i", "iv_@(x, (int)FIRST_LANE(y))",
    lambda g, out, x, order: (0.5 * g * (bessel_i(x, abs(order - 1)) + bessel_i(x, order + 1)), None),
    "float", cost=200,
)  # fmt: skip
i0 = unary("i0", "i0_@(x)", lambda g, out, x: g * bessel_i(x, 1), cost=40)
