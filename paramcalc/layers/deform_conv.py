"""Deformable convolutions, whose taps lie where offsets say."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from paramcalc.errors import show
from paramcalc.layers._base import Form, Shape, Sources, Window
from paramcalc.layers._saved import Saved
from paramcalc.layers.conv import Conv


class DeformConv2d(Conv):
    """A convolution whose taps are moved by offsets.

    In a `Graph` it is called on an image and the offsets, or on these and a mask. At each position
    of the output there are `2·k_h·k_w` offsets, two per tap, and `k_h·k_w` factors in a mask; or
    several times as many, each part for a group of the input channels. A `Conv2d` with the same
    window makes them.

    Shape, tensors and multiply-accumulates are those of a `Conv2d` with the same fields. What uses
    no weight does not count: to interpolate between pixels, and to multiply by the mask. An offset
    may lead anywhere, so the receptive field is the whole image; with offsets of 0 it would be that
    of the `Conv2d`.

    Source:
        torchvision 0.28 `torchvision.ops.DeformConv2d`. It takes a multiple of `in_channels` for
        more groups, and a window too large by less than a stride; both are refused here.

    Example:
        >>> import paramcalc as pc
        >>> x = pc.Input(64, 28, 28)()
        >>> offset = pc.Conv2d(64, 2 * 3 * 3, 3, padding=1)(x)
        >>> net = pc.Graph(x, pc.DeformConv2d(64, 32, 3, padding=1)(x, offset))
        >>> net.output_shape(), net[0].num_params(), net[1].num_params()
        ((32, 28, 28), 10386, 18464)
    """

    __slots__ = ()
    _rank = 2
    _arity = 2, 3
    _is_merge = True

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first, offset, *masks = outputs
        output = self._shape(first)
        (channels, _), (_, lengths) = self._split(first), self._split(output)
        taps = prod(self.kernel_size)
        groups = self._split(offset)[0] // (2 * taps) or 1
        if offset != self._join(2 * taps * groups, lengths) or channels % groups:
            wanted = ", ".join(self._join(f"{2 * taps}·g", [*map(show, lengths)]))
            rule = f"offsets must be ({wanted}) where g divides the {channels} input channels"
            raise self._misfit(f"{rule}, got shape {show(offset)}")
        for mask in masks:
            factors = self._join(taps * groups, lengths)
            if mask != factors:
                raise self._misfit(f"a mask must be {show(factors)}, got shape {show(mask)}")
        return output

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        return [None for _ in self._lengths(shape)]

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        """An output sees the offsets and the mask at its own position."""
        beside = self._seen_by(None, [Window()] * self._rank)
        return [self._sources(before[0]), *[beside] * (len(before) - 1)]

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """Without a mask, torchvision makes one of a value."""
        return (*map(Saved, range(len(shapes))), Saved(size=int(len(shapes) < 3)))

    def _macs(self, shape: Shape | None, output: Shape | None, *_: Shape) -> int:
        return Conv._macs(self, shape, output)
