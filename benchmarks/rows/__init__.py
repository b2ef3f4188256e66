"""The rows of the table, by family. Adding one is one class or one statement in a file here."""

from benchmarks.rows.host import HOST
from benchmarks.rows.matmul import MATMUL
from benchmarks.rows.network import NETWORK
from benchmarks.rows.pointwise import POINTWISE
from benchmarks.rows.start import START
from benchmarks.rows.training import TRAINING

ROWS = {row.name: row for row in (*MATMUL, *POINTWISE, *NETWORK, *TRAINING, *HOST, *START)}
