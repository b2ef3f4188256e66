"""Pending work: nodes, fusion, plans and their execution."""
