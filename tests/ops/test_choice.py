"""Choices between elements: NaN, bounds."""

from __future__ import annotations

import math

import numpy

from clgrad.graph.execute import read
from clgrad.ops import choice, reduction
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_fmax_gives_the_gradient_to_what_is_not_nan(device: Device) -> None:
    left, right = gradient(choice.fmax, device, [math.nan, 1], [1, math.nan])
    same(left, [0, 1])
    same(right, [1, 0])


def test_the_gradient_passes_clip_at_its_bounds(device: Device) -> None:
    same(gradient(lambda x: choice.clip(x, -1, 1), device, [-2, -1, 0, 1, 2])[0], [0, 1, 1, 1, 0])
    same(gradient(lambda x: choice.clip(x, None, 1), device, [-2, 1, 2])[0], [1, 1, 0])
    x, low, high = gradient(choice.clip, device, [-5, 0, 5], [-1, -1, -1], [1, 1, 1])
    same(x, [0, 1, 0])
    same(low, [1, 0, 0])
    same(high, [0, 0, 1])


def test_nan_goes_through_extremes_and_not_through_fmax(device: Device) -> None:
    x = constant(numpy.array([1, math.nan, 3], "float32"), device)
    assert math.isnan(read(reduction.max(x)))
    assert math.isnan(read(choice.maximum(x, 9.0))[1])
    assert read(choice.fmax(x, 9.0)).tolist() == [9, 9, 9]
