"""Every public layer in a row: how one is made, and what fits it.

A new layer needs one row here. What goes through all layers reads it: laws, hostile values, words
of refusals, goldens. A public layer without a row fails in test_fields.py.
"""

from __future__ import annotations

from typing import Any

import drawn
from drawn import SHAPES, Shapes, ending_with, sequences, shuffled, spatial
from rows import (
    Row,
    channel_norm,
    conv,
    conv_lstm,
    depthwise,
    elementwise,
    recurrent,
    separable,
    unchanging,
)

import paramcalc as pc

ROWS = [
    conv(pc.Conv1d, 1),
    conv(pc.Conv2d, 2),
    conv(pc.Conv3d, 3),
    conv(pc.ConvTranspose1d, 1),
    conv(pc.ConvTranspose2d, 2),
    conv(pc.ConvTranspose3d, 3),
    depthwise(pc.DepthwiseConv1d, 1),
    depthwise(pc.DepthwiseConv2d, 2),
    separable(pc.SeparableConv1d, 1),
    separable(pc.SeparableConv2d, 2),
    conv_lstm(pc.ConvLSTM1d, 1),
    conv_lstm(pc.ConvLSTM2d, 2),
    conv_lstm(pc.ConvLSTM3d, 3),
    Row(
        pc.LocallyConnected2d,
        lambda: [pc.LocallyConnected2d(6, 3), pc.LocallyConnected2d(6, (2, 3), 2, bias=False)],
        (4, 9, 9),
        drawn.local_convs(),
        lambda one: spatial(one, one.kernel_size),
        is_compared=False,
    ),
    Row(
        pc.Pool,
        lambda: [pc.Pool(3, 2, 1), pc.Pool((2, 3), mode="avg", ceil_mode=True)],
        (4, 9, 9),
        drawn.pools(),
        lambda pool: spatial(pool, pool.kernel_size),
    ),
    Row(
        pc.AdaptivePool,
        lambda: [pc.AdaptivePool(3), pc.AdaptivePool((None, 1), mode="max")],
        (4, 9, 9),
        drawn.adaptive_pools(),
        lambda pool: spatial(pool, pool.output_size),
    ),
    Row(
        pc.GlobalPool,
        lambda: [pc.GlobalPool(), pc.GlobalPool(mode="max")],
        (4, 9, 9),
        drawn.of_either_format(pc.GlobalPool, mode=drawn.MODES),
        spatial,
    ),
    Row(
        pc.Pad,
        lambda: [pc.Pad(1), pc.Pad(((0, 1), (2, 2)), "reflect")],
        (4, 9, 9),
        drawn.of_either_format(pc.Pad, drawn.SIDES, drawn.PAD_MODES),
        lambda pad: spatial(pad, pad.padding),
    ),
    Row(
        pc.Crop,
        lambda: [pc.Crop(1), pc.Crop(((0, 1), (2, 2)))],
        (4, 9, 9),
        drawn.of_either_format(pc.Crop, drawn.SIDES),
        lambda crop: spatial(crop, crop.cropping),
    ),
    Row(
        pc.CenterCrop,
        lambda: [pc.CenterCrop(5), pc.CenterCrop((4, 12))],
        (4, 9, 9),
        drawn.of_either_format(pc.CenterCrop, drawn.per_axis(drawn.LENGTHS)),
        lambda crop: spatial(crop, crop.size),
        is_compared=False,
    ),
    Row(
        pc.Upsample,
        lambda: [
            pc.Upsample(12),
            pc.Upsample(scale_factor=(2, 3), mode="bilinear"),
            pc.Upsample(scale_factor=1.5),
        ],
        (4, 9, 9),
        drawn.upsamplings(),
        lambda one: spatial(one, one.size if one.scale_factor is None else one.scale_factor),
    ),
    channel_norm(pc.BatchNorm, 0),
    channel_norm(pc.InstanceNorm, 1),
    Row(
        pc.GroupNorm,
        lambda: [
            pc.GroupNorm(2, 4, bias=False),
            pc.GroupNorm(2, 4, scale=False),
            pc.GroupNorm(4, None, affine=False),
        ],
        (4, 9, 9),
        drawn.group_norms(),
        lambda norm: spatial(norm, None, norm.num_channels, groups=norm.num_groups),
        open_field="num_channels",
    ),
    Row(
        pc.LayerNorm,
        lambda: [pc.LayerNorm(9), pc.LayerNorm((9, 9), bias=False), pc.LayerNorm(9, scale=False)],
        (4, 9, 9),
        drawn.layer_norms(),
        lambda norm: ending_with(norm.normalized_shape),
        open_field="normalized_shape",
    ),
    Row(
        pc.RMSNorm,
        lambda: [pc.RMSNorm(9), pc.RMSNorm((9, 9), elementwise_affine=False)],
        (4, 9, 9),
        drawn.rms_norms(),
        lambda norm: ending_with(norm.normalized_shape),
        open_field="normalized_shape",
    ),
    Row(
        pc.PReLU,
        lambda: [pc.PReLU(4), pc.PReLU(), pc.PReLU(shared_axes=(1,))],
        (4, 9, 9),
        drawn.prelus(),
        lambda one: spatial(one, None, None if one.num_parameters == 1 else one.num_parameters),
        open_field="num_parameters",
    ),
    Row(
        pc.Scale,
        lambda: [pc.Scale(9), pc.Scale((4, 1, 1)), pc.Scale(()), pc.Scale()],
        (4, 9, 9),
        drawn.scales(),
        drawn.scaled,
    ),
    Row(
        pc.PixelShuffle,
        lambda: [pc.PixelShuffle(2)],
        (4, 8, 8),
        drawn.of_either_format(pc.PixelShuffle, drawn.FEW),
        lambda one: shuffled(one, one.upscale_factor),
    ),
    Row(
        pc.PixelUnshuffle,
        lambda: [pc.PixelUnshuffle(2)],
        (4, 8, 8),
        drawn.of_either_format(pc.PixelUnshuffle, drawn.FEW),
        lambda one: shuffled(one, one.downscale_factor),
    ),
    Row(
        pc.Reshape,
        lambda: [pc.Reshape((16, 16)), pc.Reshape((8, -1))],
        (4, 8, 8),
        drawn.reshapes(),
        lambda reshape: drawn.reshaped(reshape.target_shape),
    ),
    Row(
        pc.Permute,
        lambda: [pc.Permute((2, 0, 1))],
        (4, 8, 9),
        drawn.permutes(),
        lambda permute: drawn.of_rank(len(permute.dims)),
    ),
    Row(
        pc.Slice,
        lambda: [pc.Slice(1, 3), pc.Slice(-3, -1, dim=-1)],
        (4, 8, 9),
        drawn.slices(),
        lambda _: drawn.for_each(drawn.LONG, 3),
    ),
    Row(
        pc.RepeatVector,
        lambda: [pc.RepeatVector(3)],
        (8,),
        drawn.repetitions(),
        lambda _: drawn.of_rank(1),
    ),
    Row(
        pc.Flatten,
        lambda: [pc.Flatten(), pc.Flatten(1, 2)],
        (4, 8, 9),
        drawn.flattens(),
        lambda _: drawn.of_rank(4),
    ),
    Row(
        pc.Dense,
        lambda: [pc.Dense(8, 6), pc.Dense(None, 1, bias=False)],
        (5, 8),
        drawn.denses(),
        lambda dense: ending_with(dense.in_features),
        open_field="in_features",
    ),
    Row(
        pc.Embedding,
        lambda: [pc.Embedding(10, 6)],
        (5,),
        drawn.embeddings(),
        lambda _: SHAPES,
    ),
    Row(
        pc.Parameters,
        lambda: [pc.Parameters(scale=(6, 1)), pc.Parameters(scale=6)],
        (6, 5),
        drawn.learned(),
        lambda _: SHAPES,
        is_compared=False,
    ),
    recurrent(pc.RNN),
    recurrent(pc.GRU),
    recurrent(pc.LSTM, proj_size=drawn.PROJECTIONS),
    Row(
        pc.MultiheadAttention,
        lambda: [
            pc.MultiheadAttention(8, 2),
            pc.MultiheadAttention(8, 4, bias=False, add_bias_kv=True, kdim=3, vdim=5),
            pc.MultiheadAttention(8, 6, num_kv_heads=2, head_dim=3, value_dim=5),
        ],
        (5, 8),
        drawn.attentions(),
        lambda attention: sequences(attention.embed_dim),
    ),
    Row(
        pc.TransformerEncoderLayer,
        lambda: [pc.TransformerEncoderLayer(8, 2, 16)],
        (5, 8),
        drawn.headed(pc.TransformerEncoderLayer, drawn.SMALL),
        lambda encoder: sequences(encoder.d_model),
    ),
    Row(
        pc.TransformerDecoderLayer,
        lambda: [pc.TransformerDecoderLayer(8, 2, 16)],
        {"tgt": (5, 8), "memory": (7, 8)},
        drawn.headed(pc.TransformerDecoderLayer, drawn.SMALL),
        lambda decoder: drawn.pairs_of_sequences(decoder.d_model),
    ),
    elementwise(pc.Add),
    elementwise(pc.Multiply),
    Row(
        pc.Concat,
        lambda: [pc.Concat(pc.Identity(), pc.Dropout()), pc.Concat(a=pc.Identity(), dim=-1)],
        (4, 9, 9),
        drawn.networks(pc.Concat),
        lambda _: SHAPES,
    ),
    Row(
        pc.Sequential,
        lambda: [
            pc.Sequential(pc.Conv2d(4, 6, 3), pc.Flatten()),
            pc.Sequential(body=pc.Identity(), head=pc.Dense(9, 3)),
        ],
        (4, 9, 9),
        drawn.networks(pc.Sequential),
        lambda _: SHAPES,
        is_compared=False,
    ),
    Row(
        pc.Graph,
        lambda: [pc.Graph({"x": (4, 9, 9)}, "y", {"y": (pc.Conv2d(None, 6, 3), "x")})],
        (4, 9, 9),
        drawn.graphs(),
        lambda graph: drawn.just(graph.inputs[0][1]),
        is_compared=False,
    ),
    Row(
        pc.Frozen,
        lambda: [pc.Frozen(pc.Conv2d(4, 6, 3))],
        (4, 9, 9),
        drawn.frozen(),
        lambda frozen: shapes_for(frozen.layer),
        is_compared=False,
    ),
    Row(
        pc.Shared,
        lambda: [pc.Shared("w", pc.Conv2d(4, 6, 3)), pc.Shared("w", pc.BatchNorm(4))],
        (4, 9, 9),
        drawn.shared(),
        lambda shared: shapes_for(shared.layer),
        is_compared=False,
    ),
    Row(
        pc.TimeDistributed,
        lambda: [
            pc.TimeDistributed(pc.Conv2d(4, 6, 3)),
            pc.TimeDistributed(pc.Sequential(pc.BatchNorm(4), pc.Flatten())),
        ],
        (5, 4, 9, 9),
        drawn.distributed(),
        lambda one: drawn.timed(shapes_for(one.layer)),
    ),
    Row(
        pc.Input,
        lambda: [pc.Input(4, 9, 9)],
        (4, 9, 9),
        SHAPES.map(pc.Input),
        lambda one: drawn.just(one.shape),
        is_compared=False,
    ),
    unchanging(
        pc.Activation,
        lambda: [pc.Activation("relu")],
        drawn.activations(),
    ),
    unchanging(
        pc.Dropout,
        lambda: [pc.Dropout(0.25)],
        drawn.dropouts(),
    ),
    unchanging(
        pc.Identity,
        lambda: [pc.Identity()],
        drawn.just(pc.Identity()),
    ),
]
ROW_OF = {row.kind: row for row in ROWS}


def shapes_for(layer: Any) -> Shapes:
    """Inputs that fit a layer."""
    return ROW_OF[type(layer)].shapes(layer)
