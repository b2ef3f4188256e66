"""`jit`: the first call of a function captures its ops as one plan; later calls only launch that plan."""
