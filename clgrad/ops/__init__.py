"""Ops on values. Each is one statement: a C expression or a composition of other ops, and a gradient rule."""
