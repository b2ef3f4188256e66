"""Matrix products: which kernel of matmul.cl and matmul_rows.cl, and what each work-item or group gets."""
