"""Convolutional LSTMs: their counts, and what they see, followed from position to position."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import oracle
import pytest

import paramcalc as pc
from paramcalc import formulas

SEQUENCES: dict[str, Any] = {"return_sequences": True}


def test_tensors_are_those_of_two_convolutions_to_four_gates() -> None:
    layer = pc.ConvLSTM2d(3, 5, (3, 2), 2, 1)
    names = [(one.name, one.shape) for one in layer.parameters()]
    assert names == [
        ("weight_ih", (20, 3, 3, 2)),
        ("weight_hh", (20, 5, 3, 2)),
        ("bias_ih", (20,)),
    ]
    inputs, outputs = pc.Conv2d(3, 20, (3, 2), 2, 1), pc.Conv2d(5, 20, (3, 2), bias=False)
    assert layer.num_params() == inputs.num_params() + outputs.num_params() == 980
    assert pc.ConvLSTM2d(3, 5, (3, 2), bias=False).num_params() == 960


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_counts_are_those_of_a_convolution_of_the_input_and_one_of_the_output(rank: int) -> None:
    kind: Any = getattr(pc, f"ConvLSTM{rank}d")
    conv: Any = getattr(pc, f"Conv{rank}d")
    windows: list[Any] = [((3, 2, 4)[:rank], (2, 1, 3)[:rank], 1, 1), (3, 1, "same", 2)]
    for (size, step, padding, dilation), bias in product(windows, (True, False)):
        for data_format in ("channels_first", "channels_last"):
            options = {"bias": bias, "data_format": data_format}
            layer = kind(3, 5, size, step, padding, dilation, **options)
            inputs = conv(3, 20, size, step, padding, dilation, **options)
            outputs = conv(5, 20, size, padding="same", bias=False, data_format=data_format)
            lengths = (8, 9, 7)[:rank]
            last = data_format == "channels_last"
            image = (*lengths, 3) if last else (3, *lengths)
            gates = inputs.output_shape(image)
            frame = (*gates[:-1], 5) if last else (5, *gates[1:])
            assert layer.output_shape((4, *image)) == frame
            every = kind(3, 5, size, step, padding, dilation, **options, **SEQUENCES)
            assert every.output_shape((4, *image)) == (4, *frame)
            for one in (layer, every):
                assert one.num_params() == inputs.num_params() + outputs.num_params()
                macs = inputs.num_macs(image) + outputs.num_macs(frame)
                assert one.num_macs((4, *image)) == 4 * macs


def test_formulas_count_the_weights_of_each_gate() -> None:
    for channels, filters, taps in product(range(1, 4), range(1, 4), [(1,), (3, 2), (2, 2, 2)]):
        filter_of = [*product(range(channels + filters), *map(range, taps))]
        weights = [*product(range(4), range(filters), filter_of)]
        sizes = channels, filters, taps
        assert formulas.conv_lstm_params(*sizes, bias=False) == len(weights)
        assert formulas.conv_lstm_params(*sizes) == len(weights) + 4 * filters
        assert formulas.conv_lstm_macs(5, *sizes, (6, 7)) == len(weights) * 5 * 6 * 7


def seen(layer: Any, length: int, times: int) -> list[set[int]]:
    """The positions of one axis that each output position sees after so many in time."""
    sides = oracle.sides(layer.padding if layer.padding == "same" else layer.padding[0])
    numbers = layer.kernel_size[0], layer.stride[0], sides, layer.dilation[0]
    inputs = [set(one) & set(range(length)) for one in oracle.windows(length, *numbers)]
    again = oracle.windows(len(inputs), layer.kernel_size[0], 1, "same", 1)
    found = inputs
    for _ in range(times - 1):
        before = found
        places = range(len(inputs))
        found = [
            inputs[place].union(*[before[one] for one in again[place] if one in places])
            for place in places
        ]
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_an_output_sees_further_with_each_position_in_time(size: int, times: int) -> None:
    windows: list[Any] = [(1, 0, 1), (2, "same", 1), (1, 2, 2), (3, ((1, 0),), 1), (5, 0, 1)]
    for (step, padding, dilation), last in product(windows, (False, True)):
        layer = pc.ConvLSTM1d(2, 3, size, step, padding, dilation, return_sequences=last)
        length = 23
        field = pc.receptive_field(layer, (times, 2, length))
        found = seen(layer, length, times)
        assert layer.output_shape((times, 2, length))[-1] == len(found)
        covered = set[int]().union(*found)
        for at, positions in enumerate(found):
            time, ends = field.interval((0, at), clipped=True)
            assert time == (0, times - 1)
            first, last_seen = ends or (0, -1)
            # What no window reaches is left out; one window cannot say so.
            within = [one for one in range(first, last_seen + 1) if one in covered]
            assert [*within[:1], *within[-1:]] == [*sorted(positions)[:1], *sorted(positions)[-1:]]
        assert field.axes == ("time", "length")
        assert field.size[0] is None


def test_without_a_size_along_an_axis_the_time_does_not_matter() -> None:
    assert pc.receptive_field(pc.ConvLSTM2d(3, 4, 1)).size == (None, 1, 1)
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.ConvLSTM2d(3, 4, (1, 2)))
    assert str(caught.value) == (
        "ConvLSTM2d: the receptive field depends on the input: "
        "give input_shape or start with Input(...)"
    )
    frames = pc.Sequential(pc.TimeDistributed(pc.Pool(2)), pc.ConvLSTM2d(3, 4, (3, 1)))
    assert pc.receptive_field(frames, (2, 3, 16, 16)).size == (None, 10, 2)


@pytest.mark.parametrize("around", [pc.Sequential, pc.Frozen, partial(pc.Shared, "s")])
def test_uncovered_are_those_that_no_convolution_of_the_input_reads(around: Any) -> None:
    layer = around(pc.ConvLSTM2d(3, 4, 2, stride=(3, 1)))
    (step,) = pc.trace(layer, (5, 3, 12, 8))
    (conv,) = pc.trace(pc.Conv2d(3, 4, 2, stride=(3, 1)), (3, 12, 8))
    assert conv.num_uncovered == (4, 0)
    assert step.num_uncovered == (0, 4, 0)
    (each,) = pc.trace(pc.TimeDistributed(layer), (2, 5, 3, 12, 8))
    assert each.num_uncovered == (0, 0, 4, 0)


def test_costs_of_the_tools() -> None:
    # TensorFlow 2.21.0 with Keras 3.15.1, of one image alone, without the recurrent convolution.
    image: dict[str, Any] = {"data_format": "channels_last"}
    figures: list[tuple[Any, pc.Shape, int]] = [
        (pc.ConvLSTM2d(3, 6, 3, **image), (4, 9, 11, 3), 83160),
        (pc.ConvLSTM2d(3, 6, 3, **image), (7, 9, 11, 3), 83160),
        (pc.ConvLSTM2d(3, 6, 3, bias=False, **image), (4, 9, 11, 3), 81648),
        (pc.ConvLSTM2d(3, 6, 3, padding="same", **image), (4, 9, 11, 3), 130680),
        (pc.ConvLSTM2d(3, 6, 3, stride=2, **image), (4, 9, 11, 3), 26400),
        (pc.ConvLSTM2d(3, 6, 3, dilation=2, **image), (4, 9, 11, 3), 63048),
        (pc.ConvLSTM2d(3, 5, (3, 2), padding="same", **SEQUENCES, **image), (4, 9, 11, 3), 73260),
        (pc.ConvLSTM1d(3, 5, 3, **image), (4, 9, 3), 2660),
        (pc.ConvLSTM3d(3, 5, 2, **image), (4, 5, 6, 7, 3), 117600),
    ]
    for layer, shape, figure in figures:
        assert pc.flops(layer, shape, convention="tensorflow").num_flops == figure
        for tool in ("torchvision", "fvcore"):
            assert pc.flops(layer, shape, convention=tool).num_flops == layer.num_macs(shape)
    for options in (dict[str, Any](), SEQUENCES):
        layer = pc.ConvLSTM2d(3, 5, 3, **options)
        inputs, outputs = pc.Conv2d(3, 20, 3), pc.Conv2d(5, 20, 3, padding=1, bias=False)
        each = [((3, 9, 11), inputs), ((5, 7, 9), outputs)]
        costs = [pc.flops(one, shape, convention="torchinfo").num_flops for shape, one in each]
        found = pc.flops(layer, (4, 3, 9, 11), convention="torchinfo").num_flops
        assert found == 4 * sum(costs)


def test_working_has_the_time() -> None:
    (part,) = pc.explain(pc.ConvLSTM2d(3, 5, 3, **SEQUENCES), (4, 3, 9, 11)).parts
    assert [line.label for line in part.lengths] == ["time", "channels", "height", "width"]
    assert str(part.lines[-1]) == (
        "4·T·H_out·W_out·k_h·k_w·(C_in + C_out)·C_out = 4·4·7·9·3·3·(3 + 5)·5 = 362,880"
    )
    (last,) = pc.explain(pc.ConvLSTM2d(3, 5, 3), (4, 3, 9, 11)).parts
    assert [line.label for line in last.lengths] == ["channels", "height", "width"]
    assert last.num_macs == part.num_macs
    net = pc.Sequential(pc.ConvLSTM2d(1, 5, 3), pc.Flatten())
    assert str(pc.explain(net, (4, 1, 9, 11)).parts[1].lengths[0]) == "C·H·W = 5·7·9 = 315"


def test_smallest_input_has_one_position_in_time() -> None:
    net = pc.Sequential(pc.ConvLSTM2d(1, 8, 5), pc.Pool(2))
    assert pc.smallest_input(net) == (1, 1, 6, 6)
    last = pc.ConvLSTM1d(2, 3, 3, data_format="channels_last")
    assert pc.smallest_input(last) == (1, 3, 2)
    every = pc.ConvLSTM2d(1, 8, 5, **SEQUENCES)
    assert pc.input_lengths(every, (3, 4, 5)) == (range(3, 4), range(8, 9), range(9, 10))


WORDS: list[tuple[pc.Shape, dict[str, Any], str]] = [
    (
        (3, 8, 8),
        {},
        "ConvLSTM2d: expects (time, channels, height, width), got shape (3, 8, 8)",
    ),
    (
        (2, 5, 3, 8, 8),
        {},
        (
            "ConvLSTM2d: expects (time, channels, height, width), got shape (2, 5, 3, 8, 8); "
            "leave out the batch axis, or wrap the layer in TimeDistributed"
        ),
    ),
    (
        (5, 4, 8, 8),
        {},
        "ConvLSTM2d: expects 3 input channels, got 4 in shape (5, 4, 8, 8)",
    ),
    (
        (5, 8, 8, 3),
        {},
        (
            "ConvLSTM2d: expects 3 input channels, got 8 in shape (5, 8, 8, 3); "
            'data_format="channels_last" would fit'
        ),
    ),
    (
        (3, 8, 8, 8),
        {"data_format": "channels_last"},
        "ConvLSTM2d: expects 3 input channels, got 8 in shape (3, 8, 8, 8)",
    ),
    (
        (5, 3, 8, 2),
        {},
        "ConvLSTM2d: a window of 3 does not fit width 2 (padding 0)",
    ),
]


@pytest.mark.parametrize(("shape", "options", "words"), WORDS)
def test_words(shape: pc.Shape, options: Any, words: str) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.ConvLSTM2d(3, 4, 3, **options).output_shape(shape)
    assert str(caught.value) == words
    assert caught.value.input_shape == shape


def test_notes_tell_time_from_channels() -> None:
    every = pc.ConvLSTM2d(1, 8, 3, **SEQUENCES)
    (note,) = pc.explain(pc.Sequential(every, pc.BatchNorm()), (5, 1, 20, 20)).notes
    assert note == (
        "[1] BatchNorm: takes 5 of shape (5, 8, 18, 18) for the channels, not those after the time"
    )
    (note,) = pc.explain(pc.Sequential(every, pc.Dense(None, 3)), (5, 1, 20, 20)).notes
    assert note.startswith("[1] Dense: works on the last axis alone")
    each = pc.Sequential(every, pc.TimeDistributed(pc.BatchNorm()), pc.ConvLSTM2d(8, 4, 3))
    assert not pc.explain(each, (5, 1, 20, 20)).notes
    last = pc.Sequential(every, pc.BatchNorm(), data_format="channels_last")
    assert not pc.explain(last, (5, 20, 20, 1)).notes
    (note,) = pc.explain(pc.ConvLSTM2d(None, 4, 3), (10, 32, 32, 3)).notes
    assert note == (
        "ConvLSTM2d: takes 32 of shape (32, 32, 3) for the channels; "
        'data_format="channels_last" takes 3'
    )
