"""The device functions of `cl_kernels/` against NumPy and SciPy: accuracy, special values, equal bits in all shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy
import pytest
import scipy.special

from clgrad.runtime.compiler import CompiledKernel
from clgrad.runtime.device import Device
from clgrad.sources import KernelSource

Array = numpy.ndarray[Any, Any]
Devices = dict[str, Device]

DTYPES = {
    "float": "float32", "double": "float64", "char": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16",
    "int": "int32", "uint": "uint32", "long": "int64", "ulong": "uint64",
}  # fmt: skip
INTEGERS = tuple(DTYPES)[2:]
BLOCK = 4096


def source(expression: str, inputs: tuple[str, ...], out: str, before: str = "") -> KernelSource:
    """A pointwise kernel whose inputs are called x, y; `before` are statements that come first."""
    buffers = [f"__global const {name} *p{place}, " for place, name in enumerate(inputs)]
    reads = [f"{name}_v {'xy'[place]} = load_{name}(p{place} + i);" for place, name in enumerate(inputs)]
    full = f"{{ {' '.join(reads)} {before} store_{out}({expression}, q + i); }}"
    defines = {
        "index_t": "int",
        "PARAMETERS": f"{''.join(buffers)}__global {out} *q,",
        "SETUP": "",
        "ROW_SETUP": "",
        "FULL(i, u)": full,
        "PART(i, count)": full,
    }
    return KernelSource("pointwise.cl", "pointwise", tuple(defines.items()))


class Case(NamedTuple):
    """An expression over inputs, compared with a reference that gets them in a wider type."""

    name: str
    expression: str
    reference: Callable[..., Any]
    low: float = -10.0
    high: float = 10.0
    ulps: float = 2.0
    inputs: int = 1
    everywhere: bool = True
    """whether the reference can be trusted for special values outside the range"""

    def wide(self, dtype: str) -> Any:
        """The type to compute the reference in."""
        signatures = getattr(self.reference, "types", ())
        knows_more = any(signature.startswith("g") for signature in signatures)
        return numpy.longdouble if dtype == "double" and knows_more else numpy.float64

    def bound(self, dtype: str) -> float:
        """In ulp. References of doubles that are only doubles themselves are worth less."""
        return self.ulps if dtype == "float" else self.ulps + (1 if self.wide(dtype) == numpy.longdouble else 100)

    def source(self, dtype: str) -> KernelSource:
        return source(self.expression.replace("@", dtype), (dtype,) * self.inputs, dtype)


def unary(name: str, reference: Callable[..., Any], low: float, high: float, ulps: float = 2.0) -> Case:
    return Case(name, f"{name}_@(x)", reference, low, high, ulps)


def special(name: str, reference: Callable[..., Any], low: float, high: float, ulps: float) -> Case:
    return Case(name, f"{name}_@(x)", reference, low, high, ulps, everywhere=False)


def binary(name: str, reference: Callable[..., Any], low: float, high: float, ulps: float = 2.0) -> Case:
    return Case(name, f"{name}_@(x, y)", reference, low, high, ulps, inputs=2)


def positive_sums(name: str, reference: Callable[..., Any]) -> Case:
    """logaddexp loses digits where it is near 0, as NumPy's does."""
    return Case(name, f"{name}_@(x, y)", reference, 0, 30, inputs=2, everywhere=False)


CASES = [
    unary("exp", numpy.exp, -104, 89),
    unary("exp2", numpy.exp2, -151, 129),
    unary("expm1", numpy.expm1, -30, 89),
    unary("log", numpy.log, 0, 10),
    unary("log2", numpy.log2, 0, 10, 1),
    unary("log10", numpy.log10, 0, 10, 1),
    unary("log1p", numpy.log1p, -1, 3),
    unary("sin", numpy.sin, -1e7, 1e7),
    unary("cos", numpy.cos, -100, 100),
    unary("tan", numpy.tan, -100, 100, 3.5),
    unary("asin", numpy.arcsin, -1.1, 1.1),
    unary("acos", numpy.arccos, -1.1, 1.1),
    unary("atan", numpy.arctan, -10, 10),
    unary("sinh", numpy.sinh, -90, 90, 3),
    unary("cosh", numpy.cosh, -90, 90, 3),
    unary("tanh", numpy.tanh, -12, 12),
    unary("asinh", numpy.arcsinh, -3, 3, 3),
    unary("acosh", numpy.arccosh, 0.9, 4, 3),
    unary("atanh", numpy.arctanh, -1.1, 1.1, 3),
    special("sigmoid", scipy.special.expit, -104, 30, 2),
    special("softplus", lambda x: numpy.logaddexp(x, 0), -104, 30, 2.5),
    special("erf", scipy.special.erf, -5, 5, 2),
    special("erfc", scipy.special.erfc, -5, 10, 4),
    special("erfinv", scipy.special.erfinv, -1, 1, 4),
    special("gamma", scipy.special.gamma, 0, 36, 4),
    special("lgamma", scipy.special.gammaln, 0, 100, 4),
    special("digamma", scipy.special.digamma, 1.6, 100, 4),
    special("i0", scipy.special.i0, -91, 91, 4),
    unary("cbrt", numpy.cbrt, -1e4, 1e4, 1),
    unary("rsqrt", lambda x: 1 / numpy.sqrt(x), 0, 10),
    unary("sqrt", numpy.sqrt, 0, 10, 0.5),
    binary("power", numpy.power, 0, 10),
    binary("atan2", numpy.arctan2, -10, 10),
    binary("hypot", numpy.hypot, -10, 10),
    positive_sums("logaddexp", numpy.logaddexp),
    positive_sums("logaddexp2", numpy.logaddexp2),
]

# Exactly NumPy's, over all values of all sizes.
EXACT = {
    name: Case(name, f"{name}_@(x, y)", getattr(numpy, name), inputs=2)
    for name in (
        "maximum", "minimum", "fmax", "fmin", "fmod", "remainder", "floor_divide", "copysign", "nextafter", "heaviside",
    )
}  # fmt: skip
EXACT |= {
    name: Case(name, f"{name}_@(x)", getattr(numpy, name))
    for name in ("sign", "rint", "trunc", "floor", "ceil", "spacing")
}
EXACT["mantissa"] = Case("mantissa", "mantissa_@(x)", lambda x: numpy.frexp(x)[0])
EXACT["modf_fraction"] = Case("modf_fraction", "modf_fraction_@(x)", lambda x: numpy.modf(x)[0])

INTEGER_FUNCTIONS = (
    "maximum", "minimum", "fmod", "remainder", "floor_divide", "left_shift", "right_shift", "gcd", "lcm", "power",
)  # fmt: skip


@cache
def kernels(device: Device, sources: tuple[KernelSource, ...]) -> dict[KernelSource, CompiledKernel]:
    return dict(zip(sources, device.compiler.kernels(sources)))


@cache
def prepared(dtype: str) -> tuple[KernelSource, ...]:
    """All kernels of a float type: they are built as one program."""
    return tuple(case.source(dtype) for case in (*CASES, *EXACT.values()))


def evaluate(
    device: Device, text: KernelSource, inputs: list[Array], out: str, batch: tuple[KernelSource, ...]
) -> Array:
    """Runs a pointwise kernel over arrays whose length is a multiple of BLOCK."""
    result = numpy.empty(inputs[0].shape, DTYPES[out])
    kernel = kernels(device, batch or (text,))[text].instantiate()
    buffers = [device.memory.allocate(array.nbytes) for array in (*inputs, result)]
    for buffer, array in zip(buffers, inputs):
        device.queue.write(buffer, 0, array)
    sizes = (1, result.size, BLOCK, result.size // BLOCK)
    kernel.set_args(*(buffer.cl for buffer in buffers), *map(numpy.int32, sizes))
    shape_is_cpu = device.capabilities.kernel_shape == "cpu"
    device.queue.launch(kernel, (2 if shape_is_cpu else result.size,), (1 if shape_is_cpu else 64,))
    device.queue.read(buffers[-1], 0, result)
    return result


def in_both_shapes(
    devices: Devices, text: KernelSource, inputs: list[Array], out: str, batch: tuple[KernelSource, ...] = ()
) -> Array:
    """The result of one shape, after checking that the other gives the same bits (or NaN as well)."""
    inputs = [numpy.resize(array, -(-array.size // BLOCK) * BLOCK) for array in inputs]
    first, second = (evaluate(devices[shape], text, inputs, out, batch) for shape in ("cpu", "gpu"))
    bits = f"u{first.itemsize}"
    same = (first.view(bits) == second.view(bits)) | ((first != first) & (second != second))
    assert same.all(), (
        f"shapes differ at {[array[~same][0] for array in inputs]}: {first[~same][0]!r}, {second[~same][0]!r}"
    )
    return first


def special_values(dtype: str) -> Array:
    info = numpy.finfo(dtype)
    sizes = [0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 1e-3, 1e5, 1e10, 16777217.0, numpy.inf, numpy.nan]
    sizes += [float(edge) for edge in (info.max, info.tiny, info.smallest_subnormal, info.eps, 1 - info.epsneg)]
    return numpy.array([sign * size for size in sizes for sign in (1, -1)], dtype)


def samples(case: Case, dtype: str) -> list[Array]:
    """Special values (all pairs of them for two inputs), and numbers of the case's range, large and small."""
    random = numpy.random.default_rng(7)
    edges = special_values(dtype)
    if not case.everywhere:
        edges = edges[(edges >= case.low) & (edges <= case.high) & (numpy.abs(edges) >= numpy.finfo(dtype).tiny)]
    near = random.uniform(case.low, case.high, (case.inputs, 3 * BLOCK)).astype(dtype)
    small = (near[:, :BLOCK] * 10.0 ** random.uniform(-8, 0, BLOCK)).astype(dtype)
    small = numpy.where((small >= case.low) & (small <= case.high), small, near[:, :BLOCK])
    pairs = [edges] if case.inputs == 1 else [grid.ravel() for grid in numpy.meshgrid(edges, edges)]
    return [numpy.concatenate(parts) for parts in zip(pairs, near, small)]


def ulps(got: Array, want: Array) -> Array:
    """How far results are from wider references, in units of the last place of the reference."""
    info = numpy.finfo(got.dtype)
    with numpy.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
        exponents = numpy.frexp(numpy.where(numpy.isfinite(want), numpy.abs(want), 1))[1]
        unit = numpy.maximum(numpy.ldexp(1.0, exponents - info.nmant - 1), float(info.smallest_subnormal))
        distance = numpy.abs(got.astype(want.dtype) - want) / unit
    equal = (got == rounded) | (numpy.isnan(got) & numpy.isnan(rounded))
    return numpy.where(equal, 0, numpy.where(numpy.isnan(distance), numpy.inf, distance))


def needs(devices: Devices, dtype: str) -> None:
    if dtype == "double" and not devices["cpu"].capabilities.fp64:
        pytest.skip("the device has no float64")


floats = pytest.mark.parametrize("dtype", ["float", "double"])


@floats
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_accuracy(case: Case, dtype: str, devices: Devices) -> None:
    needs(devices, dtype)
    inputs = samples(case, DTYPES[dtype])
    got = in_both_shapes(devices, case.source(dtype), inputs, dtype, prepared(dtype))[: inputs[0].size]
    with numpy.errstate(all="ignore"):
        want = numpy.asarray(case.reference(*(array.astype(case.wide(dtype)) for array in inputs)))
    errors = ulps(got, want)
    if dtype == "double" and not case.everywhere:
        # SciPy's are no better than this near their zeros
        errors[numpy.isclose(got, want, rtol=0, atol=1e-15)] = 0
    worst = errors.argmax()
    assert errors[worst] <= case.bound(dtype), (
        f"{errors[worst]:.2f} ulp at {[array[worst] for array in inputs]}: {got[worst]!r}, not {want[worst]!r}"
    )
    zeros = (got == 0) & (want == 0)
    assert numpy.array_equal(numpy.signbit(got[zeros]), numpy.signbit(want[zeros]))


@floats
@pytest.mark.parametrize("case", EXACT.values(), ids=EXACT.keys())
def test_exact(case: Case, dtype: str, devices: Devices) -> None:
    needs(devices, dtype)
    bits = numpy.random.default_rng(3).integers(0, 256, (case.inputs, 2 * BLOCK, 8), "uint8")
    anything = [part.view(DTYPES[dtype]).ravel()[:BLOCK] for part in bits]
    inputs = [numpy.concatenate(parts) for parts in zip(samples(case, DTYPES[dtype]), anything)]
    got = in_both_shapes(devices, case.source(dtype), inputs, dtype, prepared(dtype))[: inputs[0].size]
    with numpy.errstate(all="ignore"):
        want = case.reference(*inputs)
    equal = (got == want) & (numpy.signbit(got) == numpy.signbit(want)) | (numpy.isnan(got) & numpy.isnan(want))
    # NumPy's own sign of the larger of two zeros depends on the processor.
    if case.name in ("maximum", "minimum", "fmax", "fmin"):
        equal |= (got == 0) & (want == 0)
    assert equal.all(), f"{[array[~equal][0] for array in inputs]}: {got[~equal][0]!r}, not {want[~equal][0]!r}"


def integer_pairs(dtype: str) -> tuple[Array, Array]:
    info = numpy.iinfo(dtype)
    random = numpy.random.default_rng(5)
    edges = [0, 1, 2, 3, 7, info.bits - 1, info.bits, info.max, info.max - 1, info.min, info.min + 1]
    edges += [-1, -2, -7] if info.min else []
    x, y = (grid.ravel() for grid in numpy.meshgrid(numpy.array(edges, dtype), numpy.array(edges, dtype)))
    large, other = random.integers(info.min, info.max, (2, BLOCK), dtype, endpoint=True)
    little = random.integers(-9 if info.min else 0, 9, BLOCK).astype(dtype)
    return numpy.concatenate([x, large, large, little]), numpy.concatenate([y, other, little, large])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype: str, devices: Devices) -> None:
    x, y = integer_pairs(DTYPES[dtype])
    texts = {name: source(f"{name}_{dtype}(x, y)", (dtype, dtype), dtype) for name in INTEGER_FUNCTIONS}
    for name, text in texts.items():
        # NumPy refuses negative powers.
        second = numpy.where(y < 0, 2, y).astype(y.dtype) if name == "power" else y
        got = in_both_shapes(devices, text, [x, second], dtype, tuple(texts.values()))[: x.size]
        with numpy.errstate(all="ignore"):
            want = getattr(numpy, name)(x, second)
        wrong = got != want
        assert not wrong.any(), f"{name}({x[wrong][0]}, {second[wrong][0]}) is {got[wrong][0]}, not {want[wrong][0]}"


@floats
@pytest.mark.parametrize("target", INTEGERS)
def test_floats_become_integers_by_truncation_within_the_range(target: str, dtype: str, devices: Devices) -> None:
    needs(devices, dtype)
    info = numpy.iinfo(DTYPES[target])
    powers = [sign * 2.0**power for power in (7, 8, 15, 16, 31, 32, 63, 64) for sign in (1, -1)]
    edges = [power + step for power in powers for step in (-1, 0, 0.5)]
    x = numpy.array([*edges, 0.9, -0.9, numpy.inf, -numpy.inf, numpy.nan, 1e20, -1e20], DTYPES[dtype])
    texts = {name: source(f"saturate_{name}_{dtype}(x)", (dtype,), name) for name in INTEGERS}
    got = in_both_shapes(devices, texts[target], [x], target, tuple(texts.values()))[: x.size]
    bounded = [min(max(float(number), info.min), info.max) for number in x]
    want = [0 if number != number else int(bound) for number, bound in zip(x, bounded)]
    assert got.tolist() == want


def test_rounding_to_half_is_numpys(devices: Devices) -> None:
    halves = numpy.arange(0x7C00, dtype="uint16").view("float16").astype("float32")
    middles = (halves[1:] + halves[:-1]) / 2
    around = [numpy.nextafter(middles, numpy.float32(edge)) for edge in (0, numpy.inf)]
    x = numpy.concatenate([halves, middles, *around, special_values("float32")])
    x = numpy.concatenate([x, -x])
    got = in_both_shapes(devices, source("round_half_float(x)", ("float",), "float"), [x], "float")[: x.size]
    with numpy.errstate(over="ignore"):
        want = x.astype("float16").astype("float32")
    assert numpy.array_equal(got, want, equal_nan=True)
    assert numpy.array_equal(numpy.signbit(got), numpy.signbit(want))


def test_derivatives_of_activations_are_those_of_their_functions(devices: Devices) -> None:
    needs(devices, "double")
    x = numpy.linspace(-8, 8, BLOCK)
    for name in ("silu", "gelu", "gelu_tanh"):
        texts = tuple(source(f"{name}{end}_double(x)", ("double",), "double") for end in ("", "_derivative"))
        step = 1e-5
        above, below = (in_both_shapes(devices, texts[0], [x + shift], "double", texts) for shift in (step, -step))
        slope = in_both_shapes(devices, texts[1], [x], "double", texts)
        numpy.testing.assert_allclose((above - below) / (2 * step), slope, atol=1e-9)


def test_polygamma_is_the_derivative_of_digamma(devices: Devices) -> None:
    needs(devices, "double")
    x = numpy.linspace(0.1, 30, BLOCK)
    for order in (1, 2, 3):
        text = source(f"polygamma_double(x, {order})", ("double",), "double")
        got = in_both_shapes(devices, text, [x], "double")
        numpy.testing.assert_allclose(got, scipy.special.polygamma(order, x), rtol=1e-13)
