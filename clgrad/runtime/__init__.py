"""Devices, compiled kernels, device memory and queues: the only package that calls OpenCL."""
