"""`np.linalg`: linear algebra."""

from clgrad.numpy._linalg import matmul as matmul
from clgrad.numpy._linalg import norm as norm
from clgrad.numpy._linalg import outer as outer
from clgrad.numpy._linalg import tensordot as tensordot
from clgrad.numpy._movement import diagonal as diagonal
from clgrad.numpy._movement import matrix_transpose as matrix_transpose
