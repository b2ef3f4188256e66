"""The exceptions of clgrad. Each is also the builtin exception that a Python user would catch."""


class ClgradError(Exception):
    """The base class of all exceptions that clgrad raises on purpose."""


class ShapeError(ClgradError, ValueError):
    """Shapes that do not fit an op or each other."""


class ArgumentError(ClgradError, ValueError):
    """An argument outside the values that an op or a setting accepts."""


class DTypeError(ClgradError, TypeError):
    """A dtype that an op, or the device, does not support."""


class AxisError(ClgradError, ValueError, IndexError):
    """An axis that the array does not have."""


class IndexOutOfRangeError(ClgradError, IndexError):
    """An index, or a label, outside its axis."""


class IndexShapeError(ShapeError, IndexError):
    """An index, or a mask, of a shape that does not fit the array."""


class IndexTypeError(DTypeError, IndexError):
    """An index that is no integer, slice, ellipsis, None, or array of integers or booleans."""


class GradientError(ClgradError, RuntimeError):
    """A gradient that cannot be computed: nothing was recorded, the graph was freed, or the variable not reached."""


class CaptureError(ClgradError, RuntimeError):
    """A function under `jit` does something that cannot be captured, such as looking at a value."""


class DeviceError(ClgradError, RuntimeError):
    """A request that a device or its driver cannot fulfil, or that failed there."""


class DeviceNotFoundError(DeviceError, LookupError):
    """No device matches the request, or no device works at all."""


class BuildError(DeviceError):
    """A kernel that the driver's compiler refused; the message holds file, line and the log."""


class OutOfDeviceMemoryError(DeviceError, MemoryError):
    """Device memory is full even after the pool was emptied."""
