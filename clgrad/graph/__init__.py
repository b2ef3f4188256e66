"""Pending work: nodes, what is pending behind them, and the execution of its plans."""
