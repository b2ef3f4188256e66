"""The rows of the table, by family. Adding one is one class or one statement in a file here."""

from benchmarks.rows.cold import COLD
from benchmarks.rows.host import HOST
from benchmarks.rows.matmul import MATMUL
from benchmarks.rows.network import NETWORK
from benchmarks.rows.pointwise import POINTWISE
from benchmarks.rows.start import START
from benchmarks.rows.training import TRAINING
from benchmarks.rows.transformer import TRANSFORMER

FAMILIES = MATMUL, POINTWISE, NETWORK, TRAINING, TRANSFORMER, HOST, START, COLD
ROWS = {row.name: row for family in FAMILIES for row in family}
