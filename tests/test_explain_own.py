"""Explanations of layers of one's own, that know nothing of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from layers import ROWS

import paramcalc as pc


@dataclass(frozen=True)
class Widen(pc.Layer):
    """A layer of one's own, that knows nothing of explanations."""

    times: int
    extra: int = 0

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        if input_shape is None:
            raise pc.ShapeError("needs a shape")
        return (input_shape[0] * self.times + self.extra, *input_shape[1:])

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        if input_shape is None:
            raise pc.ShapeError("needs a shape")
        return (pc.Parameter("table", (input_shape[0], self.times)),)


def test_a_layer_of_ones_own_is_explained_for_nothing() -> None:
    (part,) = pc.explain(Widen(3), (4, 5, 6)).parts
    assert [(line.label, str(line)) for line in part.lines] == [
        ("channels", "C·times = 4·3 = 12"),
        ("height", "H = 5"),
        ("width", "W = 6"),
        ("table", "C·times = 4·3 = 12"),
        ("parameters", "C·times = 4·3 = 12"),
    ]
    assert str(pc.explain(Widen(3, extra=2), (4, 5)).parts[0].lengths[0]) == (
        "C·times + extra = 4·3 + 2 = 14"
    )
    assert str(pc.explain(Widen(1), (4, 5)).parts[0].lengths[0]) == "C·times = 4·1 = 4"


def test_field_with_a_default_other_than_0_or_1_is_mentioned() -> None:
    @dataclass(frozen=True)
    class Split(pc.Layer):
        heads: int = 8
        strides: tuple[int, int] = (1, 2)
        offset: int = 0
        stages: Any = None

        def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
            assert input_shape
            return [
                input_shape[0] * self.heads // self.strides[0] + self.offset,
                input_shape[1] // self.strides[1] * (self.stages or [1])[0],
            ]

    (part,) = pc.explain(Split(stages=[3]), (4, 6)).parts
    assert [str(line) for line in part.lengths] == [
        "C·heads = 4·8 = 32",
        "3·⌊L/strides_w⌋ = 3·⌊6/2⌋ = 9",
    ]


def test_symbols_that_clash_are_told_apart() -> None:
    class Clash(pc.Layer):
        __slots__ = ("in_channels", "k", "kernel_size", "stride")

        def __init__(self) -> None:
            self.in_channels, self.k, self.kernel_size, self.stride = 2, 5, 7, 11

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape
            product = input_shape[0] * self.in_channels * self.k * self.kernel_size
            return (product * self.stride, 1)

    (part,) = pc.explain(Clash(), (4, 1)).parts
    assert str(part.lengths[0]) == "C·in_channels·k·kernel_size·stride = 4·2·5·7·11 = 3,080"

    class Own(pc.Layer):
        __slots__ = ("__dict__", "more")

        def __init__(self) -> None:
            vars(self)["C"] = 3
            self.more = 2

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape
            return (input_shape[0] * vars(self)["C"] + self.more, 1)

    layer = Own()
    (part,) = pc.explain(layer, (4, 1)).parts
    assert str(part.lengths[0]) == "C·self.C + more = 4·3 + 2 = 14"
    assert type(layer.more) is type(vars(layer)["C"]) is int, "the layer itself is left as it was"


def test_layer_of_ones_own_with_one_slot_is_explained() -> None:
    class One(pc.Layer):
        __slots__ = "size"

        def __init__(self) -> None:
            self.size = 3

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (self.size,)

    assert str(pc.explain(One(), (4,)).parts[0].lengths[0]) == "size = 3"


def test_groups_of_ones_own_are_rounded_where_they_do_not_divide() -> None:
    class Grouped(pc.Layer):
        def __init__(self) -> None:
            self.groups = 2

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape
            return (input_shape[0] // self.groups,)

    assert str(pc.explain(Grouped(), (5,)).parts[0].lengths[0]) == "⌊F/groups⌋ = ⌊5/2⌋ = 2"


def test_layer_of_ones_own_that_is_no_dataclass_is_explained() -> None:
    class Plain(pc.Layer):
        def __init__(self, width: int, sizes: tuple[int, int]) -> None:
            self.width = width
            self.sizes = sizes

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (self.width + self.sizes[0] // self.sizes[1],)

    (part,) = pc.explain(Plain(7, (9, 2)), (4,)).parts
    assert str(part.lengths[0]) == "width + ⌊sizes_h/sizes_w⌋ = 7 + ⌊9/2⌋ = 11"


def test_a_layer_that_cannot_do_with_terms_is_explained_by_its_numbers() -> None:
    class Strict(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape
            if type(input_shape[0]) is not int:
                raise TypeError
            return input_shape

    class Fickle(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape
            return input_shape if type(input_shape[0]) is int else (input_shape[0] + 1,)

    class Config(pc.Layer, dict[str, int]):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
        """Made of what is in it, and not of its fields."""

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (self.get("length", 0),)

    class Numpylike(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (Float(4),)  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    class Float(float):
        def __index__(self) -> int:
            return 4

    for layer in Strict(), Fickle(), Config(length=4), Numpylike():
        assert str(pc.explain(layer, (4,)).parts[0].lengths[0]) == "4"


@pytest.mark.parametrize("field", sorted({field for row in ROWS for field in row.fields}))
def test_layers_of_ones_own_may_name_their_fields_as_they_like(field: str) -> None:
    class Own(pc.Layer):
        def __init__(self) -> None:
            setattr(self, field, 7)

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return tuple([length + getattr(self, field) for length in input_shape or ()])

        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            return (pc.Parameter("weight", (getattr(self, field), 3)),)

        def num_macs(self, input_shape: pc.Shape | None = None) -> int:
            return 5

    for rank in range(1, 6):
        shape = (3,) * rank
        for network in Own(), pc.Sequential(pc.Dropout(), Own()), pc.Add(Own()):
            assert pc.explain(network, shape).num_params == 21
        (part,) = pc.explain(Own(), shape).parts
        assert part.lengths[0].value == 10
        assert isinstance(part.lengths[0].value, pc.formulas.Term)
        assert part.lengths[0].value.numbers() == "3 + 7"


def test_two_fields_with_one_usual_symbol_have_two_symbols() -> None:
    class Own(pc.Layer):
        def __init__(self) -> None:
            self.embed_dim, self.embedding_dim, self.vdim, self.num_embeddings = 8, 5, 3, 7

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return input_shape or ()

        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            return (
                pc.Parameter("w", (self.embed_dim, self.embedding_dim)),
                pc.Parameter("v", (self.vdim, self.num_embeddings)),
            )

    weight, value = pc.explain(Own(), (3,)).parts[0].parameters
    assert str(weight) == "embed_dim·embedding_dim = 8·5 = 40"
    assert str(value) == "vdim·num_embeddings = 3·7 = 21"


def test_error_of_explain_says_where() -> None:
    network = pc.Sequential(a=pc.Dense(None, 3))
    with pytest.raises(pc.ShapeError, match=r"^a Dense: in_features is None, so the number"):
        pc.explain(network)
    with pytest.raises(pc.ShapeError, match=r"^a Widen: needs a shape$"):
        pc.explain(pc.Sequential(a=Widen(3)))
    with pytest.raises(pc.ShapeError, match=r"^\[0\] Pool: a window of 3 does not fit length 2"):
        pc.explain(pc.Sequential(pc.Pool(3)), (1, 2))
    with pytest.raises(TypeError, match="explain: network must be a Layer, got 5"):
        pc.explain(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_layer_of_ones_own_that_cannot_be_copied_is_explained_by_its_numbers() -> None:
    class Own(pc.Layer):
        __signature__ = "none that Python knows"

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return input_shape or ()

        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            return (pc.Parameter("weight", (3, 4)),)

    (part,) = pc.explain(Own(), (5,)).parts
    assert [str(line) for line in part.lines] == ["5", "12", "12"]
