"""Devices, compiled kernels, device memory and queues: the only rooms that know OpenCL."""
