"""Ops: one statement each, with shape rule, expression or composition, and gradient."""
