"""`np.linalg`: linear algebra."""

from clgrad.numpy._layout import diagonal as diagonal
from clgrad.numpy._layout import matrix_transpose as matrix_transpose
from clgrad.numpy._linear_algebra import matmul as matmul
from clgrad.numpy._linear_algebra import norm as norm
from clgrad.numpy._linear_algebra import outer as outer
from clgrad.numpy._linear_algebra import tensordot as tensordot
