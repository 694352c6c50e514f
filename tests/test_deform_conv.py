"""Deformable convolutions, against torchvision 0.28 with torch 2.13 on CPU."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.results import Convention


def made(conv: pc.DeformConv2d, shape: pc.Shape, *more: int) -> pc.Graph:
    """The convolution, with offsets of a convolution, and a mask; of as many channels as given."""
    x = pc.Input(*shape)(name="x")
    window: Any = conv.kernel_size, conv.stride, conv.padding, conv.dilation
    others = [pc.Conv2d(None, number, *window)(x) for number in more]
    return pc.Graph(x, conv(x, *others, name="deform"))


@pytest.mark.parametrize(
    ("conv", "shape", "more", "output", "tensors"),
    [
        (pc.DeformConv2d(4, 6, 3, 1, 1), (4, 9, 9), (18,), (6, 9, 9), [(6, 4, 3, 3), (6,)]),
        (
            pc.DeformConv2d(4, 6, (3, 2), 2, (1, 0), 1, 2),
            (4, 9, 8),
            (24, 12),
            (6, 5, 4),
            [(6, 2, 3, 2), (6,)],
        ),
        (
            pc.DeformConv2d(6, 3, 3, 1, 2, 2, 3),
            (6, 7, 9),
            (54, 27),
            (3, 7, 9),
            [(3, 2, 3, 3), (3,)],
        ),
    ],
)
def test_shapes_and_tensors_are_those_of_torchvision(
    conv: pc.DeformConv2d,
    shape: pc.Shape,
    more: tuple[int, ...],
    output: pc.Shape,
    tensors: list[pc.Shape],
) -> None:
    net = made(conv, shape, *more)
    assert net.output_shape() == output
    assert [one.shape for one in conv.parameters()] == tensors
    plain = pc.Conv2d(**{name: getattr(conv, name) for name in conv._specs})  # pyright: ignore[reportPrivateUsage]
    assert conv.num_params() == plain.num_params()
    step = pc.trace(net)[-1]
    assert (step.num_params, step.num_macs) == (plain.num_params(), plain.num_macs(shape))


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ((18,), True),
        ((36,), True),
        ((72,), True),
        ((54,), False),  # 3 groups of 4 channels.
        ((17,), False),
        ((18, 9), True),
        ((18, 18), False),
        ((36, 18), True),
        ((36, 9), False),
    ],
)
def test_offsets_and_masks_fit_where_torchvision_takes_them(
    more: tuple[int, ...], fits: bool
) -> None:
    conv = pc.DeformConv2d(4, 6, 3, padding=1)
    if fits:
        assert made(conv, (4, 9, 9), *more).output_shape() == (6, 9, 9)
    else:
        with pytest.raises(pc.ShapeError):
            made(conv, (4, 9, 9), *more)


def test_words_of_refusals() -> None:
    conv, x = pc.DeformConv2d(4, 6, 3), pc.Input(4, 9, 9)()
    offset = pc.Conv2d(4, 18, 3)(x)
    cases: dict[str, Callable[[], object]] = {
        "DeformConv2d: offsets must be (18·g, 7, 7) where g divides the 4 input channels, "
        "got shape (18, 9, 9)": lambda: conv(x, pc.Conv2d(4, 18, 3, padding=1)(x)),
        "DeformConv2d: a mask must be (9, 7, 7), got shape (18, 7, 7)": lambda: conv(
            x, offset, offset
        ),
        "DeformConv2d: takes several inputs: call it on tensors of a Graph": (
            lambda: conv.output_shape((4, 9, 9))
        ),
        "DeformConv2d: is called on 2 to 3 tensors, got 1": lambda: conv(x),
    }
    for words, call in cases.items():
        with pytest.raises(pc.ParamcalcError) as caught:
            call()
        assert str(caught.value) == words


def test_every_verb() -> None:
    net = made(pc.DeformConv2d(4, 6, 3, padding=1), (4, 9, 9), 18, 9)
    for verb in (pc.summary, pc.explain, pc.memory, pc.trace, pc.diagram):
        assert "deform" in str(verb(net)).lower() or verb is pc.memory
    # An offset may lead anywhere: the whole image is seen.
    assert pc.receptive_field(net).size == (None, None)
    assert pc.smallest_input(net) == (4, 1, 1)
    assert net == pickle.loads(pickle.dumps(net))
    sizes: dict[Convention, int] = {
        "torchvision": 0,
        "fvcore": 0,
        "torchinfo": (4 * 9 + 1) * 6 * 81,
        "tensorflow": 0,
    }
    for tool, size in sizes.items():
        assert pc.flops(net, convention=tool).rows[-1].num_ops == size


def test_channels_last() -> None:
    conv = pc.DeformConv2d(4, 6, 3, data_format="channels_last")
    x, offset = pc.Input(9, 8, 4)(), pc.Input(7, 6, 18)()
    assert conv(x, offset).shape == (7, 6, 6)
