"""The explanation of a network: its own methods run on ints that remember how they were made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from inspect import signature

from paramcalc._checks import as_int, entries
from paramcalc._network import Branches, Concat, Network, parts_of
from paramcalc._trace import ask, walk
from paramcalc.errors import ParamcalcError, counted, locate
from paramcalc.formulas._term import Term, as_style
from paramcalc.layers._axes import SpatialLayer, spatial_axes
from paramcalc.layers._base import (
    Builtin,
    Layer,
    Parameter,
    Shape,
)
from paramcalc.layers.features import FeaturesLayer, SequenceLayer
from paramcalc.layers.frozen import Frozen
from paramcalc.render import latex
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Markup, Row, Table, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

MadeOf = list[Term | None]
"""For each axis of a shape, what its length was made of, if that is to be shown."""

# A layer whose ints are Terms does the working itself, by the methods that count.

SYMBOLS = {
    "in_channels": "C_in",
    "out_channels": "C_out",
    "kernel_size": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
    "num_features": "C",
    "num_channels": "C",
    "num_parameters": "C",
    "num_groups": "G",
    "in_features": "F_in",
    "out_features": "F_out",
    "normalized_shape": "n",
    "output_padding": "o",
    "cropping": "c",
    "scale_factor": "f",
    "upscale_factor": "r",
    "downscale_factor": "r",
    "num_embeddings": "V",
    "embedding_dim": "E",
    "input_size": "F",
    "hidden_size": "H",
    "proj_size": "P",
    "num_layers": "N",
    "embed_dim": "E",
    "kdim": "K",
    "vdim": "V",
    "d_model": "E",
    "dim_feedforward": "F",
}
"""What fields are called in formulas; all others go by their names."""


def kind_of(layer: Layer) -> str:
    """What the axes are at a layer: "spatial", "features", "sequence", "plain"; empty for any."""
    layer = layer._thawed  # pyright: ignore[reportPrivateUsage]
    if isinstance(layer, SequenceLayer):
        return "sequence"
    if isinstance(layer, FeaturesLayer) or hasattr(layer, "in_features"):
        return "features"
    if isinstance(layer, SpatialLayer):
        return "spatial"
    return "plain" if isinstance(layer, Builtin) and hasattr(layer, "embedding_dim") else ""


def kind_behind(layer: Layer, kind: str) -> str:
    """What the axes are that leave a layer: some give them another meaning."""
    layer = layer._thawed  # pyright: ignore[reportPrivateUsage]
    moved = hasattr(layer, "target_shape") or hasattr(layer, "dims")
    return "plain" if isinstance(layer, Builtin) and moved else kind


def axis_names(layer: Layer, rank: int, kind: str) -> list[tuple[str, str]]:
    """The symbol and the name of each axis of a shape at `layer`."""
    layer = layer._thawed  # pyright: ignore[reportPrivateUsage]
    numbered = [(f"n_{i}", f"axis {i}") for i in range(1, rank + 1)]
    if kind == "plain" or (kind == "sequence" and rank > 2):
        return numbered
    if kind in ("features", "sequence"):
        symbol = "F_in" if hasattr(layer, "in_features") else "F"
        if isinstance(layer, SequenceLayer) and not hasattr(layer, "input_size"):
            symbol = "E"
        before = numbered[:-1] if kind == "features" else [("L", "length")][: rank - 1]
        return [*before, (symbol, "features")]
    spatial = [(symbol, name) for symbol, _, name in spatial_axes(rank - 1)]
    symbol = "C_in" if hasattr(layer, "in_channels") else "C"
    if not spatial and not hasattr(layer, "data_format"):
        symbol = "F"
    if getattr(layer, "data_format", "") == "channels_last":
        return [*spatial, (symbol, "channels")]
    return [(symbol, "channels" if spatial else "features"), *spatial]


def shape_terms(layer: Layer, shape: Shape, kind: str, made_of: MadeOf | None = None) -> Shape:
    """A shape that arrives at `layer` as Terms."""
    names = axis_names(layer, len(shape), kind)
    return tuple(
        [
            Term(length, symbol, is_axis=True, made_of=made)
            for length, (symbol, _), made in zip(
                shape, names, made_of or [None] * len(shape), strict=True
            )
        ]
    )


def output_terms(layer: Layer, output: Shape, kind: str) -> Shape:
    """A shape that has left `layer` as Terms: what its multiply-accumulates are counted by."""
    names = axis_names(layer, len(output), kind)
    return tuple(
        [
            Term(length, symbol.removesuffix("_in") + "_out")
            for length, (symbol, _) in zip(output, names, strict=True)
        ]
    )


def arriving(layer: Any, shape: Shape) -> dict[str, Any]:
    """What fields of a layer of this library state of its input, as it arrives."""
    channels = shape[-1 if getattr(layer, "data_format", "") == "channels_last" else 0]
    stated: dict[str, Any] = dict.fromkeys(
        ["in_channels", "num_features", "num_channels"], channels
    )
    stated |= dict.fromkeys(["in_features", "input_size", "embed_dim", "d_model"], shape[-1])
    axes: Shape = getattr(layer, "normalized_shape", None) or ()
    stated["normalized_shape"] = shape[len(shape) - len(axes) :]
    target: Shape = getattr(layer, "target_shape", ())
    numbers = [Term(one, str(one), divides=True) if one > 0 else one for one in target]
    return {**stated, "target_shape": tuple(numbers)}


def lifted(layer: Any, shape: Shape | None, kind: str) -> Any:
    """A copy of `layer` whose ints are Terms, but for those left at a default of 0 or 1.

    What a layer of this library states of its input is the very Term that arrives.
    """
    if isinstance(layer, Frozen):
        copy: Any = object.__new__(Frozen)
        object.__setattr__(copy, "layer", lifted(layer.layer, shape, kind))
        return copy
    cls: Any = layer.__class__
    held = attributes(layer)
    known: dict[str, Any] = {}
    taken = {symbol for symbol, _ in axis_names(layer, len(shape or ()) or 1, kind)}
    if isinstance(layer, Builtin):
        taken.clear()  # What these call their fields is no clash, but the same length.
        if shape is not None:
            known = arriving(layer, shape)
    copy = object.__new__(cls)
    defaults = field_defaults(cls)
    for field, value in held.items():
        symbol = SYMBOLS.get(field, field)
        if symbol != field and (symbol in taken or symbol in held):
            symbol = field
        if symbol in taken:
            symbol = f"self.{field}"
        if field in known and value is not None:
            new = known[field]
        else:
            new = field_terms(value, symbol, defaults.get(field))
            taken.add(symbol)
        object.__setattr__(copy, field, new)
    return copy


@cache
def field_defaults(cls: type) -> dict[str, Any]:
    """The defaults of what a layer is made with."""
    return {name: one.default for name, one in signature(cls).parameters.items()}


def attributes(layer: Any) -> dict[str, Any]:
    """Whatever a layer holds, in slots or in its `__dict__`."""
    held: dict[str, Any] = {}
    for cls in type(layer).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if slot not in ("__weakref__", "__dict__") and hasattr(layer, slot):
                held[slot] = getattr(layer, slot)
    return held | getattr(layer, "__dict__", {})


def field_terms(value: Any, symbol: str, default: object) -> Any:
    """The ints of a field as Terms: one, one for each axis, or two for each axis."""

    def as_term(value: Any, index: str, default: object) -> Any:
        if type(value) is not int or (value == default and value in (0, 1)):
            return value
        return Term(value, symbol + (index and f"_{index}"), divides=symbol in ("g", "r"))

    given = None if isinstance(value, list) else entries(value)
    if given is None:
        return as_term(value, "", default)
    usual = entries(default) or (default,) * len(given)
    terms: list[Any] = []
    indices = [index for _, index, _ in spatial_axes(len(given))]
    if symbol == SYMBOLS["normalized_shape"] and len(given) > 1:
        indices = [f"{i}" for i in range(1, len(given) + 1)]  # Any axes, not the spatial ones.
    for entry, index, one in zip(given, indices, usual, strict=False):
        sides = entries(entry)
        if sides is not None and len(sides) == 2:
            before, after = sides
            terms.append((as_term(before, index + "1", one), as_term(after, index + "2", one)))
        else:
            terms.append(as_term(entry, index, one))
    return tuple(terms)


def carried(output: Shape) -> MadeOf:
    """What lengths were made of, where axes were multiplied: the next layer's count shows it."""
    return [one if isinstance(one, Term) and one.is_product_of_axes() else None for one in output]


@dataclass(frozen=True, slots=True)
class Line:
    """A number with its name and its working.

    Args:
        label: what is counted: "height", "weight", "parameters".
        value: the number; a Term, if its working is known.

    Example:
        >>> import paramcalc as pc
        >>> line = pc.explain(pc.Dense(128, 10)).parts[0].parameters[0]
        >>> line.label, line.value, str(line)
        ('weight', 1280, 'F_out·F_in = 10·128 = 1,280')
    """

    label: str
    value: int

    def steps(self, style: str = "unicode") -> list[str]:
        """The formula in symbols, with the numbers put in, and the value; none of them twice."""
        style = as_style(style)
        value = format(self.value, ",").replace(",", "{,}" if style == "latex" else ",")
        if not isinstance(self.value, Term):
            return [value]
        steps = dict.fromkeys([self.value.symbols(style), self.value.numbers(style)])
        return [*[step for step in steps if step != str(int(self.value))], value]

    def __str__(self) -> str:
        return " = ".join(self.steps())


@dataclass(frozen=True, slots=True)
class Working:
    """One layer's part of an explanation.

    Args:
        path: where the layer stands; empty for a layer on its own.
        layer: the layer.
        input_shape: what arrives; None where a network is only counted.
        output_shape: what leaves.
        lengths: a line for each axis of the output.
        parameters: a line for each tensor.
        num_params: how many values are learnt, with the working.
        num_macs: how many multiply-accumulates it takes, with the working; None if not known.

    Example:
        >>> import paramcalc as pc
        >>> (working,) = pc.explain(pc.Flatten(), (12, 4, 4)).parts
        >>> print(working.title())
        Flatten(): 12 × 4 × 4 → 192
        >>> print(working.lengths[0])
        C·H·W = 12·4·4 = 192
    """

    path: str
    layer: Layer
    input_shape: Shape | None
    output_shape: Shape | None
    lengths: tuple[Line, ...]
    parameters: tuple[Line, ...]
    num_params: int
    num_macs: int | None

    def lines(self) -> tuple[Line, ...]:
        """All lines, in the order they are shown."""
        macs = () if not self.num_macs else (Line("MACs", self.num_macs),)
        return (*self.lengths, *self.parameters, Line("parameters", self.num_params), *macs)

    def title(self, *, style: str = "unicode", width: int | None = None) -> str:
        """The layer, where it stands, and what it does to the shape.

        Args:
            style: "unicode", or "ascii" to do without × and →.
            width: the shapes of a title that is longer stand in a line of their own.
        """
        style = as_style(style)
        room = None if width is None else as_int(width, "Working", "width")
        text = printable(f"{self.path} {layer_text(self.layer)}".strip())
        if self.input_shape is None or self.output_shape is None:
            return text
        shapes = f"{shape_text(self.input_shape)} → {shape_text(self.output_shape)}"
        if style == "ascii":
            shapes = shapes.replace("×", "x").replace("→", "->")
        too_long = room is not None and len(text) + 2 + len(shapes) > room
        return f"{text}:\n  {shapes}" if too_long else f"{text}: {shapes}"


def layer_text(layer: Layer) -> str:
    """What a table says of a layer: all of it, but of a network its kind alone."""
    return type(layer).__name__ if isinstance(layer, Network) else repr(layer)


def shape_text(shape: Shape) -> str:
    """A shape as a person writes it."""
    return " × ".join(map(str, shape))


class Lifted:
    """A layer and the shape that arrives, made of Terms, and what the layer answers then.

    Args:
        layer: the layer.
        shape: what arrives; None if it is not known.
        made_of: for each of its axes what the length was made of, if that is to be shown.
        kind: what the axes are.
        branches: what left the branches, if there are any.
    """

    def __init__(
        self,
        layer: Layer,
        shape: Shape | None,
        made_of: MadeOf | None,
        kind: str,
        branches: Sequence[Shape | None],
    ) -> None:
        self.layer = layer
        self.shape = shape
        self.made_of = made_of
        self.kind = kind
        self.branches = branches

    @property
    def key(self) -> object:
        """What its answers depend on: layers that are alike are worked through but once."""
        is_known = self.made_of is None and isinstance(self.layer, Builtin)
        if not is_known or isinstance(self.layer, Network | Frozen):
            return self
        return self.layer, self.shape, self.kind

    @property
    def kind_behind(self) -> str:
        """What the axes are that leave."""
        return kind_behind(self.layer, self.kind)

    @cached_property
    def terms(self) -> Shape | None:
        """The shape as Terms."""
        if self.shape is None:
            return None
        return shape_terms(self.layer, self.shape, self.kind, self.made_of)

    @cached_property
    def copy(self) -> Any:
        """The layer made of Terms; None for one that does not let itself be copied."""
        try:
            return lifted(self.layer, self.terms, self.kind)
        except Exception:  # noqa: BLE001  # it is of someone else's making
            return None

    def answer(self, question: str, plain: T, output: Shape | None = None) -> T:
        """The answer with its working; the plain answer, if the layer cannot do with Terms."""
        try:
            if isinstance(self.copy, Builtin):
                given = ask(self.copy, question, self.terms, output)
            else:
                given = getattr(self.copy, question)(self.terms)
            answer: Any = entries(given) or given
            return answer if answer == plain and type(answer) in (Term, tuple) else plain
        except Exception:  # noqa: BLE001  # a layer of one's own may want ints and nothing else
            return plain

    def lengths(self, output: Shape) -> Shape:
        if isinstance(self.layer, Branches):
            return self._merged(output)
        lengths = self.answer("output_shape", output)
        if lengths is output:
            return output
        pairs = zip(lengths, output, strict=True)
        return tuple([one if isinstance(one, Term) else plain for one, plain in pairs])

    def _merged(self, output: Shape) -> Shape:
        """The lengths that leave branches, with the sum of those put one behind the other."""
        if not isinstance(self.layer, Concat) or len(self.branches) > MAX_SUMMANDS:
            return output
        axis = self.layer.dim % len(output)
        symbol = axis_names(self.layer, len(output), self.kind)[axis][0]
        lengths = [one[axis] for one in self.branches if one is not None]
        terms = [Term(length, f"{symbol}_{i}") for i, length in enumerate(lengths, 1)]
        return (*output[:axis], sum(terms), *output[axis + 1 :])

    def onwards(self, output: Shape | None) -> MadeOf | None:
        """What the lengths that leave were made of, for the next layer."""
        if output is None or self.shape is None:
            return None
        if output is self.shape:
            return self.made_of
        return carried(self.lengths(output)) if len(output) < len(self.shape) else None


class Chain:
    """Layers lifted one after the other, as a network is walked through.

    What lengths were made of, and what the axes are, goes from a layer to the one its output
    arrives at.
    """

    def __init__(self) -> None:
        self.left: Shape | None = None
        self.made_of: MadeOf | None = None
        self.kind: str = "spatial"
        self.outputs: list[tuple[str, Shape | None]] = []

    def lift(self, path: str, layer: Layer, shape: Shape | None, output: Shape | None) -> Lifted:
        branches = self._branches(path, layer, shape) if isinstance(layer, Branches) else ()
        self.outputs.append((path, output))
        # The output of one layer is the very tuple that arrives at the next, but where a branch
        # begins.
        made_of = self.made_of if shape is self.left else None
        step = Lifted(layer, shape, made_of, kind_of(layer) or self.kind, branches)
        self.left, self.made_of, self.kind = output, step.onwards(output), step.kind_behind
        return step

    def _branches(self, path: str, network: Branches, shape: Shape | None) -> list[Shape | None]:
        """What left each branch: the last of the outputs within it."""
        found: list[Shape | None] = []
        for where, _ in reversed([*parts_of(network, path)]):
            outputs: list[Shape | None] = []
            while self.outputs and f"{self.outputs[-1][0]}.".startswith((f"{where}.", f"{where}[")):
                outputs.append(self.outputs.pop()[1])
            found.append(outputs[0] if outputs else shape)
        return found[::-1]


def work(path: str, lifted: Lifted, output: Shape | None) -> Working:
    """The working of one layer."""
    layer, shape = lifted.layer, lifted.shape
    tensors: tuple[Parameter, ...] = lifted.answer("parameters", ask(layer, "parameters", shape))
    parameters = tuple(
        [
            Line(one.name if one.trainable else f"{one.name} (not learnt)", one.size)
            for one in tensors
        ]
    )
    num_params = lifted.answer("num_params", ask(layer, "num_params", shape))
    if shape is None or output is None:
        return Working(path, layer, None, None, (), parameters, num_params, None)
    names = [name for _, name in axis_names(layer, len(output), lifted.kind_behind)]
    lengths = tuple(map(Line, names, lifted.lengths(output)))
    plain_macs = ask(layer, "num_macs", shape, output)
    macs = lifted.answer("num_macs", plain_macs, output_terms(layer, output, lifted.kind_behind))
    return Working(path, layer, shape, output, lengths, parameters, num_params, macs)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Shown):
    """The working of a layer or network, as `explain` returns it.

    `str()` of it is for a terminal; in a notebook it shows itself.

    Args:
        parts: the working of each layer in turn.

    Example:
        >>> import paramcalc as pc
        >>> print(pc.explain(pc.Sequential(pc.Dense(4, 3), pc.Dense(3, 2, bias=False))))
        [0] Dense(4, 3)
          weight      F_out·F_in = 3·4 = 12
          bias        F_out = 3
          parameters  (F_in + 1)·F_out = (4 + 1)·3 = 15
        <BLANKLINE>
        [1] Dense(3, 2, bias=False)
          weight      F_out·F_in = 2·3 = 6
          parameters  F_in·F_out = 3·2 = 6
        <BLANKLINE>
        total
          parameters  15 + 6 = 21
    """

    parts: tuple[Working, ...]

    @property
    def num_params(self) -> int:
        """How many values are learnt in all."""
        return int(sum([part.num_params for part in self.parts]))

    @property
    def num_macs(self) -> int | None:
        """How many multiply-accumulates it takes in all; None where shapes are not known."""
        macs = [part.num_macs for part in self.parts]
        return None if None in macs else int(sum([one or 0 for one in macs]))

    def totals(self) -> tuple[Line, ...]:
        """The lines below the last layer, if there are several."""
        if len(self.parts) < 2:
            return ()
        lines = [Line("parameters", total([part.num_params for part in self.parts]))]
        if self.num_macs:
            lines.append(Line("MACs", total([part.num_macs or 0 for part in self.parts])))
        return tuple(lines)

    def __str__(self) -> str:
        return self.to_text()

    def _gist(self) -> str:
        return f" of {counted(len(self.parts), 'layer')}"

    def to_text(self, style: str = "unicode") -> str:
        """Text with a heading for each layer and a line for each number.

        Args:
            style: "unicode", or "ascii" to do without signs such as · and ⌊ ⌋.
        """
        blocks = [
            "\n".join([part.title(style=style, width=80), *text_lines(part.lines(), style)])
            for part in self.parts
        ]
        totals = self.totals()
        if totals:
            blocks.append("\n".join(["total", *text_lines(totals, style)]))
        return "\n\n".join(blocks)

    def to_latex(self) -> str:
        """An `aligned` environment, for math mode; it needs the package amsmath."""
        rows: list[str] = []
        for title, lines in self._groups():
            rows.append(rf"&\textbf{{{latex.escape(title)}}}")
            rows += [
                rf"\text{{{latex.escape(line.label)}}} &= {' = '.join(line.steps('latex'))}"
                for line in lines
            ]
        body = " \\\\\n".join(rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def _repr_latex_(self) -> str:
        return f"$$\n{self.to_latex()}\n$$"

    def _groups(self) -> list[tuple[str, tuple[Line, ...]]]:
        """The title and lines of each layer, and of the total of several."""
        groups = [(part.title(), part.lines()) for part in self.parts]
        totals = self.totals()
        return [*groups, ("total", totals)] if totals else groups

    def _table(self, style: str = "unicode") -> Table:
        rows: list[Row] = []
        for position, (title, lines) in enumerate(self._groups()):
            kind = "row" if position < len(self.parts) else "total"
            rows.append(Row((title, ""), 0, "head" if kind == "row" else kind))
            for line in lines:
                working = " = ".join(line.steps(style))
                rows.append(
                    Row((line.label, Markup(working) if style == "html" else working), 1, kind)
                )
        return Table((Column("layer"), Column("working")), tuple(rows))


def text_lines(lines: tuple[Line, ...], style: str) -> list[str]:
    """A text for each line; what is too long for a terminal breaks before its signs of equality."""
    labels = [printable(line.label) for line in lines]
    indent = max(10, *map(len, labels)) + 4
    texts: list[str] = []
    for label, line in zip(labels, lines, strict=True):
        start = f"  {label}".ljust(indent)
        steps = line.steps(style)
        text = start + " = ".join(steps)
        if len(text) > 80:
            margin = f"\n{'':{indent}}"
            broken = [f"{margin}    ".join(parts(step, max(74 - indent, 20))) for step in steps]
            text = start + f"{margin}= ".join(broken)
        texts.append(text)
    return texts


def parts(step: str, width: int) -> list[str]:
    """A formula in lines of about `width`, broken behind a sign where no bracket is open."""
    from textwrap import wrap  # Not at the head: seldom needed.

    bound = re.sub(r"\([^()]*\)|(?<![+−-]) ", lambda match: match[0].replace(" ", "\xa0"), step)
    return [line.replace("\xa0", " ") for line in wrap(bound, width, break_long_words=False)]


MAX_SUMMANDS = 12
"""A total of more is not written as their sum."""


def total(counts: Sequence[int]) -> int:
    """The sum of counts, with its working if it is short."""
    summands = [int(count) for count in counts if count]
    if not 1 < len(summands) <= MAX_SUMMANDS:
        return sum(summands)
    return sum([Term(count, str(count)) for count in summands])


def explain(network: Layer, input_shape: Shape | None = None) -> Explanation:
    """The arithmetic behind every shape and count, with the numbers put in.

    It runs the same methods that count, on ints that remember what is done to
    them; so it works for layers of your own, and cannot disagree with the count.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis. It may be left
            out behind an `Input`; and where all channels and features are given,
            to explain the parameters alone.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit what arrives at it, or the shape is needed and missing.

    Example:
        >>> import paramcalc as pc
        >>> print(pc.explain(pc.Conv2d(5, 12, 3), (5, 13, 13)))
        Conv2d(5, 12, 3): 5 × 13 × 13 → 12 × 11 × 11
          channels    C_out = 12
          height      H − k_h + 1 = 13 − 3 + 1 = 11
          width       W − k_w + 1 = 13 − 3 + 1 = 11
          weight      C_out·C_in·k_h·k_w = 12·5·3·3 = 540
          bias        C_out = 12
          parameters  (k_h·k_w·C_in + 1)·C_out = (3·3·5 + 1)·12 = 552
          MACs        H_out·W_out·k_h·k_w·C_in·C_out = 11·11·3·3·5·12 = 65,340
    """
    parts: list[Working] = []
    chain = Chain()
    known: dict[object, Working] = {}
    for path, layer, shape, output, _ in walk(network, input_shape, "explain"):
        step = chain.lift(path, layer, shape, output)
        key = step.key
        try:
            if key not in known:
                known[key] = work(path, step, output)
        except ParamcalcError as error:
            locate(error, path, layer)
            raise
        parts.append(replace(known[key], path=path))
    return Explanation(tuple(parts))
