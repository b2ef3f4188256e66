"""clgrad: NumPy arrays with gradients on any OpenCL device."""
