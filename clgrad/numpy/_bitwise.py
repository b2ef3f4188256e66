"""Bits of integers, and their common divisors and multiples."""

from __future__ import annotations

from clgrad.numpy._elementwise import binary, unary
from clgrad.ops import bitwise

bitwise_and = binary(
    "bitwise_and", bitwise.bitwise_and, "x1 & x2, bit by bit.", "np.array([5, 6], dtype=int), 3 -> [1 2]"
)
bitwise_or = binary("bitwise_or", bitwise.bitwise_or, "x1 | x2, bit by bit.", "np.array([5, 6], dtype=int), 1 -> [5 7]")
bitwise_xor = binary(
    "bitwise_xor", bitwise.bitwise_xor, "x1 ^ x2, bit by bit.", "np.array([5, 6], dtype=int), 1 -> [4 7]"
)
invert = unary("invert", bitwise.invert, "~x, bit by bit.", "np.array([0, 5], dtype=int) -> [-1 -6]")
bitwise_not = bitwise_invert = invert
left_shift = binary("left_shift", bitwise.left_shift, "x1 << x2.", "np.array([1, 5], dtype=int), 2 -> [ 4 20]")
right_shift = binary("right_shift", bitwise.right_shift, "x1 >> x2.", "np.array([4, 21], dtype=int), 2 -> [1 5]")
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift
bitwise_count = unary(
    "bitwise_count", bitwise.bitwise_count, "The number of set bits in the absolute value, as uint8.",
    "np.array([0, 7, -8], dtype='int32') -> [0 3 1]",
)  # fmt: skip
gcd = binary(
    "gcd", bitwise.gcd, "The greatest common divisor of integers.", "np.array([12, 18], dtype=int), 8 -> [4 2]"
)
lcm = binary("lcm", bitwise.lcm, "The least common multiple of integers.", "np.array([4, 6], dtype=int), 10 -> [20 30]")
