"""Philox and what is made of its bits: known answers, the layout of streams, distributions."""

from __future__ import annotations

import numpy
import pytest

from tests.cl_kernels.test_functions import BLOCK, Array, Devices, in_both_shapes, needs, source

COUNT = 16 * BLOCK
STREAM, SEED = 0x0370734413198A2E, 0x299F31D0A4093822
ARGUMENTS = f"x, {STREAM}ul, {SEED}ul"


def philox(counter: tuple[int, ...], key: tuple[int, ...]) -> list[int]:
    """Ten rounds of Philox4x32, as its authors write them."""
    a, b, c, d = counter
    low, high = key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (second >> 32) ^ b ^ low, second & 0xFFFFFFFF, (first >> 32) ^ d ^ high, first & 0xFFFFFFFF
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return [a, b, c, d]


def halves(number: int) -> tuple[int, int]:
    return number & 0xFFFFFFFF, number >> 32


def drawn(devices: Devices, expression: str, out: str, first: int = 0) -> Array:
    """An expression of the elements x of a stream, from a first one on."""
    elements = numpy.arange(first, first + COUNT, dtype="uint64")
    return in_both_shapes(devices, source(expression, ("ulong",), out), [elements], out)


# Salmon, Moraes, Dror and Shaw, Random123: kat_vectors
@pytest.mark.parametrize(
    ("counter", "stream", "seed", "words"),
    [
        (0, 0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, 2**64 - 1, 2**64 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (0x85A308D3243F6A88, STREAM, SEED, (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)
def test_known_answers(devices: Devices, counter: int, stream: int, seed: int, words: tuple[int, ...]) -> None:
    assert tuple(philox((*halves(counter), *halves(stream)), halves(seed))) == words
    block = f"uint_v words[4]; random_block((ulong_v)({counter}ul), {stream}ul, {seed}ul, words);"
    chosen = "x == 0 ? words[0] : x == 1 ? words[1] : x == 2 ? words[2] : words[3]"
    places = numpy.arange(BLOCK, dtype="uint32") % 4
    got = in_both_shapes(devices, source(chosen, ("uint",), "uint", block), [places], "uint")
    assert got[:4].tolist() == list(words)


@pytest.mark.parametrize("first", [0, 2**40 - 64])
def test_every_element_has_its_place_in_a_block(devices: Devices, first: int) -> None:
    words = drawn(devices, f"random_bits({ARGUMENTS})", "uint", first)
    longs = drawn(devices, f"random_long_bits({ARGUMENTS})", "ulong", first)
    for place in (0, 5, 16, 63, 64, 1000, COUNT - 1):
        element = first + place
        block = philox((*halves(element // 64 * 16 + element % 16), *halves(STREAM)), halves(SEED))
        assert words[place] == block[element // 16 % 4]
        block = philox((*halves(element // 32 * 16 + element % 16), *halves(STREAM)), halves(SEED))
        pair = element // 16 % 2 * 2
        assert longs[place] == block[pair] | block[pair + 1] << 32


def test_streams_and_seeds_differ(devices: Devices) -> None:
    origins = ((0, 0), (1, 0), (0, 1))
    streams = [drawn(devices, f"random_bits(x, {stream}ul, {seed}ul)", "uint") for stream, seed in origins]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (streams[one] == streams[other]).mean() < 0.001


@pytest.mark.parametrize(("dtype", "bits"), [("float", 24), ("double", 53)])
def test_uniform(devices: Devices, dtype: str, bits: int) -> None:
    needs(devices, dtype)
    numbers = drawn(devices, f"uniform_{dtype}({ARGUMENTS})", dtype).astype("float64")
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert ((numbers * 2**bits) % 1 == 0).all()
    counts = numpy.histogram(numbers, 16, (0, 1))[0]
    assert abs(counts / COUNT - 1 / 16).max() < 0.004


@pytest.mark.parametrize("dtype", ["float", "double"])
def test_normal(devices: Devices, dtype: str) -> None:
    needs(devices, dtype)
    numbers = drawn(devices, f"normal_{dtype}({ARGUMENTS})", dtype).astype("float64")
    moments = [float((numbers**power).mean()) for power in (1, 2, 3, 4)]
    numpy.testing.assert_allclose(moments, (0, 1, 0, 3), atol=0.06)
    for distance in (1, 16, 32):
        assert abs((numbers[distance:] * numbers[:-distance]).mean()) < 0.02


@pytest.mark.parametrize("count", [1, 7, 2**32 + 1, 2**64 - 15])
def test_integers_are_the_high_half_of_a_product(devices: Devices, count: int) -> None:
    numbers = drawn(devices, f"random_integer({ARGUMENTS}, -3, {count}ul)", "long")
    longs = drawn(devices, f"random_long_bits({ARGUMENTS})", "ulong")
    for place in range(0, COUNT, 997):
        wanted = (int(longs[place]) * count >> 64) - 3
        assert numbers[place] == (wanted + 2**63) % 2**64 - 2**63


def test_all_integers_are_drawn_alike(devices: Devices) -> None:
    numbers = drawn(devices, f"random_integer({ARGUMENTS}, -3, 7ul)", "long")
    assert abs(numpy.bincount(numbers + 3, minlength=7) / COUNT - 1 / 7).max() < 0.006
