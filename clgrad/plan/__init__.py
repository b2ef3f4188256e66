"""The planner: a pending graph in, launches and memory out. It knows what a device can do, and no device."""
