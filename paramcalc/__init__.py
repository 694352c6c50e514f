"""Shapes and parameter counts of neural networks, with the arithmetic shown."""

from paramcalc import formulas
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError
from paramcalc.layers.activation import Activation, Dropout, Identity
from paramcalc.layers.base import Layer, Parameter, Shape
from paramcalc.layers.conv import Conv1d, Conv2d, Conv3d
from paramcalc.layers.dense import Dense
from paramcalc.layers.input import Input
from paramcalc.layers.norm import BatchNorm
from paramcalc.layers.pool import Pool
from paramcalc.layers.reshape import Flatten
from paramcalc.network import Sequential
from paramcalc.trace import Step, trace

__all__ = [
    "Activation",
    "BatchNorm",
    "ConfigError",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "Dense",
    "Dropout",
    "Flatten",
    "Identity",
    "Input",
    "Layer",
    "ParamcalcError",
    "Parameter",
    "Pool",
    "Sequential",
    "Shape",
    "ShapeError",
    "Step",
    "formulas",
    "trace",
]
