"""Matrix products: the choice of a kernel in matmul.cl or matmul_rows.cl, and of the share of each work-item."""
