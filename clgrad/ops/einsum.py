"""einsum as diagonals, sums, transposes and matrix products of pairs of operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops import reduction
from clgrad.ops.arithmetic import multiply
from clgrad.ops.linalg import matmul
from clgrad.ops.movement import broadcast_to, diagonal, reshape, transpose
from clgrad.ops.operation import Value, common
from clgrad.shapes import size_of


def einsum(subscripts: str, *operands: Value) -> Value:
    """NumPy's einsum, e.g. einsum('ij,jk->ik', a, b). A letter that an operand has twice takes the diagonal."""
    same, _ = common("einsum", operands)
    inputs, output = _parse(subscripts, same)
    lengths = _lengths(subscripts, inputs, same)
    terms = [_diagonalized(letters, value, lengths) for letters, value in zip(inputs, same)]
    while len(terms) > 1:
        first, second = _next_pair(terms, output, lengths)
        pair = terms[first], terms[second]
        rest = [term for at, term in enumerate(terms) if at not in (first, second)]
        needed = set(output).union(*(letters for letters, _ in rest))
        terms = [*rest, _product(*pair, needed, lengths)]
    letters, value = _summed(terms[0], set(output))
    return transpose(value, [letters.index(letter) for letter in output])


Term = tuple[str, Value]


def _parse(subscripts: str, operands: Sequence[Value]) -> tuple[list[str], str]:
    """The letters of each operand and of the output. An ellipsis becomes letters that users cannot write."""
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        raise ArgumentError(f"einsum: {subscripts!r} is for {len(inputs)} operands, but {len(operands)} were given")
    spare = [chr(code) for code in range(0x100, 0x180)]
    most = 0
    for at, (letters, value) in enumerate(zip(inputs, operands)):
        if "..." in letters:
            count = len(value.shape) - len(letters) + 3
            if count < 0:
                raise ShapeError(f"einsum: {letters!r} has more letters than shape {value.shape} has axes")
            most = max(most, count)
            inputs[at] = letters.replace("...", "".join(spare[len(spare) - count :]))
    dots = "".join(spare[len(spare) - most :]) if most else ""
    if arrow:
        output = output.replace("...", dots)
    else:
        everything = "".join(inputs)
        single = sorted(letter for letter in set(everything) - set(dots) if everything.count(letter) == 1)
        output = dots + "".join(single)
    _check_letters(subscripts, inputs, output)
    return inputs, output


def _check_letters(subscripts: str, inputs: list[str], output: str) -> None:
    if not all(letter.isalpha() for letter in "".join(inputs) + output):
        raise ArgumentError(f"einsum: {subscripts!r} may hold letters, ',', '->' and '...' only")
    if len(set(output)) != len(output) or not set(output) <= set("".join(inputs)):
        raise ArgumentError(
            f"einsum: in {subscripts!r} each letter of the output must occur only once in it, and in an input"
        )


def _lengths(subscripts: str, inputs: list[str], operands: Sequence[Value]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for letters, value in zip(inputs, operands):
        if len(letters) != len(value.shape):
            raise ShapeError(f"einsum: {letters!r} in {subscripts!r} does not fit an operand of shape {value.shape}")
        for letter, length in zip(letters, value.shape):
            known = lengths.setdefault(letter, length)
            if known != length and 1 not in (known, length):
                raise ShapeError(f"einsum: {letter!r} in {subscripts!r} stands for both {known} and {length}")
            lengths[letter] = max(known, length) if 0 not in (known, length) else 0
    return lengths


def _diagonalized(letters: str, value: Value, lengths: dict[str, int]) -> Term:
    """The operand broadcast to the lengths of its letters, with the diagonal for each repeated letter."""
    value = broadcast_to(value, [lengths[letter] for letter in letters])
    while len(set(letters)) < len(letters):
        letter = next(one for one in letters if letters.count(one) > 1)
        first = letters.index(letter)
        second = letters.index(letter, first + 1)
        value = diagonal(value, 0, first, second)
        letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + letter
    return letters, value


def _summed(term: Term, needed: set[str]) -> Term:
    """The operand summed over the letters that neither the output nor another operand needs."""
    letters, value = term
    axes = [axis for axis, letter in enumerate(letters) if letter not in needed]
    if not axes:
        return term
    return "".join(letter for letter in letters if letter in needed), reduction.sum(value, axes, dtype=value.dtype)


def _next_pair(terms: list[Term], output: str, lengths: dict[str, int]) -> tuple[int, int]:
    """The pair of operands to multiply next, in NumPy's greedy order."""
    if len(terms) == 2:
        return 0, 1
    names = {letter: chr(97 + at) if at < 26 else chr(39 + at) for at, letter in enumerate(sorted(lengths))}
    texts = ["".join(names[letter] for letter in letters) for letters, _ in terms]
    text = ",".join(texts) + "->" + "".join(names[letter] for letter in output)
    shapes = [numpy.broadcast_to(numpy.int8(0), value.shape) for _, value in terms]
    path: Any = numpy.einsum_path(text, *shapes, optimize="greedy")[0]
    first, second = sorted(path[1][:2])
    return int(first), int(second)


def _product(a: Term, b: Term, needed: set[str], lengths: dict[str, int]) -> Term:
    """The product of two operands, summed over their common letters that are not needed: a batched matrix product.

    Example: 'bij,bjk' with `needed` = {b, i, k} has batch b, rows i, columns k, and is contracted over j.
    """
    (a_letters, a_value), (b_letters, b_value) = _summed(a, needed | set(b[0])), _summed(b, needed | set(a[0]))
    shared = [letter for letter in a_letters if letter in b_letters]
    batch = "".join(letter for letter in shared if letter in needed)
    contracted = "".join(letter for letter in shared if letter not in needed)
    rows = "".join(letter for letter in a_letters if letter not in shared)
    columns = "".join(letter for letter in b_letters if letter not in shared)
    sizes = {group: size_of(tuple(lengths[letter] for letter in group)) for group in (batch, contracted, rows, columns)}
    left = _arranged(a_letters, a_value, batch + rows + contracted)
    right = _arranged(b_letters, b_value, batch + contracted + columns)
    if contracted:
        out = matmul(
            reshape(left, (sizes[batch], sizes[rows], sizes[contracted])),
            reshape(right, (sizes[batch], sizes[contracted], sizes[columns])),
        )
    else:
        out = multiply(reshape(left, (sizes[batch], sizes[rows], 1)), reshape(right, (sizes[batch], 1, sizes[columns])))
    letters = batch + rows + columns
    return letters, reshape(out, [lengths[letter] for letter in letters])


def _arranged(letters: str, value: Value, order: str) -> Value:
    return transpose(value, [letters.index(letter) for letter in order])
