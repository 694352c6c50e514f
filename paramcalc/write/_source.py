"""What is written for a layer, and the facts of its place that decide it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import indent
from typing import Any, NamedTuple
from unicodedata import normalize

from paramcalc._checks import entries
from paramcalc._counterparts import Counterpart, counterparts
from paramcalc.errors import ParamcalcError
from paramcalc.formulas import dilated_kernel_size, same_padding
from paramcalc.layers._axes import as_pairs
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.readers._build import identifier

CALL = "{it}({all})"
WIDTH = 72
NAMES = {"torch": "torch", "keras": "Keras"}
Pairs = list[tuple[int, int]]


class Op(NamedTuple):
    """A piece of source.

    Args:
        made: what is made once, a call of a class; empty if nothing is.
        used: the output, of the inputs `{0}`, `{1}` and so on, `{all}` of them, and what is made,
            `{it}`.
        after: a statement about what is made.
    """

    made: str = ""
    used: str = CALL
    after: str = ""

    @property
    def is_call(self) -> bool:
        """Whether it can stand in a row of layers."""
        return bool(self.made) and self[1:] == (CALL, "")


@dataclass(frozen=True)
class At:
    """A layer at its place in a network, with the shapes there.

    Args:
        framework: what it is written for, "torch" or "keras".
        path: where it is.
        layer: the layer, without what it is wrapped in.
        shape: that of the input; of several, of the first.
        output: that of the output.
        shapes: those of all inputs.
    """

    framework: str
    path: str
    layer: Any
    shape: Shape
    output: Shape
    shapes: tuple[Shape, ...]

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.shape) - 1

    @property
    def once(self) -> At:
        """The layer inside a `TimeDistributed`, at one position of the first axis."""
        inside, shapes = self.layer.layer, tuple([one[1:] for one in self.shapes])
        return replace(
            self, layer=inside, shape=self.shape[1:], output=self.output[1:], shapes=shapes
        )

    @property
    def is_last(self) -> bool:
        """Whether the channels come last."""
        return bool(self.layer.data_format == "channels_last")

    @property
    def channels(self) -> int:
        return self.shape[-1 if self.is_last else 0]

    @property
    def lengths(self) -> Shape:
        """Those of the spatial axes."""
        return self.shape[:-1] if self.is_last else self.shape[1:]

    @property
    def out_lengths(self) -> Shape:
        return self.output[:-1] if self.is_last else self.output[1:]

    def refusal(self, problem: str) -> ParamcalcError:
        """The error for a layer that the framework has not; it says what to do."""
        problem = f"{NAMES[self.framework]} has no {problem}"
        return ParamcalcError(problem, path=self.path, layer=self.layer)

    def check_rank(self) -> None:
        """Refuse more spatial axes than frameworks have layers for."""
        if self.rank > 3:
            raise self.refusal(f"such layer for {self.rank} spatial axes: join some of them")

    def spread(self, field: str) -> tuple[int, ...]:
        """The field per spatial axis."""
        value: Any = getattr(self.layer, field)
        return entries(value) or (value,) * self.rank

    def padding(self) -> Pairs:
        """The padding of each axis: (before, after)."""
        padding, sizes, steps = self.layer.padding, *map(self.spread, ("kernel_size", "dilation"))
        if padding == "causal":
            return [(reach - 1, 0) for reach in map(dilated_kernel_size, sizes, steps)]
        if padding == "same":
            return list(map(same_padding, self.lengths, sizes, self.spread("stride"), steps))
        return as_pairs(padding, self.rank)

    def counterpart(self) -> Counterpart:
        """The layer there, for the number of axes, and the fields if it depends on them."""
        layer, rank = self.layer, str(max(self.rank, 1))

        def num_wrong(one: Counterpart) -> int:
            return sum([getattr(layer, name) != value for name, value in one.fields.items()])

        found = [
            one
            for one in counterparts(self.framework)
            if one.layer == type(layer).__name__
            and one.name.startswith(("nn.", "layers."))
            and (one.name[-2] == rank or one.name[-2] not in "123")
        ]
        return min(found, key=num_wrong)

    def call(self, name: str = "", only: str = "", **changes: Any) -> str:
        """The call of the counterpart, or of another layer there.

        It has the fields that are not as usual, or `only` some, with changes. A field that changes
        to None is left out. Other changes are arguments there.
        """
        layer, known = self.layer, self.counterpart()
        theirs = {ours: theirs for theirs, ours in known.arguments.items()}
        usual: Mapping[str, Any] = layer._usual()
        given = {field: getattr(layer, field) for field in layer._specs}
        if given.get(layer._stating, 0) is None:
            given[layer._stating] = self.shape[layer._stated_axis()]
        given |= changes
        fields = only.split() or [one for one in known.arguments.values() if one in layer._specs]
        texts: list[str] = []
        for field in [*fields, *[one for one in changes if one not in fields]]:
            value = given[field]
            if value is not None and (field not in usual or value != usual[field]):
                is_placed = field == fields[0] or (field in fields and field not in usual)
                text = self.text(field, value)
                texts.append(text if is_placed else f"{theirs.get(field, field)}={text}")
        return f"{name or known.name}({', '.join(texts)})"

    def text(self, field: str, value: Any) -> str:
        """The value of a field: one number for all axes, if they are equal."""
        sizes = entries(value) or ()
        is_per_axis = field in self.layer._specs and self.layer._specs[field].per_axis
        if is_per_axis and sizes and entries(sizes[0]) is None and len({*sizes}) == 1:
            return repr(sizes[0])
        return f'"{value}"' if isinstance(value, str) else str(self.layer._brief(value))


Rule = Callable[[At], list[Op]]


def ops_of(at: At, rules: Mapping[type[Layer], Rule]) -> list[Op]:
    """What is written for a layer, by rules for its class or one above."""
    for kind in type(at.layer).__mro__:
        if kind in rules:
            return rules[kind](at)
    own = "" if isinstance(at.layer, Builtin) else ", a layer of your own"
    raise at.refusal(f"{type(at.layer).__name__}{own}: replace it by layers that it has")


@dataclass(frozen=True)
class Unit:
    """A layer, or several in a row, as they are written.

    Args:
        at: the layer at its place; of a row, the network.
        ops: what is written; nothing if the output is the input.
        reads: the steps that it reads, by number; -1 is the network's input.
        end: the step whose output it gives.
        shared: what all that share its tensors have in common; empty if nothing does.
        ties: the tensors that it has from elsewhere: their names, and the path.
        is_frozen: whether it is not trained.
    """

    at: At
    ops: list[Op]
    reads: tuple[int, ...]
    end: int
    shared: str = ""
    ties: tuple[tuple[str, str], ...] = ()
    is_frozen: bool = False
    turns: bool | None = False
    """Whether it reads the channels first where they come last; None is either."""

    @property
    def path(self) -> str:
        return self.at.path

    @property
    def is_plain(self) -> bool:
        """Whether it can stand in a row of layers: it is a call, of what is made, on one input."""
        return len(self.reads) == 1 and all(op.is_call for op in self.ops)


def word_of(path: str) -> str:
    """A path as an identifier: `features[2]` is `features_2`."""
    word = re.sub(r"\W+", "_", normalize("NFKC", path)).strip("_")
    return identifier(word if word[:1].isalpha() else f"layer{word}")


def name_of(path: str, taken: set[str]) -> str:
    """A name of its own for what is at a path."""
    name = word_of(path)
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def spelled(opening: str, items: Sequence[str], closing: str = ")") -> str:
    """A call with arguments, on one line or on several."""
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return "\n".join([opening, *[indent(f"{one},", "    ") for one in items], closing])


def joined_dim(at: At) -> int:
    """The axis of a `Concat`, with the batch axis."""
    dim: int = at.layer.dim
    return dim if dim < 0 else dim + 1


def index_text(at: At) -> str:
    """What stands in the brackets of a `Slice`."""
    start, stop = at.layer.start or "", "" if at.layer.stop is None else at.layer.stop
    return ", ".join([":"] * (at.layer._axis(at.shape) + 1) + [f"{start}:{stop}"])
