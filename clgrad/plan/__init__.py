"""The planner: a pending graph in, launches and memory out. It knows the capabilities of a device, but no device."""
