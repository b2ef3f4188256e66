"""`npx.random`: random numbers that NumPy does not have."""

from clgrad.array.sampling import seed as seed
from clgrad.numpy_extension._random import bernoulli as bernoulli
from clgrad.numpy_extension._random import normal_n as normal_n
from clgrad.numpy_extension._random import uniform_n as uniform_n
