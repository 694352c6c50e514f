"""What torch and Keras call the layers of this library.

Errors, readers, writers and the pages on both frameworks read these tables.
"""

from __future__ import annotations

from ast import literal_eval
from functools import cache
from typing import Any, NamedTuple

# Per line: the layer here, and what its fields must be; its names there, with `#` for 1, 2 and 3;
# its arguments there, as theirs=ours where they have another name here, as theirs==value where they
# must have one; a note. Torch's arguments are all there, in their order. Keras's are those with
# another name; the others have the same, or change no shape and no count.
TORCH = """
Conv#d | nn.Conv#d | in_channels out_channels kernel_size stride padding dilation groups bias \
    padding_mode device dtype
ConvTranspose#d | nn.ConvTranspose#d | in_channels out_channels kernel_size stride padding \
    output_padding groups bias dilation padding_mode device dtype
Pool mode='max' | nn.MaxPool#d | kernel_size stride padding dilation return_indices ceil_mode
Pool mode='avg' | nn.AvgPool1d | kernel_size stride padding ceil_mode count_include_pad
Pool mode='avg' | nn.AvgPool2d nn.AvgPool3d | kernel_size stride padding ceil_mode \
    count_include_pad divisor_override
AdaptivePool mode='max' | nn.AdaptiveMaxPool#d | output_size return_indices
AdaptivePool mode='avg' | nn.AdaptiveAvgPool#d | output_size
GlobalPool mode='max' | Tensor.amax | dim keepdim | over the spatial axes
GlobalPool mode='avg' | Tensor.mean | dim keepdim | over the spatial axes
Pad | nn.functional.pad | input pad=padding mode value | <sides>
Pad mode='constant' | nn.ConstantPad#d | padding value | <sides>
Pad mode='reflect' | nn.ReflectionPad#d | padding | <sides>
Pad mode='replicate' | nn.ReplicationPad#d | padding | <sides>
Pad mode='circular' | nn.CircularPad#d | padding | <sides>
Pad mode='constant' | nn.ZeroPad#d | padding | <sides>
Crop | nn.functional.pad | input pad=cropping mode value \
    | write a negative `pad` as positive; <sides>
Upsample | nn.Upsample | size scale_factor mode align_corners recompute_scale_factor
Upsample mode='nearest' | nn.UpsamplingNearest2d | size scale_factor
Upsample mode='bilinear' | nn.UpsamplingBilinear2d | size scale_factor
BatchNorm | nn.BatchNorm#d | num_features eps momentum affine track_running_stats device dtype bias
BatchNorm | nn.SyncBatchNorm | num_features eps momentum affine track_running_stats process_group \
    device dtype bias
InstanceNorm | nn.InstanceNorm#d | num_features eps momentum affine track_running_stats device \
    dtype bias
GroupNorm | nn.GroupNorm | num_groups num_channels eps affine device dtype bias
LayerNorm | nn.LayerNorm | normalized_shape eps elementwise_affine bias device dtype
RMSNorm | nn.RMSNorm | normalized_shape eps elementwise_affine device dtype
PReLU | nn.PReLU | num_parameters init device dtype
Scale | mul | input other | of the input and an `nn.Parameter`
PixelShuffle | nn.PixelShuffle | upscale_factor
PixelUnshuffle | nn.PixelUnshuffle | downscale_factor
Reshape | Tensor.reshape | shape=target_shape | its shape includes the batch
Permute | Tensor.permute | dims | its axes include the batch
Slice | Tensor.narrow | dim start length=stop \
    | length is stop − start; its axes include the batch
Slice | Tensor.split Tensor.chunk | | one `Slice` per part; its axes include the batch
Flatten | nn.Flatten | start_dim end_dim | its axes include the batch
Dense | nn.Linear | in_features out_features bias device dtype
Embedding | nn.Embedding | num_embeddings embedding_dim padding_idx max_norm norm_type \
    scale_grad_by_freq sparse _weight _freeze device dtype
RNN | nn.RNN | input_size hidden_size num_layers nonlinearity bias batch_first dropout \
    bidirectional device dtype | as with `batch_first=True`
GRU | nn.GRU | <recurrent> device dtype | as with `batch_first=True`
LSTM | nn.LSTM | <recurrent> proj_size device dtype | as with `batch_first=True`
MultiheadAttention | nn.MultiheadAttention | embed_dim num_heads dropout bias add_bias_kv \
    add_zero_attn kdim vdim batch_first device dtype
TransformerEncoderLayer | nn.TransformerEncoderLayer | <transformer>
TransformerDecoderLayer | nn.TransformerDecoderLayer | <transformer>
Add | add | input other | <outputs>
Multiply | mul | input other | <outputs>
Concat | cat | tensors dim | <outputs>; its axes include the batch
Sequential | nn.Sequential
Frozen | nn.Module.requires_grad_ | requires_grad==False \
    | an attribute of each layer; `freeze(network)` here
Activation | nn.CELU nn.ELU nn.GELU nn.Hardshrink nn.Hardsigmoid nn.Hardswish nn.Hardtanh \
    nn.LeakyReLU nn.LogSigmoid nn.LogSoftmax nn.Mish nn.RReLU nn.ReLU nn.ReLU6 nn.SELU nn.SiLU \
    nn.Sigmoid nn.Softmax nn.Softmax2d nn.Softmin nn.Softplus nn.Softshrink nn.Softsign nn.Tanh \
    nn.Tanhshrink nn.Threshold | | any name: `Activation("relu")`
Dropout | nn.Dropout nn.Dropout#d nn.AlphaDropout nn.FeatureAlphaDropout | p inplace
Identity | nn.Identity
"""
KERAS = """
Conv#d | layers.Conv#D | filters=out_channels <windows>
ConvTranspose#d | layers.Conv#DTranspose | filters=out_channels <windows>
ConvLSTM#d | layers.ConvLSTM#D | filters=out_channels <windows>
DepthwiseConv1d | layers.DepthwiseConv1D | <windows>
DepthwiseConv2d | layers.DepthwiseConv2D | <windows>
SeparableConv1d | layers.SeparableConv1D | filters=out_channels <windows>
SeparableConv2d | layers.SeparableConv2D | filters=out_channels <windows>
Pool mode='max' | layers.MaxPooling#D | pool_size=kernel_size strides=stride
Pool mode='avg' | layers.AveragePooling#D | pool_size=kernel_size strides=stride
AdaptivePool mode='max' | layers.AdaptiveMaxPooling#D
AdaptivePool mode='avg' | layers.AdaptiveAveragePooling#D
GlobalPool mode='max' | layers.GlobalMaxPooling#D | keepdims==False
GlobalPool mode='avg' | layers.GlobalAveragePooling#D | keepdims==False
Pad mode='constant' | layers.ZeroPadding#D
Crop | layers.Cropping#D
Upsample | layers.UpSampling1D layers.UpSampling3D | size=scale_factor
Upsample | layers.UpSampling2D | size=scale_factor interpolation=mode
Upsample | layers.Resizing | height=size width=size interpolation=mode \
    | `size` is (height, width) here
BatchNorm | layers.BatchNormalization | center=bias
InstanceNorm | layers.GroupNormalization | groups==-1 center=bias | give `affine=True`
GroupNorm | layers.GroupNormalization | groups=num_groups center=bias
LayerNorm | layers.LayerNormalization | axis=normalized_shape center=bias | <lengths>
RMSNorm | layers.RMSNormalization | axis=normalized_shape | <lengths>
PReLU | layers.PReLU | | it counts axes from 1; `PReLU(shared_axes=())` is its default
Reshape | layers.Reshape
Permute | layers.Permute | | it counts axes from 1
RepeatVector | layers.RepeatVector
Flatten | layers.Flatten
Dense | layers.Dense | units=out_features use_bias=bias
Embedding | layers.Embedding | input_dim=num_embeddings output_dim=embedding_dim
RNN | layers.SimpleRNN | units=hidden_size use_bias=bias | <last>
GRU | layers.GRU | units=hidden_size use_bias=bias reset_after=recurrent_bias | <last>
LSTM | layers.LSTM | units=hidden_size use_bias=bias | <last>
MultiheadAttention | layers.MultiHeadAttention | key_dim=head_dim use_bias=bias | <features>
MultiheadAttention | layers.GroupQueryAttention | num_query_heads=num_heads \
    num_key_value_heads=num_kv_heads use_bias=bias | <features>
Add | layers.Add | | <outputs>
Multiply | layers.Multiply | | <outputs>
Concat | layers.Concatenate | axis=dim \
    | <outputs>; its axes include the batch; the last by default, the first here
Sequential | Sequential
TimeDistributed | layers.TimeDistributed
Frozen | Layer.trainable | | an attribute of each layer; `freeze(network)` here
Input | Input
Activation | layers.Activation | activation=name
Activation | layers.ELU layers.LeakyReLU layers.ReLU layers.Softmax \
    | | any name: `Activation("relu")`
Dropout | layers.Dropout layers.SpatialDropout#D layers.AlphaDropout layers.GaussianDropout \
    | rate=p
Identity | layers.Identity
"""
OFTEN = {
    "<features>": "`embed_dim` is the features of the input",
    "<last>": "give `return_sequences=False` for Keras's default; "
    "`bidirectional=True` for `Bidirectional`",
    "<lengths>": "numbers of axes there, their lengths here; omit it for the last axis",
    "<outputs>": "it takes outputs; paramcalc takes branches",
    "<recurrent>": "input_size hidden_size num_layers bias batch_first dropout bidirectional",
    "<sides>": "(left, right, top, bottom) is ((top, bottom), (left, right)) here",
    "<transformer>": "d_model nhead dim_feedforward dropout activation layer_norm_eps batch_first "
    "norm_first bias device dtype",
    "<windows>": "strides=stride dilation_rate=dilation use_bias=bias",
}

NEUTRAL = """
add_zero_attn align_corners alpha antialias approximate autocast batch_first batch_size beta
count_include_pad data_format device divisor_override dropout dtype eps epsilon fill_mode fill_value
flash_attention go_backwards implementation init inplace input_length lambd layer_norm_eps mask_zero
max_norm max_val max_value min_val momentum name negative_slope noise_shape nonlinearity norm_first
norm_type optional padding_idx padding_mode process_group ragged recompute_scale_factor
recurrent_activation recurrent_dropout scale_grad_by_freq seed sparse stateful synchronized
threshold trainable unit_forget_bias unroll use_cudnn value weights zero_output_for_mask
"""
"""Arguments there that change no shape and no count, where a layer here has no such field."""
ENDINGS = ("_initializer", "_regularizer", "_constraint")
"""How others of Keras end."""


class Counterpart(NamedTuple):
    """A layer of a framework, and what it is here.

    Args:
        name: the name there, below `torch` or `keras`.
        layer: the name here.
        fields: what fields here must be.
        arguments: the arguments there that the table names, and the field here of each.
        theirs: what arguments there must be.
        note: what else differs.
    """

    name: str
    layer: str
    fields: dict[str, Any]
    arguments: dict[str, str]
    theirs: dict[str, Any]
    note: str


@cache
def counterparts(framework: str) -> tuple[Counterpart, ...]:
    """The table of a framework, "torch" or "keras": one entry per name there and layer here."""
    return rows_of({"torch": TORCH, "keras": KERAS}[framework])


def rows_of(text: str) -> tuple[Counterpart, ...]:
    """The entries of a table, as those above are written."""
    for short, full in OFTEN.items():
        text = text.replace(short, full)
    found: list[Counterpart] = []
    for line in text.strip().splitlines():
        here, names, arguments, note = [*[one.strip() for one in line.split("|")], "", ""][:4]
        layer, *fields = here.split()
        pairs = [one.partition("=") for one in arguments.split() if "==" not in one]
        renamed = {theirs: ours or theirs for theirs, _, ours in pairs}
        given = values([one.replace("==", "=") for one in arguments.split() if "==" in one])
        for name in names.split():
            for rank in "123" if "#" in name else "1":
                pair = name.replace("#", rank), layer.replace("#", rank)
                found += [Counterpart(*pair, values(fields), renamed, given, note)]
    return tuple(found)


def changes_nothing(argument: str) -> bool:
    """Whether an argument of torch or Keras changes no shape and no count.

    It says nothing of fields here.
    """
    return argument in NEUTRAL.split() or argument.endswith(ENDINGS)


def values(texts: list[str]) -> dict[str, Any]:
    """Pairs that are written as name=value."""
    return {name: literal_eval(value) for name, _, value in [one.partition("=") for one in texts]}
