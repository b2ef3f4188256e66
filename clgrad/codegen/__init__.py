"""Loops as OpenCL C: the defines that specialise a kernel file, and the kernel's arguments."""
