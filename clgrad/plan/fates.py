"""What becomes of a pending value: it goes with the plan, outlives it because somebody holds it, or is wanted."""

DIES, SURVIVES, ROOT = 0, 1, 2
