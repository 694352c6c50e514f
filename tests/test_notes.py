"""Notes on networks that are valid and likely not meant, and the data format of a network."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any, Final

import pytest
from layers import ROWS
from networks import ANSWER

import paramcalc as pc
from paramcalc import zoo

LAST: Final = "channels_last"
IMAGE = (3, 30, 30)


def notes(*layers: pc.Layer, shape: pc.Shape = IMAGE) -> tuple[str, ...]:
    network = pc.Sequential(layers)
    found = pc.summary(network, shape).notes
    assert pc.explain(network, shape).notes == found
    for note in found:
        assert note.split(":")[0] in str(pc.summary(network, shape))
    return found


def test_a_dense_layer_on_an_image() -> None:
    conv = pc.Conv2d(3, 16, 3)
    hint = "a Flatten() before it takes all axes"
    assert notes(conv, pc.Activation("relu"), pc.Dense(None, 10), pc.Dense(10, 5)) == (
        f"[2] Dense: works on the last axis alone, 28 positions of (16, 28, 28); {hint}",
    )
    hint = "Flatten() joins all axes, since there is no batch axis to keep"
    assert notes(conv, pc.Flatten(1), pc.Dense(None, 10)) == (
        f"[2] Dense: works on the last axis alone, 784 positions of (16, 784); {hint}",
    )
    assert notes(pc.Shared("s", pc.Sequential(conv, pc.Flatten(1), pc.Dense(None, 10)))) == (
        f"[0][2] Dense: works on the last axis alone, 784 positions of (16, 784); {hint}",
    )
    keras = pc.Conv2d(3, 16, 3, data_format=LAST)
    assert notes(keras, pc.Flatten(1), pc.Dense(None, 10), shape=(30, 30, 3)) == (
        f"[2] Dense: works on the last axis alone, 448 positions of (28, 448); {hint}",
    )
    assert (
        len(notes(pc.Input(3, 20, 20), pc.Flatten(1), pc.Dense(None, 10), shape=(3, 20, 20))) == 1
    )
    for layers in [
        (conv, pc.Flatten(), pc.Dense(None, 10)),
        (conv, pc.Permute((1, 2, 0)), pc.Dense(None, 10)),
        (conv, pc.GlobalPool(), pc.Dense(None, 10)),
        (pc.Dense(None, 10),),
    ]:
        assert notes(*layers) == ()
    last = pc.Sequential(pc.Conv2d(3, 16, 3), pc.Dense(None, 10), data_format=LAST)
    assert notes(last, shape=(30, 30, 3)) == ()


def test_an_image_with_its_channels_at_the_other_end() -> None:
    conv = pc.Conv2d(None, 32, 3)
    assert conv.num_params((224, 224, 3)) == 64_544
    assert conv.num_params((3, 224, 224)) == 896
    assert notes(conv, shape=(224, 224, 3)) == (
        (
            "[0] Conv2d: takes 224 of shape (224, 224, 3) for the channels; "
            'data_format="channels_last" takes 3'
        ),
    )
    assert notes(pc.Input(3, 224, 224), replace(conv, data_format=LAST), shape=(3, 224, 224)) == (
        (
            "[1] Conv2d: takes 224 of shape (3, 224, 224) for the channels; "
            'data_format="channels_first" takes 3'
        ),
    )
    for layer, shape in [
        (conv, (3, 224, 224)),
        (pc.Conv2d(224, 32, 3), (224, 224, 3)),  # It was said.
        (pc.Conv2d(None, 32, 1), (512, 4, 3)),
        (pc.Conv1d(None, 32, 3), (20, 3)),
        (pc.Pool(2), (224, 224, 3)),
        (pc.Conv2d(None, 64, (3, 1)), (40, 100, 1)),  # Speech: a width of 1.
    ]:
        assert notes(layer, shape=shape) == ()


def test_a_layer_of_ones_own_may_change_what_axes_are() -> None:
    class Tokens(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            channels, height, width = input_shape or (1, 1, 1)
            return (height * width, channels)

    assert notes(pc.Conv2d(3, 16, 3), Tokens(), pc.Dense(None, 10)) == ()


def test_a_layer_whose_data_format_is_not_that_of_its_neighbors() -> None:
    conv, norm = pc.Conv2d(3, 32, 3), pc.BatchNorm(data_format=LAST)
    assert notes(conv, norm) == (
        (
            "[1] BatchNorm: takes 28 of shape (32, 28, 28) for the channels; "
            "the layer before has channels first"
        ),
    )
    assert notes(conv, pc.Permute((1, 2, 0)), norm) == ()
    last = replace(conv, data_format=LAST)
    assert len(notes(last, pc.PReLU(None), shape=(28, 28, 3))) == 1
    assert notes(last, pc.PReLU(shared_axes=(0, 1)), norm, shape=(28, 28, 3)) == ()
    assert notes(conv, pc.GlobalPool(), norm) == ()


def test_a_sequence_before_a_layer_with_channels_first() -> None:
    words = ' of shape (20, 8) for the channels, not its features; data_format="channels_last" does'
    conv = pc.Conv1d(None, 32, 3)
    assert notes(pc.Embedding(100, 8), conv, shape=(20,)) == (f"[1] Conv1d: takes 20{words}",)
    for layer in pc.LSTM(8, 8), pc.MultiheadAttention(8, 2), pc.TransformerEncoderLayer(8, 2):
        assert notes(layer, pc.GlobalPool(), shape=(20, 8)) == (f"[1] GlobalPool: takes 20{words}",)
        assert notes(layer, replace(conv, data_format=LAST), shape=(20, 8)) == ()
        assert notes(layer, pc.Permute((1, 0)), conv, shape=(20, 8)) == ()
        assert notes(layer, pc.Dense(None, 3), shape=(20, 8)) == ()


@pytest.mark.parametrize("name", zoo.__all__)
def test_no_network_of_the_zoo_has_a_note(name: str) -> None:
    network = getattr(zoo, name)()
    found: list[tuple[str, ...]] = []
    others = ((3, 224, 224), (1, 32, 32), (20,)) if isinstance(network, pc.Sequential) else ()
    for shape in None, *others:
        try:
            found.append(pc.summary(network, shape).notes)
        except pc.ShapeError:  # It is for other inputs.
            continue
    assert set(found) == {()}


def test_a_note_stands_below_the_table_and_is_not_asked_for_a_part() -> None:
    network = pc.Sequential(pc.Conv2d(3, 16, 3), pc.Dense(None, 10))
    assert str(pc.summary(network, IMAGE)).splitlines()[-2].startswith("[1] Dense: works on the")
    assert "<p" in pc.summary(network, IMAGE).to_html()
    assert pc.explain(network, IMAGE, at="[1]").notes == ()
    assert pc.summary(pc.Sequential(pc.Conv2d(3, 16, 3))).notes == ()


def test_data_format_of_a_network_holds_for_what_is_inside() -> None:
    body = pc.Sequential(pc.BatchNorm(), pc.Frozen(pc.Conv2d(8, 8, 1)), pc.Flatten())
    first = pc.Conv2d(8, 8, 1, data_format="channels_first")
    network = pc.Sequential(pc.Conv2d(3, 8, 3), first, pc.Add(body, pc.Pool(2)), data_format=LAST)
    given = pc.Sequential(
        pc.Input(9, 9, 3, data_format=LAST), pc.Conv2d(3, 8, 3), pc.Sequential(body)
    )
    assert network[0] == pc.Conv2d(3, 8, 3, data_format=LAST)
    assert network[1] is first  # It says otherwise.
    assert network["[2][0][0]"] == pc.BatchNorm(data_format=LAST)
    assert network["[2][0][1]"] == pc.Frozen(pc.Conv2d(8, 8, 1, data_format=LAST))
    assert network["[2][1]"] == pc.Pool(2, data_format=LAST)
    assert given["[2][0][1]"] == network["[2][0][1]"]
    named = pc.Sequential(
        a=pc.Sequential(pc.Input(9, 9, 3, data_format=LAST)), b=pc.Conv2d(3, 8, 3)
    )
    assert named["b"] == network[0]
    for one in network, given, named:
        assert eval(repr(one), dict(vars(pc))) == one  # noqa: S307
        assert pickle.loads(pickle.dumps(one)) == one
    assert given[1:2].output_shape((9, 9, 3)) == (7, 7, 8)


def test_data_format_holds_within_its_network_alone() -> None:
    first = pc.Sequential(pc.Conv2d(3, 8, 3), data_format="channels_first")
    outer = pc.Sequential(first, pc.Permute((1, 2, 0)), pc.Conv2d(8, 8, 3), data_format=LAST)
    assert outer.output_shape((3, 20, 20)) == (16, 16, 8)
    inner = pc.Sequential(pc.Conv2d(3, 8, 3), data_format=LAST)
    for one in inner, pickle.loads(pickle.dumps(inner)), inner[:], replace(inner):
        assert pc.Sequential(a=one, b=pc.Conv2d(8, 8, 3))["b"] == pc.Conv2d(8, 8, 3)
    image = pc.Shared("s", pc.Sequential(pc.Input(9, 9, 3, data_format=LAST)))
    assert pc.Sequential(image, pc.Conv2d(3, 8, 3)).output_shape() == (7, 7, 8)


def test_data_format_of_a_network_is_refused_like_that_of_a_layer() -> None:
    words = "data_format must be 'channels_first' or 'channels_last', got 'last'"
    wrong: Any = "last"
    for make in pc.Sequential, pc.Input:
        with pytest.raises(pc.ConfigError, match=words):
            make(*[1] * (make is pc.Input), data_format=wrong)
    values: list[Any] = ["", 0, False, []]
    for falsy in values:
        with pytest.raises((TypeError, pc.ConfigError), match="data_format must be"):
            pc.Sequential(pc.Flatten(), data_format=falsy)
    with pytest.raises(TypeError, match="data_format must be 'channels_first' or"):
        pc.Sequential(data_format=pc.Flatten())


def test_buffers_are_kept_only_by_layers_that_say_so() -> None:
    for row in ROWS:
        for layer in row.examples():
            buffers = [one for one in layer.parameters(row.shape) if not one.trainable]
            steps = pc.trace(layer, row.shape)
            if len(steps) == 1 and not isinstance(layer, pc.Frozen | pc.Shared):
                assert layer._has_buffers or not buffers
    frozen = pc.summary(pc.freeze(pc.Sequential(pc.BatchNorm(4), pc.Dense(None, 3))), (4, 5, 5))
    assert (frozen.num_params, frozen.num_frozen, frozen.num_buffers) == (0, 8 + 18, 8)
    assert pc.memory(pc.freeze(pc.BatchNorm(4)), (4, 5, 5)).buffer_bytes == 4 * 8
    assert pc.summary(ANSWER).num_frozen == 0
