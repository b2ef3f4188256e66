"""Pending work: nodes, the graph behind them, and running its plans."""
