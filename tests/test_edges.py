"""What happens at the edges: every row of the table of what torch 2.13.0 and Keras 3.15.1 do."""

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc

try:
    import numpy as np
except ImportError:  # Not needed, but where it is, its ints and floats are tried.
    numpy_ints: list[Any] = []
    numpy_others: list[Any] = []
else:
    numpy_ints = [np.int64(3), np.uint8(3), np.array(3)]
    numpy_others = [np.float64(3), np.bool_(True), np.array([3])]


class Index:
    """An int of another library."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


def conv(*args: Any, **kwargs: Any) -> pc.Conv1d:
    return pc.Conv1d(*args, **kwargs)


def length(layer: pc.Layer, n: int) -> int:
    """The length that comes out of a layer on one channel."""
    return layer.output_shape((1, n))[1]


def test_same_padding_of_a_strided_conv_keeps_the_ceiling_of_length_by_stride() -> None:
    assert length(conv(1, 1, 3, stride=2, padding="same"), 32) == 16
    assert length(conv(1, 1, 3, stride=2, padding="same"), 33) == 17


def test_same_padding_of_an_even_kernel_keeps_the_length() -> None:
    assert length(conv(1, 1, 4, padding="same"), 32) == 32


def test_kernel_longer_than_the_axis_is_refused() -> None:
    with pytest.raises(pc.ShapeError):
        length(conv(1, 1, 5), 4)


def test_padding_may_exceed_the_kernel_of_a_convolution() -> None:
    assert length(conv(1, 1, 3, padding=5), 4) == 12


@pytest.mark.parametrize(
    "fields",
    [{"padding": -1}, {"stride": 0}, {"dilation": 0}, {"kernel_size": 0}],
    ids=str,
)
def test_conv_field_out_of_range_is_refused_when_the_layer_is_made(fields: dict[str, int]) -> None:
    with pytest.raises(pc.ConfigError):
        conv(1, 1, **{"kernel_size": 3, **fields})


@pytest.mark.parametrize("kernel_size", [3.0, True, "3", None, Index(3.0), *numpy_others])
def test_kernel_size_that_is_no_int_is_a_type_error(kernel_size: Any) -> None:
    with pytest.raises(TypeError, match="Conv1d: kernel_size must be an int"):
        conv(1, 1, kernel_size)


@pytest.mark.parametrize("kernel_size", [Index(3), *numpy_ints])
def test_kernel_size_of_another_library_is_stored_as_an_int(kernel_size: Any) -> None:
    layer = conv(1, 1, kernel_size)
    assert layer.kernel_size == (3,)
    assert type(layer.kernel_size[0]) is int
    assert type(length(layer, kernel_size)) is int


def test_kernel_size_of_the_wrong_rank_is_refused() -> None:
    with pytest.raises(pc.ConfigError):
        pc.Conv2d(1, 1, (3, 3, 3))


def test_groups_must_divide_the_channels() -> None:
    with pytest.raises(pc.ConfigError):
        conv(4, 6, 3, groups=3)
    with pytest.raises(pc.ConfigError):
        conv(6, 4, 3, groups=3)
    with pytest.raises(pc.ShapeError):
        conv(None, 6, 3, groups=3).output_shape((4, 10))


def test_channels_must_be_at_least_1() -> None:
    with pytest.raises(pc.ConfigError):
        conv(0, 1, 3)
    with pytest.raises(pc.ConfigError):
        conv(1, 0, 3)


@pytest.mark.parametrize("layer", [conv(None, 1, 1), pc.Pool(1), pc.Dense(None, 1)], ids=str)
def test_input_with_an_axis_of_length_0_is_refused(layer: pc.Layer) -> None:
    for shape in [(1, 0), (0, 1)]:
        with pytest.raises(pc.ShapeError):
            layer.output_shape(shape)


def test_pool_of_2_on_length_5_with_each_kind_of_padding() -> None:
    assert length(pc.Pool(2), 5) == 2
    assert length(pc.Pool(2, ceil_mode=True), 5) == 3
    assert length(pc.Pool(2, padding="valid"), 5) == 2
    assert length(pc.Pool(2, padding="same"), 5) == 3


def test_ceil_mode_drops_a_window_that_starts_past_the_end() -> None:
    assert length(pc.Pool(2, stride=3, ceil_mode=True), 3) == 1
    assert length(pc.Pool(3, stride=4, padding=1, ceil_mode=True), 3) == 1
    assert length(pc.Pool(3, stride=4, padding=1, ceil_mode=True), 4) == 2


def test_ceil_mode_lets_a_window_stick_out_from_the_start() -> None:
    assert length(pc.Pool(5, ceil_mode=True), 4) == 1
    assert length(pc.Pool(5, padding="same"), 4) == 1


def test_pool_padding_is_at_most_half_the_window_dilated_or_not() -> None:
    with pytest.raises(pc.ConfigError):
        pc.Pool(3, padding=2)
    with pytest.raises(pc.ConfigError):
        pc.Pool(3, dilation=2, padding=2)


def test_average_pool_in_3_d_may_exceed_the_unpadded_input() -> None:
    pool = pc.Pool(4, padding=1, mode="avg")
    assert pool.output_shape((1, 2, 2, 2)) == (1, 1, 1, 1)


def test_batch_norm_has_2_learnable_values_for_each_channel_and_2_others() -> None:
    norm = pc.BatchNorm(7)
    assert norm.num_params() == 2 * 7
    assert sum(one.size for one in norm.parameters() if not one.trainable) == 2 * 7


def test_flatten_of_one_axis() -> None:
    assert pc.Flatten().output_shape((7,)) == (7,)


def test_dense_acts_on_the_last_axis() -> None:
    assert pc.Dense(4, 9).output_shape((3, 5, 4)) == (3, 5, 9)
