"""`np.random`: random numbers. The same seed gives the same numbers on every device."""

from clgrad.array.sampling import normal as normal
from clgrad.array.sampling import seed as seed
from clgrad.array.sampling import uniform as uniform
from clgrad.numpy._random import choice as choice
from clgrad.numpy._random import permutation as permutation
from clgrad.numpy._random import rand as rand
from clgrad.numpy._random import randint as randint
from clgrad.numpy._random import randn as randn
from clgrad.numpy._random import shuffle as shuffle
