"""The programs whose kernels are compiled: together they reach every hand-written kernel, its tiles and its dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from clgrad import autograd, np, npx


class Operand(NamedTuple):
    """An array that a case reads."""

    shape: tuple[int, ...]
    dtype: str = "float32"


class Case(NamedTuple):
    """A function of arrays; its results, and the arrays that it writes, are computed. The name has the dtype."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Operand, ...] = ()

    def suits(self, fp64: bool) -> bool:
        """Whether a device can compute it."""
        return fp64 or "float64" not in self.name


def of(*shape: int, dtype: str = "float32") -> Operand:
    """An operand of this shape."""
    return Operand(shape, dtype)


def case(name: str, function: Callable[..., Any], *operands: Operand) -> Case:
    """One case."""
    return Case(name, function, operands)


NUMBERS = ("float32", "float64", "float16", "int32", "int64")
# Large, middle and small results, few rows, few columns, one tile: each size of tile is some device's choice.
SIDES = (4096, 2048, 1024, 512, 256, 128, 9)
PRODUCTS = (*((side, side) for side in SIDES), (16, 1000), (1000, 10), (16, 20_000), (20_000, 10))
SIDE, INNER = 4096, 64


def products() -> list[Case]:
    """Matrix products: sizes by dtypes, layouts, parts of a long sum, batches, rows, prologues and epilogues."""
    found = [
        case(f"product {m}x{n} {dtype}", lambda a, b: a @ b, of(m, INNER, dtype=dtype), of(INNER, n, dtype=dtype))
        for m, n in PRODUCTS
        for dtype in NUMBERS
    ]
    for m in SIDES:
        plain, turned = of(m, INNER), of(INNER, m)
        found += [
            case(f"product nt {m}", lambda a, b: a @ b.T, plain, plain),
            case(f"product tn {m}", lambda a, b: a.T @ b, turned, turned),
            case(f"product tt {m}", lambda a, b: a.T @ b.T, turned, plain),
        ]
    for dtype in NUMBERS:
        row, matrix = of(1, 2000, dtype=dtype), of(2000, 2000, dtype=dtype)
        vector = of(100_000, dtype=dtype)
        found += [
            case(f"long sum {dtype}", lambda a, b: a @ b, of(128, 4096, dtype=dtype), of(4096, 128, dtype=dtype)),
            case(f"row {dtype}", lambda a, b: a @ b, row, matrix),
            case(f"row of a transposed matrix {dtype}", lambda a, b: a @ b.T, row, matrix),
            case(f"dot {dtype}", np.dot, vector, vector),
        ]
    plain, turned = of(SIDE, INNER), of(INNER, SIDE)
    bias, few = of(SIDE), of(INNER, 10)
    found += [
        case("short row", lambda a, b: a @ b, of(1, 70), of(70, 90)),
        case("short row of a transposed matrix", lambda a, b: a @ b.T, of(1, 70), of(90, 70)),
        case("batches", lambda a, b: a @ b, of(32, 64, 64), of(32, 64, 64)),
        case("bias and relu", lambda a, b, c: npx.relu(a @ b + c), plain, turned, bias),
        case("tanh", lambda a, b, c: np.tanh(a @ b + c), plain, turned, bias),
        case("half bias", lambda a, b, c: npx.relu(a @ b + c), *(_half(one) for one in (plain, turned, bias))),
        case("computed rows", lambda a, b, c: npx.relu(a * 2) @ b + c, plain, few, of(10)),
        case("computed row", lambda a, b: (a * 2) @ (b * 3), of(1, 2000), of(2000, 2000)),
        case("computed matrix of a vector", lambda a, b: np.dot(a * 2, b), of(1000, 1000), of(1000)),
    ]
    return found


def _half(operand: Operand) -> Operand:
    return operand._replace(dtype="float16")


def loops() -> list[Case]:
    """Generated loops: pointwise, rows, columns, updates."""
    wide, tall, short = of(500, 1000), of(100_000, 4), of(5000, 20)
    found = []
    for dtype in NUMBERS:
        x, flat, lean = of(300, 500, dtype=dtype), of(1 << 16, dtype=dtype), of(5000, 20, dtype=dtype)
        found += [
            case(f"chain {dtype}", lambda x, y: (x * 2 + y) * x, flat, flat),
            case(f"transposed {dtype}", lambda x: x.T.copy(), x),
            case(f"where {dtype}", lambda x, y: np.where(x > 0, x, y), x, x),
            case(f"power {dtype}", lambda x, y: x**y, x, x),
            case(f"quotient {dtype}", lambda x, y: x // y + x % y, x, x),
            case(f"sum {dtype}", lambda x: x.sum(), of(1 << 20, dtype=dtype)),
            case(f"sum of rows {dtype}", lambda x: x.sum(axis=1), x),
            case(f"sum of short rows {dtype}", lambda x: x.sum(axis=1), lean),
            case(f"sum of columns {dtype}", lambda x: x.sum(axis=0), x),
            case(f"maximum of rows {dtype}", lambda x: x.max(axis=1), x),
            case(f"product of columns {dtype}", lambda x: x.prod(axis=0), x),
            case(f"converted from {dtype}", lambda x: x.astype("float32"), x),
            case(f"converted to {dtype}", lambda x, kind=dtype: x.astype(kind), of(300, 500, dtype="uint8")),
        ]
    for dtype in ("float32", "float64", "float16"):
        x, positive, row = of(300, 500, dtype=dtype), of(500, 768, dtype=dtype), of(768, dtype=dtype)
        found += [
            case(f"exponentials {dtype}", lambda x: np.tanh(np.exp(x)) + np.expm1(x) * np.log1p(x) + np.log(x), x),
            case(f"angles {dtype}", lambda x: np.sin(x) + np.cos(x) * np.tan(x), x),
            case(f"inverse angles {dtype}", lambda x, y: np.arctan2(np.arcsin(x), np.arccos(y)), x, x),
            case(f"hyperbolic {dtype}", lambda x: np.sinh(x) + np.arctanh(x) * np.arccosh(x), x),
            case(f"error function {dtype}", lambda x: npx.erf(x) + npx.erfinv(x), x),
            case(f"gamma {dtype}", lambda x: npx.gammaln(x) + npx.gamma(x), x),
            case(f"softmax {dtype}", npx.softmax, wide._replace(dtype=dtype)),
            case(f"short softmax {dtype}", npx.softmax, short._replace(dtype=dtype)),
            case(f"softmax of columns {dtype}", lambda x: npx.softmax(x, axis=0), x),
            case(f"layer norm {dtype}", lambda x, g, b: npx.layer_norm(x, g, b, axis=-1, eps=1e-5), positive, row, row),
            case(f"gelu {dtype}", npx.gelu, positive),
            case(f"variance {dtype}", lambda x: x.var(axis=1), x),
        ]
    return [
        *found,
        case("broadcast", lambda x, y, z: x + y * z, of(300, 500), of(500), of(300, 1)),
        case("transposed sum", lambda x, y: x.T + y, of(300, 500), of(500, 300)),
        case("sum of tall columns", lambda x: x.sum(axis=0), tall),
        case("mean of the middle", lambda x: x.mean(axis=1), of(30, 40, 50)),
        case("sum across a transposition", lambda x, y: (x.T * y).sum(), of(300, 500), of(500, 300)),
        case("argmax", lambda x: x.argmax(axis=1), wide),
        case("log softmax", npx.log_softmax, wide),
        case("concatenated", lambda x, y: np.concatenate([x, y], axis=1), of(100, 100), of(100, 50)),
        case("moved", lambda x: np.tile(np.roll(np.pad(x, ((1, 2), (3, 0))), 3, axis=1), (2, 2)), of(100, 100)),
        case("updates", _updates, *(of(size) for size in (37, 500, 1000, 20))),
    ]


def _updates(*parameters: Any) -> None:
    for parameter in parameters:
        parameter[:] = parameter - 0.1 * parameter
    parameters[0][3:9] = 7


def indexing() -> list[Case]:
    """Gather, scatter, put, scans, sorts, random numbers and checks of data."""
    indices = of(512, dtype="int32")
    found = []
    for dtype in (*NUMBERS, "uint8"):
        matrix = of(1000, 64, dtype=dtype)
        found += [
            case(f"take {dtype}", lambda x, at: np.take(x, at, axis=0), matrix, indices),
            case(f"put {dtype}", put, matrix, indices, of(512, 64, dtype=dtype)),
            case(f"sort {dtype}", np.sort, of(100, 5000, dtype=dtype)),
            case(f"order {dtype}", lambda x: np.argsort(x, axis=0), of(5000, 10, dtype=dtype)),
        ]
    for dtype in NUMBERS:
        found += [
            case(f"running sum {dtype}", np.cumsum, of(100_000, dtype=dtype)),
            case(f"running sum of rows {dtype}", lambda x: np.cumsum(x, axis=1), of(100, 1000, dtype=dtype)),
            case(f"running sum of columns {dtype}", lambda x: np.cumsum(x, axis=0), of(1000, 100, dtype=dtype)),
        ]
    for dtype in ("float32", "float64", "float16"):
        embedded = of(1000, 64, dtype=dtype)
        found += [
            case(f"gradient of an embedding {dtype}", embedding_gradient, embedded, indices),
            case(f"gradient of a sort {dtype}", _sorted, of(5000, dtype=dtype)),
        ]
    return [
        *found,
        case("points", lambda x, i, j: x[i, j], of(100, 100), indices, of(512, dtype="int64")),
        case("largest", lambda x: npx.topk(x, k=3, ret_typ="value"), of(100, 5000)),
        case("integer powers", lambda x, y: x**y, of(99, dtype="int32"), of(99, dtype="int32")),
        case("uniform", lambda: np.random.uniform(size=(5000,))),
        case("normal", lambda: np.random.normal(size=(5000,))),
        case("integers", lambda: np.random.randint(0, 9, size=5000)),
        case("dropout", _dropout, of(500, 768)),
    ]


def put(x: Any, at: Any, values: Any) -> None:
    """Write values into rows."""
    x[at] = values


def embedding_gradient(weight: Any, at: Any) -> Any:
    """The gradient of the weights of an embedding: a scatter."""
    return _gradient(lambda w: npx.embedding(at, w, *w.shape), weight)


def _sorted(x: Any) -> Any:
    return _gradient(np.sort, x)


def _gradient(function: Callable[..., Any], x: Any) -> Any:
    x.attach_grad()
    with autograd.record():
        y = (function(x) ** 2).sum()
    y.backward()
    return x.grad


def _dropout(x: Any) -> Any:
    with autograd.train_mode():
        return npx.dropout(x, 0.5)
