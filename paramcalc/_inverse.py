"""The inverse questions: which input fits, which gives a certain output, which padding to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import inf
from operator import mod
from typing import Any, overload

from paramcalc import formulas
from paramcalc._checks import (
    LARGEST,
    as_axes,
    as_bool,
    as_form,
    as_inputs,
    as_shape,
    name_of,
    wrong,
)
from paramcalc._graph import Graph
from paramcalc._search import Search, first_from
from paramcalc._trace import Step, num_times, stated_rank, steps_of, walk
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, show
from paramcalc.layers._axes import as_pairs, spread
from paramcalc.layers._base import Form, Layer, Shape
from paramcalc.layers._fields import Padding
from paramcalc.layers.conv import (
    Conv,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from paramcalc.layers.pool import Pool

Lengths = range | tuple[int, ...]


def asked(network: Layer, input_shape: Any, verb: str) -> tuple[list[Step], tuple[Form, ...]]:
    """The steps, and the shape of each input, with None for each length to find."""
    inside = network._thawed._inside() if isinstance(network, Layer) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if isinstance(inside, Graph):  # The shape that it states is any, and need not fit.
        steps = steps_of(network, None, shared=False)
    else:
        steps = walk(network, None, verb, shared=False)
    if input_shape is not None:
        wanted = "be a tuple of ints, with None for the lengths to find"
        names = network._input_names
        read = partial(as_form, owner=verb, layer=network, wanted=wanted)
        forms: Any = as_inputs(input_shape, verb, names, read)
        return steps, forms if names[1:] else (forms,)
    if isinstance(inside, Graph):
        return steps, inside._stated_forms()
    form = network._stated_form()
    if form is None and steps:
        form = steps[0].layer._stated_form()
    if form is None:
        times = num_times(steps)
        others = ["None"] * ((stated_rank(steps) or 2 + times) - times)
        shape = (*["None"] * times, "channels", *others)
        problem = "the first layer does not state the channels and axes of its input"
        raise ShapeError(f"{problem}: give input_shape=({', '.join(shape)})", layer=network)
    return steps, (form,)


def fitting(search: Search) -> tuple[int, ...]:
    """The smallest lengths that fit; an error with the reason if there are none."""
    found = search.fit()
    if not found.errors:
        return found.lengths
    error, hint, what = found.errors[-1], "", "input"
    if len(search.groups) > search.count:
        free = Search(search.network, search.steps, search.forms)
        try:
            lengths = free.fit().lengths
            hint = f"; square=False finds {show(free.shape(lengths))}" if lengths else ""
            what = "square input" if lengths else "input"
        except ParamcalcError:  # The search gave up.
            what = "square input"
    error.problem += f"; no {what} fits" if search.groups else ""
    if [one.path for one in found.smaller] == [error.path]:
        error.problem += f": the next smaller one gives {show(found.smaller[0].input_shape)}"
    error.problem += hint
    raise error


@overload
def smallest_input(
    network: Layer, input_shape: Mapping[str, Form], *, square: bool = True
) -> dict[str, Shape]: ...
@overload
def smallest_input(
    network: Layer, input_shape: Form | None = None, *, square: bool = True
) -> Shape: ...
def smallest_input(
    network: Layer,
    input_shape: Form | Mapping[str, Form] | None = None,
    *,
    square: bool = True,
) -> Any:
    """The smallest input shape that passes through a network.

    Where only some lengths fit, as before a dense layer or a merge of branches, it is the smallest
    of those. In a user's own layer, a longer input must not give a shorter output.

    Args:
        network: a network or a layer.
        input_shape: the input shape, with None for the lengths to find; optional after an `Input`,
            or if the first layer states its channels and axes. Of several inputs it is a dict of
            these by name, and so is the answer; their lengths differ as the stated ones do.
        square: whether all lengths must be equal. Otherwise each is as small as possible, the first
            axis first.

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: no input fits, or input_shape is needed and missing.
        ParamcalcError: none of the 10,000 inputs that were tried fits.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Conv2d(32, 32, 3), pc.Pool(2))
        >>> smallest_input(net)
        (1, 12, 12)
        >>> smallest_input(pc.Sequential(net, pc.Flatten(), pc.Dense(800, 10)))
        (1, 28, 28)
    """
    as_bool(square, "smallest_input", "square")
    search = Search(network, *asked(network, input_shape, "smallest_input"), square=square)
    found = search.shape(fitting(search))
    names = network._input_names
    return dict(zip(names, found, strict=True)) if names[1:] else found


def input_lengths(
    network: Layer, output: int | tuple[int, ...], input_shape: Form | None = None
) -> tuple[Lengths, ...]:
    """The input lengths that give a certain output, per axis.

    The answer has a range per axis, or a tuple if some lengths in between do not fit.

    Args:
        network: a network or a layer, in which each spatial axis of the output depends on one of
            the input.
        output: the length of each spatial axis of the output: an int for all axes, or a tuple.
        input_shape: as for `smallest_input`.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: output is less than 1, or has the wrong number of entries.
        ShapeError: no input fits, or input_shape is needed and missing.
        ParamcalcError: spatial axes are not kept apart; infinitely many lengths fit, as before an
            `AdaptivePool`; or 10,000 inputs are not enough.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2))
        >>> input_lengths(net, 12)
        (range(28, 30), range(28, 30))
    """
    search = Search(network, *asked(network, input_shape, "input_lengths"))
    shape = search.flat(fitting(search))
    axes = list(search.groups)
    wanted = as_axes(output, "input_lengths", "output", len(axes)) if axes else ()
    return tuple([lengths_of(search, shape, *one) for one in zip(axes, wanted, strict=True)])


def lengths_of(search: Search, shape: Shape, axis: int, wanted: int) -> Lengths:
    """The lengths of one axis that give an output length; the other axes are those of `shape`."""
    network, form = search.network, (*shape[:axis], None, *shape[axis + 1 :])
    line = Search(network, search.steps, search.split(form))
    far = 2 * LARGEST * line.period or line.far  # Far enough to tell whether the lengths end.
    line.longest = 2 * far
    usual = line.output((shape[axis],))

    def given(length: int) -> float:
        """The output for the first length from this one on that fits."""
        lengths = line.fit_from(length).lengths
        if not lengths:
            return inf
        output = line.output(lengths)
        moved = {at for at, one in enumerate(output) if one != usual[at]}
        if len(output) != len(form) or moved - {axis}:
            problem = "the network does not keep the spatial axes of its input"
            raise ParamcalcError(problem, layer=network)
        return output[axis]

    longest = given(far)
    if longest == wanted:
        problem = f"all longer inputs give {show(wanted)} too, so there is no last length"
        raise ParamcalcError(problem, layer=network)
    if longest < wanted:
        return range(0)
    length = first_from(shape[axis], lambda one: given(one) >= wanted)
    stop = min(first_from(length, lambda one: given(one) > wanted), LARGEST + 1)
    if not any(step.layer._has_gaps for step in search.steps):
        return range(length, max(stop, length))
    found: list[int] = []
    while length < stop:
        found += line.fit_from(length).lengths
        length = found[-1] + 1
    whole = range(found[0], length) if found else range(0)
    return whole if len(whole) == len(found) else tuple(found)


def same_padding(layer: Conv | Pool) -> int | Padding:
    """The padding that turns a length n into ⌈n/stride⌉.

    It has the form that the layer takes. A stride of 1 keeps lengths, 2 halves them.
    It is the smallest such padding, and for a convolution the only one. If the total is odd, the
    extra position is added after.

    Args:
        layer: a convolution or pooling; its own padding is ignored.

    Raises:
        TypeError: layer is neither.
        ConfigError: the layer cannot have that padding.

    Example:
        >>> import paramcalc as pc
        >>> same_padding(pc.Conv2d(3, 8, 5)), same_padding(pc.Conv2d(3, 8, 7, stride=2))
        ((2, 2), (3, 3))
        >>> same_padding(pc.Conv1d(3, 8, 4))
        ((1, 2),)
    """
    if not isinstance(layer, Conv | Pool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(wrong("same_padding", "layer", "be a convolution or pooling", layer))
    numbers = [spread(one, 1) for one in (layer.kernel_size, layer.stride, layer.dilation)]
    ceil_mode = isinstance(layer, Pool) and layer.ceil_mode
    pairs = [  # For the length that needs most padding.
        formulas.same_padding(stride if ceil_mode else 1, size, stride, dilation)
        for size, stride, dilation in zip(*numbers, strict=True)
    ]
    padding: Any = tuple(pairs)
    if isinstance(layer.kernel_size, int):  # For any number of axes.
        padding = pairs[0][0]
        if padding != pairs[0][1]:
            rule = "padding differs on the two sides, so give kernel_size as a tuple"
            raise ConfigError(f"{name_of(layer)}: {rule}, got {show(layer.kernel_size)}")
    return replace(layer, padding=padding).padding


def transposed_conv(conv: Conv1d | Conv2d | Conv3d, input_shape: Shape) -> ConvTranspose:
    """The transposed convolution that gives back a convolution's input shape.

    It has the same kernel, stride, padding, dilation and groups, and the channels swapped. Strided
    convolutions make several lengths the same; `output_padding`, which is
    `(n + 2p − d·(k − 1) − 1) mod s`, tells them apart.

    Args:
        conv: a convolution, not a deformable one.
        input_shape: the shape of its input. For the lengths of this input, padding "causal", and
            "same" where the stride does not divide a length, become pairs (before, after).

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: the input does not fit the convolution.

    Source:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationship 14,
        where it is a.

    Example:
        >>> import paramcalc as pc
        >>> conv = pc.Conv2d(3, 16, 3, stride=2, padding=1)
        >>> transposed_conv(conv, (3, 32, 32))
        ConvTranspose2d(16, 3, 3, stride=2, padding=1, output_padding=1)
        >>> transposed_conv(conv, (3, 31, 31))
        ConvTranspose2d(16, 3, 3, stride=2, padding=1)
    """
    if not isinstance(conv, Conv1d | Conv2d | Conv3d):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(wrong("transposed_conv", "conv", "be a convolution", conv))
    shape = as_shape(input_shape, conv)
    conv._shape(shape)
    channels, lengths = conv._split(shape)
    sizes, strides, dilations = conv.kernel_size, conv.stride, conv.dilation
    reaches = list(map(formulas.dilated_kernel_size, sizes, dilations))
    padding: Any = conv.padding
    if padding == "causal":
        padding = [(reach - 1, 0) for reach in reaches]
    elif padding == "same" and any(map(mod, lengths, strides)):
        padding = list(map(formulas.same_padding, lengths, sizes, strides, dilations))
    more: Any = 0
    if padding != "same":
        sides = map(sum, as_pairs(padding, len(lengths)))
        rooms = [n + both - reach for n, both, reach in zip(lengths, sides, reaches, strict=True)]
        more = tuple(map(mod, rooms, strides))
    kind = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)[len(lengths) - 1]
    windows = sizes, strides, padding, more, conv.groups, conv.bias, dilations
    return kind(conv.out_channels, channels, *windows, data_format=conv.data_format)
