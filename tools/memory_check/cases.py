"""The calls whose memory accesses are counted: small, because a simulator runs them, but with several groups."""

from __future__ import annotations

from clgrad import np, npx
from tools.gpu_check.cases import Case, case, embedding_gradient, of, put


def loops() -> list[Case]:
    """Pointwise loops, sums, softmax and layer norm."""
    plain, turned, wide, tall = of(64, 128), of(128, 64), of(16, 512), of(4096, 4)
    found = []
    for dtype in ("float32", "float64", "float16", "int8"):
        x = of(64, 128, dtype=dtype)
        found += [
            case(f"pointwise {dtype}", lambda x, y: x * 2 + y, x, x),
            case(f"transposing copy {dtype}", lambda x: x.T.copy(), x),
            case(f"row sums {dtype}", lambda x: x.sum(axis=1), wide._replace(dtype=dtype)),
            case(f"short row sums {dtype}", lambda x: x.sum(axis=1), of(512, 20, dtype=dtype)),
            case(f"column sums {dtype}", lambda x: x.sum(axis=0), x),
        ]
    return [
        *found,
        case("strided operand", lambda x, y: x[:, ::2] + y, plain, of(64, 64)),
        case("transposed operand", lambda x, y: x.T + y, plain, turned),
        case("broadcast operands", lambda x, row, column: x + row * column, plain, of(128), of(64, 1)),
        case("whole sum", lambda x: x.sum(), of(1 << 14)),
        case("tall column sums", lambda x: x.sum(axis=0), tall),
        case("softmax", npx.softmax, wide),
        case("short softmax", npx.softmax, of(512, 10)),
        case("softmax of columns", lambda x: npx.softmax(x, axis=0), plain),
        case("layer norm", lambda x, g, b: npx.layer_norm(x, g, b, axis=-1, eps=1e-5), wide, of(512), of(512)),
        case("running sum", np.cumsum, of(1 << 13)),
        case("running sum of rows", lambda x: np.cumsum(x, axis=1), of(16, 256)),
        case("running sum of columns", lambda x: np.cumsum(x, axis=0), of(256, 64)),
    ]


def indexing() -> list[Case]:
    """Gather, scatter, sorts and random numbers."""
    places, matrix = of(64, dtype="int32"), of(100, 64)
    return [
        case("gather of rows", lambda x, at: np.take(x, at, axis=0), matrix, places),
        case("gather of points", lambda x, i, j: x[i, j], matrix, of(512, dtype="int32"), of(512, dtype="int32")),
        case("scatter of rows", embedding_gradient, matrix, places),
        case("put of rows", put, matrix, places, of(64, 64)),
        case("sort of rows", np.sort, of(16, 256)),
        case("long sort", np.sort, of(2000)),
        case("order of columns", lambda x: np.argsort(x, axis=0), of(256, 16)),
        case("uniform", lambda: np.random.uniform(size=(4096,))),
        case("normal", lambda: np.random.normal(size=(4096,))),
    ]


def products() -> list[Case]:
    """Matrix products in the four layouts, of an odd size, of all kinds of dtypes, and of rows."""
    plain, turned = of(256, 64), of(64, 256)
    found = [
        case("product nn", lambda a, b: a @ b, plain, turned),
        case("product nt", lambda a, b: a @ b.T, plain, plain),
        case("product tn", lambda a, b: a.T @ b, turned, turned),
        case("product tt", lambda a, b: a.T @ b.T, turned, plain),
        case("product of an odd size", lambda a, b: a @ b, of(127, 65), of(65, 129)),
        case("small product", lambda a, b: a @ b, of(32, 64), of(64, 32)),
        case("row times matrix", lambda a, b: a @ b, of(1, 256), plain),
        case("row times transposed matrix", lambda a, b: a @ b.T, of(1, 256), of(64, 256)),
        case("dot", np.dot, of(8192), of(8192)),
    ]
    for dtype in ("float64", "float16", "int8"):
        a, b = of(128, 64, dtype=dtype), of(64, 128, dtype=dtype)
        found.append(case(f"product {dtype}", lambda a, b: a @ b, a, b))
    return found


CASES = (*loops(), *indexing(), *products())
