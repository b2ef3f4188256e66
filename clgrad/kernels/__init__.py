"""The host side of hand-written kernels: shapes and layouts in, launches out."""
