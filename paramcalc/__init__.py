"""Shapes and parameter counts of neural networks, with the working.

Put layers such as `Conv2d` and `Dense` into a `Sequential`. Their arguments are those of
`torch.nn`. Ask it for `output_shape()` and `num_params()`, or pass it to `summary`, `explain`,
`diagram`, `memory`, `flops`, `receptive_field`, `smallest_input` or `compare`. `paramcalc.zoo` has
published networks.

Example:
    >>> import paramcalc as pc
    >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Flatten(), pc.Dense(None, 10))
    >>> net.output_shape((1, 28, 28)), net.num_params((1, 28, 28))
    ((10,), 46922)
    >>> print(pc.explain(net, (1, 28, 28)).parts[0].lines[-2])
    (k_h·k_w·C_in + 1)·C_out = (5·5·1 + 1)·32 = 832
"""

from importlib import import_module
from sys import _getframe

__version__ = "0.1.0"

_MODULES = {
    "errors": "ConfigError ParamcalcError ReadError ShapeError",
    "layers._base": "Layer Parameter Shape",
    "layers._tensor": "Tensor",
    "layers.activation": "Activation Dropout Identity PReLU Scale",
    "layers.attention": "MultiheadAttention",
    "layers.conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "layers.conv_lstm": "ConvLSTM1d ConvLSTM2d ConvLSTM3d",
    "layers.deform_conv": "DeformConv2d",
    "layers.dense": "Dense",
    "layers.distributed": "TimeDistributed",
    "layers.embedding": "Embedding",
    "layers.frozen": "Frozen freeze",
    "layers.input": "Input",
    "layers.keras_conv": "DepthwiseConv1d DepthwiseConv2d LocallyConnected2d",
    "layers.norm": "BatchNorm GroupNorm InstanceNorm LayerNorm RMSNorm",
    "layers.parameters": "Parameters",
    "layers.pool": "AdaptivePool GlobalPool Pool",
    "layers.product": "MatMul",
    "layers.recurrent": "GRU LSTM RNN",
    "layers.reshape": "Flatten Permute RepeatVector Reshape Slice",
    "layers.resize": "CenterCrop Crop Pad PixelShuffle PixelUnshuffle Upsample",
    "layers.shared": "Shared",
    "_blocks": "SeparableConv1d SeparableConv2d TransformerDecoderLayer TransformerEncoderLayer",
    "_compare": "compare",
    "_diagram": "diagram",
    "_explain": "explain",
    "_flops": "compare_flops flops",
    "_inverse": "input_lengths same_padding smallest_input transposed_conv",
    "_memory": "memory",
    "_branches": "Add Concat Multiply",
    "_graph": "Graph concat",
    "_network": "Sequential",
    "_receptive_field": "receptive_field",
    "_summary": "summary",
    "_trace": "trace",
    "_valid": "valid_inputs",
}
"""The public names by module. A module is loaded when one of its names is first asked for."""
_ROOMS = ("formulas", "layers", "readers", "results", "write", "zoo")

__all__ = sorted(" ".join(_MODULES.values()).split())  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"paramcalc.{name}")
    for module, names in _MODULES.items():
        if name in names.split():
            globals()[name] = getattr(import_module(f"paramcalc.{module}"), name)
            return globals()[name]
    if name.startswith("_"):
        raise AttributeError(f"module 'paramcalc' has no attribute {name!r}")
    leads = import_module("paramcalc._leads")
    use = leads.lead(name, __all__, __getattr__)
    if use and _getframe(1).f_code.co_name == "_handle_fromlist":  # Of `from paramcalc import`.
        raise ImportError(f"cannot import name {name!r} from 'paramcalc': {use}", name=name)
    words = f"paramcalc has no {name}: {use}" if use else leads.unknown_name(name, __all__)
    raise AttributeError(words, name=name, obj=None)  # Python would suggest some of its object's.


def __dir__() -> list[str]:
    return [*__all__, *_ROOMS]
