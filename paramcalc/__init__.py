"""Shapes and parameter counts of neural networks, with the arithmetic shown."""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paramcalc import formulas
    from paramcalc._blocks import TransformerEncoderLayer
    from paramcalc._explain import Explanation, Line, Working, explain
    from paramcalc._flops import Flops, FlopsRow, flops
    from paramcalc._inverse import input_lengths, same_padding, smallest_input
    from paramcalc._memory import Memory, memory
    from paramcalc._network import Add, Concat, Multiply, Sequential
    from paramcalc._receptive_field import ReceptiveField, receptive_field
    from paramcalc._summary import Summary, SummaryRow, summary
    from paramcalc._trace import Step, trace
    from paramcalc.errors import ConfigError, ParamcalcError, ShapeError
    from paramcalc.formulas._term import Term
    from paramcalc.layers._base import Layer, Parameter, Shape, Window
    from paramcalc.layers.activation import Activation, Dropout, Identity, PReLU
    from paramcalc.layers.attention import MultiheadAttention
    from paramcalc.layers.conv import (
        Conv1d,
        Conv2d,
        Conv3d,
        ConvTranspose1d,
        ConvTranspose2d,
        ConvTranspose3d,
    )
    from paramcalc.layers.dense import Dense
    from paramcalc.layers.embedding import Embedding
    from paramcalc.layers.frozen import Frozen, freeze
    from paramcalc.layers.input import Input
    from paramcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
    from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
    from paramcalc.layers.recurrent import GRU, LSTM, RNN
    from paramcalc.layers.reshape import Flatten, Permute, Reshape
    from paramcalc.layers.resize import Crop, Pad, PixelShuffle, PixelUnshuffle, Upsample

__all__ = [
    "Activation",
    "AdaptivePool",
    "Add",
    "BatchNorm",
    "Concat",
    "ConfigError",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Crop",
    "Dense",
    "Dropout",
    "Embedding",
    "Explanation",
    "Flatten",
    "Flops",
    "FlopsRow",
    "Frozen",
    "GRU",
    "GlobalPool",
    "GroupNorm",
    "Identity",
    "Input",
    "InstanceNorm",
    "LSTM",
    "Layer",
    "LayerNorm",
    "Line",
    "Memory",
    "MultiheadAttention",
    "Multiply",
    "PReLU",
    "Pad",
    "ParamcalcError",
    "Parameter",
    "Permute",
    "PixelShuffle",
    "PixelUnshuffle",
    "Pool",
    "RMSNorm",
    "RNN",
    "ReceptiveField",
    "Reshape",
    "Sequential",
    "Shape",
    "ShapeError",
    "Step",
    "Summary",
    "SummaryRow",
    "Term",
    "TransformerEncoderLayer",
    "Upsample",
    "Window",
    "Working",
    "explain",
    "flops",
    "formulas",
    "freeze",
    "input_lengths",
    "memory",
    "receptive_field",
    "same_padding",
    "smallest_input",
    "summary",
    "trace",
]

_MODULES = {
    "_flops": "Flops FlopsRow flops",
    "errors": "ConfigError ParamcalcError ShapeError",
    "_inverse": "input_lengths same_padding smallest_input",
    "layers.activation": "Activation Dropout Identity PReLU",
    "layers.attention": "MultiheadAttention",
    "layers._base": "Layer Parameter Shape Window",
    "layers.conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "layers.dense": "Dense",
    "layers.embedding": "Embedding",
    "layers.frozen": "Frozen freeze",
    "layers.input": "Input",
    "layers.norm": "BatchNorm GroupNorm InstanceNorm LayerNorm RMSNorm",
    "layers.pool": "AdaptivePool GlobalPool Pool",
    "layers.recurrent": "GRU LSTM RNN",
    "layers.reshape": "Flatten Permute Reshape",
    "layers.resize": "Crop Pad PixelShuffle PixelUnshuffle Upsample",
    "_memory": "Memory memory",
    "_network": "Add Concat Multiply Sequential",
    "_receptive_field": "ReceptiveField receptive_field",
    "_summary": "Summary SummaryRow summary",
    "formulas": "Term",
    "_trace": "Step trace",
    "_blocks": "TransformerEncoderLayer",
    "_explain": "Explanation Line Working explain",
}
"""Where names are. They are loaded when first asked for: nobody needs them all."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "formulas":
            return import_module("paramcalc.formulas")
        for module, names in _MODULES.items():
            if name in names.split():
                globals()[name] = getattr(import_module(f"paramcalc.{module}"), name)
                return globals()[name]
        raise AttributeError(f"module 'paramcalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
