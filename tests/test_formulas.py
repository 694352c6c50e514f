"""Every formula against counting where it is small, and its defining property where it is large."""

from __future__ import annotations

from itertools import product
from math import prod

import oracle
import pytest
from hypothesis import given, strategies as st

from paramcalc import formulas

HUGE = st.integers(1, 10**30)
KERNELS = range(1, 6)
STRIDES = range(1, 5)
SIDES = range(3)
DILATIONS = range(1, 4)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("length", range(1, 13))
def test_window_length_counts_the_windows(length: int, ceil_mode: bool) -> None:
    for kernel_size, stride, before, after, dilation in product(
        KERNELS, STRIDES, SIDES, SIDES, DILATIONS
    ):
        if ceil_mode and 2 * max(before, after) > kernel_size:
            continue  # No pooling has it, and only poolings have ceil_mode.
        expected = oracle.windows(
            length, kernel_size, stride, (before, after), dilation, ceil_mode=ceil_mode
        )
        pair = formulas.window_length(
            length, kernel_size, stride, (before, after), dilation, ceil_mode
        )
        assert pair == len(expected)
        if before == after:
            both = formulas.window_length(length, kernel_size, stride, before, dilation, ceil_mode)
            assert both == len(expected)


@given(HUGE, HUGE, HUGE, st.integers(0, 10**30), st.integers(0, 10**30), HUGE)
def test_last_window_fits_and_one_more_would_not(
    length: int, kernel_size: int, stride: int, before: int, after: int, dilation: int
) -> None:
    number = formulas.window_length(length, kernel_size, stride, (before, after), dilation)
    reach = (kernel_size - 1) * dilation  # From the first tap to the last.
    last_place = before + length + after - 1
    assert number * stride + reach > last_place
    assert number == 0 or (number - 1) * stride + reach <= last_place


@given(HUGE, HUGE, HUGE, st.integers(0, 10**30), HUGE)
def test_last_window_with_ceil_mode_sticks_out_by_less_than_a_stride(
    length: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> None:
    padding %= kernel_size // 2 + 1  # As poolings have it.
    number = formulas.window_length(length, kernel_size, stride, padding, dilation, ceil_mode=True)
    reach = (kernel_size - 1) * dilation
    last_place = length + 2 * padding - 1
    next_start = number * stride
    assert next_start + reach >= last_place + stride or next_start >= length + padding
    if number:
        start = (number - 1) * stride
        assert start + reach < last_place + stride
        assert start < length + padding


@pytest.mark.parametrize("length", range(1, 20))
def test_same_keeps_every_stride_th_position_with_the_least_padding(length: int) -> None:
    for kernel_size, stride, dilation in product(range(1, 7), range(1, 7), DILATIONS):
        kept = len(oracle.same_starts(length, stride))
        before, after = formulas.same_padding(length, kernel_size, stride, dilation)
        assert formulas.same_length(length, stride) == kept
        assert before + after == oracle.least_padding(length, kernel_size, stride, dilation)
        assert after - before in (0, 1)
        padded = formulas.window_length(length, kernel_size, stride, (before, after), dilation)
        assert padded == kept


@given(HUGE, HUGE)
def test_same_length_is_the_least_that_covers(length: int, stride: int) -> None:
    number = formulas.same_length(length, stride)
    assert (number - 1) * stride < length <= number * stride


@pytest.mark.parametrize("kernel_size", range(1, 6))
def test_dilated_kernel_size_reaches_from_the_first_tap_to_the_last(kernel_size: int) -> None:
    for dilation in DILATIONS:
        taps = [tap * dilation for tap in range(kernel_size)]
        reach = formulas.dilated_kernel_size(kernel_size, dilation)
        assert reach == len(range(taps[0], taps[-1] + 1))


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [(1,), (3,), (2, 3), (3, 3), (1, 2, 3)])
def test_conv_params_counts_the_weights(kernel_size: tuple[int, ...], groups: int) -> None:
    for in_parts, out_parts in product(range(1, 4), repeat=2):
        channels = in_parts * groups, out_parts * groups
        weights = len(oracle.conv_weights(*channels, kernel_size, groups))
        assert formulas.conv_params(*channels, kernel_size, groups, bias=False) == weights
        assert formulas.conv_params(*channels, kernel_size, groups) == weights + channels[1]
        macs = formulas.conv_macs(*channels, kernel_size, (4, 5), groups)
        assert macs == sum(weights for _ in product(range(4), range(5)))


@given(HUGE, HUGE, st.lists(HUGE, min_size=1, max_size=3), HUGE)
def test_conv_params_of_huge_layers_is_the_size_of_its_tensor(
    in_part: int, out_part: int, kernel_size: list[int], groups: int
) -> None:
    in_channels, out_channels = in_part * groups, out_part * groups
    size = prod([out_channels, in_part, *kernel_size])
    assert formulas.conv_params(in_channels, out_channels, kernel_size, groups, bias=False) == size
    assert (
        formulas.conv_params(in_channels, out_channels, kernel_size, groups) - size == out_channels
    )


@pytest.mark.parametrize("in_features", range(1, 6))
def test_dense_counts_the_connections(in_features: int) -> None:
    for out_features in range(1, 6):
        connections = list(product(range(in_features), range(out_features)))
        weights = len(connections)
        assert formulas.dense_params(in_features, out_features, bias=False) == weights
        assert formulas.dense_params(in_features, out_features) == weights + out_features
        assert formulas.dense_macs(in_features, out_features) == weights
        assert formulas.dense_macs(in_features, out_features, 7) == sum([weights] * 7)


@given(HUGE, HUGE)
def test_a_dense_layer_is_a_convolution_of_size_1(in_features: int, out_features: int) -> None:
    for bias in (True, False):
        dense = formulas.dense_params(in_features, out_features, bias)
        assert dense == formulas.conv_params(in_features, out_features, (1,), bias=bias)


def test_a_locally_connected_layer_has_a_convolution_at_each_position() -> None:
    for channels, filters, bias in product((1, 2, 3), (1, 4), (True, False)):
        each = [*oracle.conv_weights(channels, filters, (2, 3), 1), *range(filters * bias)]
        positions = [*product(range(3), range(4))]
        count = formulas.locally_connected_params(channels, filters, (2, 3), (3, 4), bias)
        assert count == len([*product(positions, each)])


def test_a_normalization_has_a_scale_and_a_shift_for_each_channel() -> None:
    for channels in range(1, 6):
        trained = [(channel, what) for channel in range(channels) for what in ("scale", "shift")]
        assert formulas.norm_params(channels) == len(trained)
        scales = [one for one in trained if one[1] == "scale"]
        assert formulas.norm_params(channels, bias=False) == len(scales)
        assert formulas.norm_params(channels, scale=False) == len(trained) - len(scales)
        assert formulas.norm_params(channels, bias=False, scale=False) == 0


@given(HUGE, HUGE, HUGE)
def test_scaled_length_is_the_most_that_the_ratio_covers(
    length: int, over: int, under: int
) -> None:
    count = formulas.scaled_length(length, over, under)
    assert count * under <= length * over < (count + 1) * under


@pytest.mark.parametrize("length", range(1, 7))
def test_transposed_length_counts_the_positions(length: int) -> None:
    for kernel_size, stride, before, after, more, dilation in product(
        KERNELS, STRIDES, range(4), range(4), range(3), DILATIONS
    ):
        sizes = (length, kernel_size, stride, (before, after), more, dilation)
        positions = oracle.scattered(*sizes)
        assert formulas.transposed_length(*sizes) == len(positions)
        if before == after:
            both = formulas.transposed_length(length, kernel_size, stride, before, more, dilation)
            assert both == len(positions)


@given(HUGE, HUGE, HUGE, st.integers(0, 10**30), HUGE, st.integers(0, 10**30))
def test_a_transposed_convolution_undoes_a_convolution(
    length: int, kernel_size: int, stride: int, padding: int, dilation: int, more: int
) -> None:
    more %= stride
    longer = formulas.transposed_length(length, kernel_size, stride, padding, more, dilation)
    if longer > more:
        assert formulas.window_length(longer, kernel_size, stride, padding, dilation) == length


def test_center_cropping_keeps_what_torchvision_keeps() -> None:
    """The positions of `center_crop` of torchvision 0.21 on a tensor 1, 2 and so on."""
    kept = {
        (2, 1): "1",
        (3, 1): "2",
        (3, 2): "12",
        (4, 1): "3",
        (5, 2): "34",
        (6, 1): "3",
        (7, 2): "34",
        (7, 4): "3456",
        (9, 2): "56",
        (4, 4): "1234",
        (1, 2): "10",
        (2, 4): "0120",
        (2, 5): "01200",
        (1, 4): "0100",
    }
    for (length, size), positions in kept.items():
        before, after = formulas.center_cropping(length, size)
        axis = "0" * -before + "123456789"[:length] + "0" * -after
        assert axis[max(before, 0) : len(axis) - max(after, 0)] == positions


def test_center_cropping_takes_half_from_each_side() -> None:
    for length, size in product(range(1, 40), repeat=2):
        before, after = formulas.center_cropping(length, size)
        assert before + after == length - size
        assert abs(before - after) <= 1
        if length > size:
            assert before == round((length - size) / 2)  # Halves to the even number.


def test_slice_length_counts_the_positions_that_python_keeps() -> None:
    for length, start, stop in product(range(1, 9), range(-11, 12), [None, *range(-11, 12)]):
        if start >= 0 or stop is None or stop < 0:
            assert formulas.slice_length(length, start, stop) == len([*range(length)][start:stop])


def test_an_embedding_has_a_vector_for_each_entry() -> None:
    for entries, features in product(range(1, 6), repeat=2):
        table = [[0] * features for _ in range(entries)]
        assert formulas.embedding_params(entries, features) == sum(map(len, table))


@pytest.mark.parametrize("gates", [1, 3, 4])
def test_recurrent_params_counts_what_units_learn(gates: int) -> None:
    for features, units, biases, projected in product(range(1, 4), range(1, 5), range(3), range(4)):
        if projected < units:
            trained = oracle.recurrent_weights(features, units, gates, biases, projected)
            sizes = features, units, gates
            assert formulas.recurrent_params(*sizes, biases, projected) == len(trained)
            weights = [one for one in trained if "bias" not in str(one[-1])]
            macs = formulas.recurrent_macs(7, *sizes, projected)
            assert macs == sum(len(weights) for _ in range(7))


def test_attention_counts_weights_and_products() -> None:
    for features, kdim, vdim, length in product([2, 4, 6], [1, 3], [2, 5], [1, 4]):
        dims = features, kdim, vdim
        tensors = [(features, size) for size in (features, kdim, vdim, features)]
        weights = sum(rows * columns for rows, columns in tensors)
        assert formulas.attention_params(*dims, bias=False) == weights
        assert formulas.attention_params(*dims) == weights + sum(rows for rows, _ in tensors)
        more = formulas.attention_params(*dims, bias_kv=True) - formulas.attention_params(*dims)
        assert more == len(["key", "value"]) * features
        for bias_kv, heads in product([False, True], [1, 2]):
            products = oracle.attention_products(length, heads, *dims, bias_kv=bias_kv)
            assert formulas.attention_macs(length, *dims, bias_kv) == products


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_grouped_attention_counts_weights_and_products(groups: int) -> None:
    dims = product([2, 5], [1, 3], [4], [groups, 2 * groups], [groups], [1, 3], [2, 3])
    for sizes in dims:
        weights = oracle.projections(*sizes)
        assert formulas.grouped_attention_params(*sizes, bias=False) == sum(
            map(len, weights.values())
        )
        biases = sum([len({column for _, column in one}) for one in weights.values()])
        without = formulas.grouped_attention_params(*sizes, bias=False)
        assert formulas.grouped_attention_params(*sizes) == without + biases
        for length, keys in product([1, 4], [None, 1, 3]):
            products = oracle.grouped_products((length, keys or length), sizes)
            assert formulas.grouped_attention_macs(length, *sizes, keys) == products


def test_grouped_attention_of_equal_heads_is_the_usual_one() -> None:
    for heads, size, kdim, vdim in product([1, 2, 3], [1, 4], [2, 5], [3, 7]):
        dims, sizes = (heads * size, kdim, vdim), (heads, heads, size, size)
        for bias in (True, False):
            usual = formulas.attention_params(*dims, bias)
            assert formulas.grouped_attention_params(*dims, *sizes, bias) == usual
        for keys in (None, 1, 6):
            usual = formulas.attention_macs(5, *dims, key_length=keys)
            assert formulas.grouped_attention_macs(5, *dims, *sizes, keys) == usual
        assert formulas.attention_macs(5, *dims, key_length=5) == formulas.attention_macs(5, *dims)
        more = formulas.attention_macs(5, *dims, True, 6) - formulas.attention_macs(
            5, *dims, False, 6
        )
        assert more == 2 * 5 * heads * size


def test_arguments_left_out_of_formulas_are_the_plain_case() -> None:
    assert formulas.dilated_kernel_size(3) == 3
    assert formulas.window_length(28, 5) == 24
    assert formulas.same_length(33) == 33
    assert formulas.same_padding(32, 3) == (1, 1)
    assert formulas.transposed_length(24, 5) == 28
    assert formulas.conv_macs(3, 64, (3, 3), (224, 224)) == 86_704_128  # Of torchvision's VGG.
    trained = oracle.recurrent_weights(3, 5, gates=1, biases=2, proj_size=0)
    assert formulas.recurrent_params(3, 5) == len(trained)
    weights = oracle.recurrent_weights(3, 5, gates=1, biases=0, proj_size=0)
    assert formulas.recurrent_macs(7, 3, 5) == sum(len(weights) for _ in range(7))
