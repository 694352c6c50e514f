"""What a row of the table of layers holds, and the rows that several layers share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import drawn
from drawn import SHAPES, Drawn, Shapes, sequences, spatial

import paramcalc as pc


@dataclass(frozen=True)
class Row:
    """A public layer."""

    kind: Callable[..., Any]
    """Its class; of a type with any arguments."""
    examples: Callable[[], list[Any]]
    """Makes some, of which one or another states each field."""
    shape: Any
    """An input that fits all of these; of several inputs a dict."""
    layers: Drawn
    shapes: Callable[[Any], Shapes]
    """Inputs that fit a layer."""
    open_field: str = ""
    """The field that is None to take what the input has. The first example states it."""
    times: int = 0
    """How many axes of time are before the channels."""
    is_compared: bool = True
    """Whether the goldens have it. They say nothing of what lets every shape through and keeps no
    tensors, nor of what contains other layers as they are."""

    @property
    def name(self) -> str:
        return self.kind.__name__

    @property
    def fields(self) -> list[str]:
        kind: Any = self.kind
        return [one.name for one in dataclasses.fields(kind)]

    def moved(self, shape: pc.Shape) -> pc.Shape:
        """The shape with the channels last that has them first; of an output, too."""
        at = self.times * (len(shape) == len(self.shape))
        return (*shape[:at], *shape[at + 1 :], shape[at])

    @property
    def is_network(self) -> bool:
        return bool({"layers", "nodes"} & {*self.fields})

    @property
    def is_single(self) -> bool:
        """Whether it is no network, and has one input."""
        return not self.is_network and not isinstance(self.shape, dict)


def conv(kind: Callable[..., Any], rank: int) -> Row:
    is_transposed = "Transpose" in kind.__name__
    return Row(
        kind,
        lambda: [kind(4, 6, 3), kind(None, 4, 3, 2, "same", groups=2, bias=False)],
        (4, *[9] * rank),
        drawn.transposed_convs(kind, rank) if is_transposed else drawn.convs(kind, rank),
        lambda one: spatial(one, one.kernel_size, one.in_channels, groups=one.groups),
        open_field="in_channels",
    )


def depthwise(kind: Callable[..., Any], rank: int) -> Row:
    return Row(
        kind,
        lambda: [kind(3, depth_multiplier=2), kind(3, 2, "same", dilation=2, bias=False)],
        (4, *[9] * rank),
        drawn.depthwise_convs(kind, rank),
        lambda one: spatial(one, one.kernel_size),
    )


def separable(kind: Callable[..., Any], rank: int) -> Row:
    return Row(
        kind,
        lambda: [kind(6, 3, depth_multiplier=2), kind(6, 3, 2, "same", dilation=2, bias=False)],
        (4, *[9] * rank),
        drawn.depthwise_convs(kind, rank),
        lambda one: spatial(one, one.kernel_size),
    )


def conv_lstm(kind: Callable[..., Any], rank: int) -> Row:
    return Row(
        kind,
        lambda: [kind(4, 6, 3), kind(None, 4, 3, 2, "same", 1, False, return_sequences=True)],
        (5, 4, *[9] * rank),
        drawn.conv_lstms(kind, rank),
        lambda one: drawn.timed(spatial(one, one.kernel_size, one.in_channels)),
        open_field="in_channels",
        times=1,
    )


def channel_norm(kind: Callable[..., Any], least_rank: int) -> Row:
    return Row(
        kind,
        lambda: [
            kind(4, affine=True),
            kind(4, affine=True, bias=False),
            kind(affine=True, scale=False),
            kind(),
            kind(affine=False, track_running_stats=True),
        ],
        (4, 9, 9),
        drawn.channel_norms(kind),
        lambda norm: spatial(norm, None, norm.num_features, least_rank=least_rank),
        open_field="num_features",
    )


def recurrent(kind: Callable[..., Any], **fields: Drawn) -> Row:
    projected = {"proj_size": 3} if fields else {}
    return Row(
        kind,
        lambda: [kind(8, 6), kind(None, 6, 2, bidirectional=True, bias=False, **projected)],
        (5, 8),
        drawn.recurrent(kind, **fields),
        lambda layer: sequences(layer.input_size),
        open_field="input_size",
    )


def elementwise(kind: Callable[..., Any]) -> Row:
    return Row(
        kind,
        lambda: [
            kind(pc.Identity(), pc.Conv2d(4, 4, 3, padding=1)),
            kind(body=pc.BatchNorm(), skip=pc.Identity()),
        ],
        (4, 9, 9),
        drawn.networks(kind),
        lambda _: SHAPES,
    )


def unchanging(
    kind: Callable[..., Any],
    examples: Callable[[], list[Any]],
    layers: Drawn,
) -> Row:
    """Of a layer that lets every shape through and keeps no tensors."""
    return Row(kind, examples, (4, 9, 9), layers, lambda _: SHAPES, is_compared=False)
