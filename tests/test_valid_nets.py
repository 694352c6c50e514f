"""Which sizes fit whole networks: random ones, published forms, and large ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, product
from typing import Any

import pytest
from drawn import below
from hypothesis import assume, given, settings, strategies as st
from strategies import networks_and_shapes
from test_inverse import passes
from test_scale import num_calls
from test_valid import level

import paramcalc as pc
from paramcalc.errors import show
from paramcalc.results import ValidInputs

# Random networks, against trying sizes.


def steps_between(near: Any, side: Any) -> dict[int, list[int]]:
    """By how much axes differ from those of a size that was found."""
    found: dict[int, list[int]] = {}
    for axis, (one, other) in enumerate(zip(near, side, strict=True)):
        if one != other:
            found.setdefault(other - one, []).append(axis)
    return found


def moved(near: Any, axes: list[int], by: int) -> pc.Shape:
    return tuple([one + by * (at in axes) for at, one in enumerate(near)])


def check_near(network: pc.Layer, near: pc.Shape, found: ValidInputs) -> None:
    """The size fits, those that were found do, and none between."""
    assert found.fits
    for side in filter(None, (found.smaller, found.larger)):
        assert isinstance(side, tuple)
        assert passes(network, side), (network, near, side)
        for by, axes in steps_between(near, side).items():
            sign = 1 if by > 0 else -1
            between = [moved(near, axes, one) for one in range(sign, by, sign)]
            assert not [one for one in between if passes(network, one)], (network, near, axes)


@given(networks_and_shapes())
def test_random_networks_near_an_input_that_fits(pair: tuple[pc.Layer, pc.Shape]) -> None:
    network, near = pair
    assume("Input(" not in repr(network))  # It refuses all other sizes.
    try:
        found = pc.valid_inputs(network, near)
    except pc.ParamcalcError as error:
        words = f"{show(near)} fits, but its lengths may depend on each other"
        assert words in str(error)  # noqa: PT017
        return
    check_near(network, near, found)


def pool(size: int, stride: int, padding: int, *, ceil_mode: bool) -> pc.Layer:
    return pc.Pool(size, stride, min(padding, size // 2), ceil_mode=ceil_mode)


def gate(size: int) -> pc.Layer:
    return pc.Add(pc.AdaptivePool(size), pc.Identity())


def crossing(size: int) -> pc.Layer:
    """Branches of which one grows faster."""
    return pc.Add(pc.Pad(size), pc.Upsample(scale_factor=2))


def upsample(size: int) -> pc.Layer:
    return pc.Upsample(scale_factor=size)


SIZES = st.integers(1, 4)
PIECES: dict[int, st.SearchStrategy[pc.Layer]] = {
    rank: st.one_of(
        st.builds(partial(kind, None, 2), SIZES, SIZES, below(4)),
        st.builds(partial(kind, None, 2), SIZES, SIZES, st.just("same")),
        st.builds(partial(transposed, None, 2), SIZES, SIZES),
        st.builds(pool, SIZES, SIZES, below(3), ceil_mode=st.booleans()),
        st.builds(level, SIZES, ceil_mode=st.booleans()),
        *[st.builds(one, SIZES) for one in (upsample, gate, crossing)],
        st.builds(pc.Pad, below(4)),
    )
    for rank, kind, transposed in [
        (1, pc.Conv1d, pc.ConvTranspose1d),
        (3, pc.Conv3d, pc.ConvTranspose3d),
    ]
}


@st.composite
def towers(draw: st.DrawFn, rank: int) -> pc.Layer:
    """Pieces in a row, of which some are made shorter and longer again around others."""
    inner: list[pc.Layer] = []
    for piece in draw(st.lists(PIECES[rank], min_size=1, max_size=4)):
        by = draw(below(4))
        inner.insert(0, piece)
        if by > 1:
            around = pc.Sequential(pc.Pool(by), *inner, pc.Upsample(scale_factor=by))
            inner = [pc.Concat(pc.Identity(), around)]
    return pc.Sequential(inner)


def check_all(network: pc.Layer, at: Callable[[int], pc.Shape], near: int, longest: int) -> None:
    """The length is found as it is among all those that pass."""
    passing = [n for n in range(1, longest) if passes(network, at(n))]
    try:
        found = pc.valid_inputs(network, at(near))
    except pc.ShapeError as error:
        assert not passing, network
        assert "no input fits" in str(error) or "no square input fits" in str(error)  # noqa: PT017
        return
    assert found.fits == (near in passing), network
    assert found.smaller == next((at(n) for n in reversed(passing) if n < near), None), network
    larger = next((at(n) for n in passing if n > near), None)
    if larger or not found.larger:
        assert found.larger == larger, network
    else:
        assert isinstance(found.larger, tuple)
        assert min(found.larger[1:]) >= longest
        assert passes(network, found.larger)
    for rule in filter(None, found.rules):
        far = [range(one, one + min(2 * rule.multiple, 60)) for one in (10**6, 10**12 + 7)]
        for n in chain(range(rule.start, longest), *far):
            assert (n in rule) == passes(network, at(n)), (network, rule, n)


@given(towers(1), st.integers(1, 60))
def test_random_towers(network: pc.Layer, near: int) -> None:
    check_all(network, lambda n: (2, n), near, 100)


@settings(max_examples=30)
@given(towers(3), st.integers(1, 30))
def test_random_towers_of_three_axes_in_either_format(network: pc.Layer, near: int) -> None:
    check_all(network, lambda n: (2, n, n, n), near, 50)
    last = pc.Sequential(pc.Conv3d(2, 2, 1, data_format="channels_last"), pc.Permute((3, 0, 1, 2)))
    both = pc.Sequential(last, network)
    one, other = [
        ask_or_none(net, shape)
        for net, shape in ((network, (2, near, near, near)), (both, (near, near, near, 2)))
    ]
    assert (one is None) == (other is None)
    if one and other:
        assert [turned(side) for side in (other.smaller, other.larger)] == [one.smaller, one.larger]
        assert (other.fits, other.rules, other.axes) == (one.fits, one.rules, one.axes)


def ask_or_none(network: pc.Layer, near: pc.Shape) -> ValidInputs | None:
    try:
        return pc.valid_inputs(network, near)
    except pc.ShapeError:
        return None


def turned(side: Any) -> Any:
    return side and (side[-1], *side[:-1])


# Forms that are published.


def unet_graph(levels: int, data_format: Any = "channels_first") -> pc.Graph:
    """A U-Net as a graph."""
    fields: Any = {"padding": 1, "data_format": data_format}
    dim = 2 if data_format == "channels_last" else 0
    x = pc.Input(3, 64, 64)(name="image") if not dim else pc.Input(64, 64, 3)(name="image")
    down: list[Any] = [x]
    for at in range(levels):
        down.append(pc.Conv2d(None, 8 << at, 3, stride=2, **fields)(down[-1]))
    end = down.pop()
    for skip in reversed(down):
        up = pc.ConvTranspose2d(None, 8, 2, 2, data_format=data_format)(end)
        end = pc.concat(up, skip, dim=dim)
    return pc.Graph(x, end)


def fpn(levels: int = 3) -> pc.Graph:
    """A feature pyramid: each level is the sum of its own map and the next, twice as large."""
    x = pc.Input(3, 64, 64)(name="image")
    stem = pc.Pool(3, 2, 1)(pc.Conv2d(3, 8, 7, 2, 3)(x))
    maps: list[Any] = [stem]
    for _ in range(levels):
        maps.append(pc.Conv2d(None, 8, 3, 2, 1)(maps[-1]))
    end = pc.Conv2d(None, 8, 1)(maps.pop())
    ends = [end]
    for one in reversed(maps):
        end = pc.Conv2d(None, 8, 1)(one) + pc.Upsample(scale_factor=2)(end)
        ends.append(end)
    return pc.Graph(x, ends)


@pytest.mark.parametrize("levels", range(1, 6))
def test_graphs_of_u_nets_take_multiples(levels: int) -> None:
    """A strided convolution rounds up, and twice that is the length again: if nothing is over."""
    size = 2**levels
    nets = (unet_graph(levels), 1), (unet_graph(levels, "channels_last"), 0)
    for (network, first), near in product(nets, (3 * size - 1, 3 * size, 3 * size + 1)):
        found = pc.valid_inputs(network, (3, near, near) if first else (near, near, 3))
        wanted = [one for one in range(near - size, near) if one % size == 0][-1]
        for side, length in (found.smaller, wanted), (found.larger, wanted + size):
            after = length + size if side is found.larger and length == near else length
            assert side == ((3, after, after) if first else (after, after, 3))
        (rule,) = found.rules
        assert str(rule) == f"multiples of {size}"


def has_outputs(network: pc.Graph, shape: pc.Shape) -> bool:
    try:
        network.output_shapes(shape)
    except pc.ShapeError:
        return False
    return True


@pytest.mark.parametrize("levels", range(1, 4))
def test_a_feature_pyramid_takes_what_trying_finds(levels: int) -> None:
    network = fpn(levels)
    size = 4 * 2**levels
    found = pc.valid_inputs(network, (3, 358, 358))
    passing = [n for n in range(size, 1000) if has_outputs(network, (3, n, n))]
    assert found.smaller == (3, *[max(n for n in passing if n < 358)] * 2)
    assert found.larger == (3, *[min(n for n in passing if n > 358)] * 2)
    (rule,) = found.rules
    assert rule
    assert rule.multiple == size
    assert [n for n in range(size, 1000) if n in rule] == passing
    with pytest.raises(pc.ShapeError) as caught:
        network.output_shapes({"image": (3, size + 1, size + 1)})
    sides = max([n for n in passing if n <= size]), min([n for n in passing if n > size + 1])
    hint = " and ".join([str((3, n, n)) for n in sides])
    assert str(caught.value).endswith(f"from input 2; {hint} fit: {rule}")


def test_volumes_and_channels_last() -> None:
    halves = [pc.Pool(2, data_format="channels_last") for _ in range(2)]
    doubles = [pc.Upsample(scale_factor=2, data_format="channels_last") for _ in range(2)]
    network = pc.Concat(pc.Identity(), pc.Sequential(*halves, *doubles), dim=-1)
    found = pc.valid_inputs(network, (10, 30, 41, 3))
    assert (found.smaller, found.larger) == ((8, 28, 40, 3), (12, 32, 44, 3))
    assert found.axes == ("depth", "height", "width")
    assert {*map(str, found.rules)} == {"multiples of 4"}
    assert pc.valid_inputs(network, (10, 30, 30, 3)).axes == ("depth", "height and width")
    with pytest.raises(pc.ShapeError) as caught:
        network.output_shape((12, 30, 32, 3))
    hint = "; (12, 28, 32, 3) and (12, 32, 32, 3) fit: multiples of 4"
    assert str(caught.value).endswith(hint)


def test_steps_in_time_stay() -> None:
    frames = pc.TimeDistributed(level(4))
    found = pc.valid_inputs(frames, (8, 3, 30, 30))
    assert (found.smaller, found.larger) == ((8, 3, 28, 28), (8, 3, 32, 32))
    assert found.axes == ("height and width",)
    hint = "; (30, 3, 28, 28) and (30, 3, 32, 32) fit: multiples of 4"
    with pytest.raises(pc.ShapeError) as caught:
        pc.summary(frames, (30, 3, 30, 30))
    assert str(caught.value).endswith(f"from [1]{hint}")
    with pytest.raises(pc.ShapeError) as caught:
        frames.output_shape((30, 3, 30, 30))
    assert str(caught.value).endswith("from [1]")
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(pc.Identity(), frames).output_shape((30, 3, 30, 30))
    assert str(caught.value).endswith(f"from [1]{hint}")
    found = pc.valid_inputs(pc.ConvLSTM2d(3, 8, 5, stride=2), (9, 3, 4, 9))
    assert (found.smaller, found.larger) == (None, (9, 3, 5, 9))
    assert found.axes == ("height", "width")


@pytest.mark.parametrize(
    "network",
    [
        pc.Concat(pc.Identity(), pc.Conv2d(3, 4, 3)),
        pc.Add(pc.Upsample(scale_factor=2), pc.Pad(((1, 0), (1, 0)))),
        pc.Sequential(pc.Pad(1), pc.Concat(level(2), pc.Conv2d(None, 3, 2))),
        pc.Graph({"x": (3, 9, 9)}, "y", {"y": (pc.Concat(pc.Identity(), pc.Pad(1)), "x")}),
    ],
)
def test_a_network_without_a_larger_size_says_so(network: pc.Layer) -> None:
    passing = [n for n in range(1, 100) if passes(network, (3, n, n))]
    if not passing:
        with pytest.raises(pc.ShapeError, match="no input fits"):
            pc.valid_inputs(network, (3, 10**6, 10**6))
    else:
        assert pc.valid_inputs(network, (3, 10**6, 10**6)).larger is None


# Bounds, as numbers of calls.


@pytest.mark.parametrize("near", [5, 358, 10**6, 10**6 + 1, 10**15])
def test_long_inputs_take_no_longer_than_short_ones(near: int) -> None:
    networks: list[pc.Layer] = [
        pc.zoo.vgg16(),
        pc.Sequential(pc.Conv2d(3, 4, 3, padding=1), level(2), level(4), level(8)),
        pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2), pc.Flatten(), pc.Dense(8 * 15 * 15, 10)),
        pc.Add(pc.CenterCrop(40), pc.Identity()),
        pc.Concat(pc.Identity(), pc.Conv2d(3, 4, 3)),
    ]
    for network in networks:
        assert num_calls(partial(pc.valid_inputs, network, (3, near, near))) < 100_000


def test_a_network_of_10_000_layers() -> None:
    long = [pc.Activation("relu")] * 10_000
    network = pc.Sequential(pc.Conv2d(3, 8, 3, padding=1), *long, level(16))
    found = pc.valid_inputs(network, (3, 358, 358))
    assert (found.smaller, found.larger) == ((3, 352, 352), (3, 368, 368))
    assert str(found.rules[0]) == "multiples of 16"
    assert num_calls(partial(pc.valid_inputs, network, (3, 358, 358))) < 100 * 10_000
    strided = [
        pc.Conv2d(16, 8, 1),
        *[pc.Conv2d(8, 8, 3, 2, 1)] * 8,
    ]  # 256 lengths to be tried, in vain for 10,000 layers.
    found = pc.valid_inputs(pc.Sequential(network, *strided), (3, 358, 358))
    assert (found.smaller, found.larger, found.rules) == ((3, 352, 352), (3, 368, 368), (None,))
    assert num_calls(partial(network.output_shape, (3, 358, 358))) < 100_000
