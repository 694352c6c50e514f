"""Shapes and parameter counts of neural networks, with the arithmetic shown."""

from importlib import import_module

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paramcalc.summaries import Summary, SummaryRow, summary
    from paramcalc.term import Term
    from paramcalc.working import Explanation, Line, Working, explain

__all__ = [
    "Activation",
    "BatchNorm",
    "ConfigError",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "Dense",
    "Dropout",
    "Explanation",
    "Flatten",
    "Identity",
    "Input",
    "Layer",
    "Line",
    "ParamcalcError",
    "Parameter",
    "Pool",
    "Sequential",
    "Shape",
    "ShapeError",
    "Step",
    "Summary",
    "SummaryRow",
    "Term",
    "Working",
    "explain",
    "formulas",
    "summary",
    "trace",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load what shows the working when it is first asked for: counting does without."""
        modules = {
            "Explanation": "working",
            "Line": "working",
            "Summary": "summaries",
            "SummaryRow": "summaries",
            "Term": "term",
            "Working": "working",
            "explain": "working",
            "summary": "summaries",
        }
        if name not in modules:
            raise AttributeError(f"module 'paramcalc' has no attribute {name!r}")
        module = import_module(f"paramcalc.{modules[name]}")
        globals()[name] = getattr(module, name)
        return globals()[name]


def __dir__() -> list[str]:
    return __all__
