"""The explanation of a network: its methods, run on ints that remember how they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import fill
from typing import Any

from paramcalc._checks import as_choice, as_count, as_int, as_str
from paramcalc._lift import MAX_SUMMANDS, Lifted, lift_all, work_all
from paramcalc._notes import notes_of
from paramcalc._trace import Step, as_parts, outermost, shape_text, walk
from paramcalc.formulas import Term
from paramcalc.formulas._term import as_style, is_made
from paramcalc.layers._axes import AXES
from paramcalc.layers._base import InputShape, Layer, Parameter, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.render import latex
from paramcalc.render.shown import Shown, for_terminal
from paramcalc.render.table import Column, Markup, Row, Table, printable
from paramcalc.render.text import WIDTH, to_ascii


@dataclass(frozen=True, slots=True)
class Line:
    """A number with its name and its working.

    The value is a `Term` if the working is known.

    Example:
        >>> import paramcalc as pc
        >>> line = pc.explain(pc.Dense(128, 10)).parts[0].parameters[0]
        >>> line.label, line.value, str(line)
        ('weight', 1280, 'F_out·F_in = 10·128 = 1,280')
    """

    label: str
    value: int

    def steps(self, style: str = "unicode") -> list[str]:
        """The formula in symbols and in numbers, and the value, each only once."""
        style = as_style(style)
        value = with_commas(str(int(self.value)), style)
        if not isinstance(self.value, Term):
            return [value]
        numbers = with_commas(self.value.numbers(style), style)
        steps = dict.fromkeys([with_commas(self.value.symbols(style), style), numbers])
        return [*[step for step in steps if step != value], value]

    def __str__(self) -> str:
        return for_terminal(lambda style: " = ".join(self.steps(style)))


def with_commas(formula: str, style: str) -> str:
    """A formula in numbers, with thousands separators."""
    comma = "{,}" if style == "latex" else ","
    return re.sub(r"(?<![\w.])\d{4,}", lambda one: f"{int(one[0]):,}".replace(",", comma), formula)


@dataclass(frozen=True, slots=True)
class Working:
    """The part of an explanation that is about one layer.

    Args:
        path: the place of the layer; empty for a layer on its own.
        layer: the layer.
        input_shape: its input; None if the network is only counted.
        output_shape: its output.
        lengths: a line per axis of the output.
        parameters: a line per tensor.
        num_params: the number of trainable values, with the working.
        num_macs: the number of multiply-accumulates, with the working; None if unknown.

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

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in order."""
        macs = () if not self.num_macs else (Line("MACs", self.num_macs),)
        return (*self.lengths, *self.parameters, Line("parameters", self.num_params), *macs)

    def title(self, *, style: str = "unicode", width: int | None = None) -> str:
        """The path, the layer and its shapes.

        Args:
            style: "unicode", or "ascii" without × and →.
            width: a longer title has the shapes on a line of their own.
        """
        style = as_style(style)
        room = None if width is None else as_int(width, "Working", "width")
        text = printable(f"{self.path} {self.layer._text()}".strip())
        if self.input_shape is None or self.output_shape is None:
            return text
        shapes = f"{shape_text(self.input_shape)} → {shape_text(self.output_shape)}"
        too_long = room is not None and len(text) + 2 + len(shapes) > room
        text = f"{text}:\n  {shapes}" if too_long else f"{text}: {shapes}"
        return to_ascii(text) if style == "ascii" else text

    def _is_brief(self) -> bool:
        """Whether it has nothing to count: one line is enough."""
        return not (self.parameters or self.num_macs)

    def _brief_text(self, style: str, width: int) -> str:
        """One line, with the working of the lengths in numbers; two if that is too long."""
        title = self.title(style=style, width=width)
        lines = [line for line in self.lengths if is_made(line.value)]
        made = ", ".join(dict.fromkeys([" = ".join(line.steps(style)[-2:]) for line in lines]))
        if not made:
            return title
        one_line = f"{title}; {made}"
        return one_line if len(one_line) <= width and "\n" not in title else f"{title}\n  {made}"


def tensor_label(tensor: Parameter, shared: Mapping[str, str]) -> str:
    """The name of a tensor, and why it is not counted."""
    if tensor.name in shared:
        return f"{tensor.name} (shared with {shared[tensor.name]})"
    return tensor.name if tensor.trainable else f"{tensor.name} (not trainable)"


def work(lifted: Lifted) -> Working:
    """The working of one layer."""
    step = lifted.step
    tensors = lifted.answer("parameters", step._tensors)
    shared = dict(step.shared)
    parameters = tuple([Line(tensor_label(one, shared), one.size) for one in tensors])
    num_params = lifted.num_params()
    shape: Any = step.input_shape
    output: Any = step.output_shape
    if shape is None or output is None:
        return Working(step.path, step.layer, None, None, (), parameters, num_params, None)
    names = [name for _, name in lifted.names(len(output))]
    lengths = tuple(map(Line, names, lifted.lengths()))
    num_macs = lifted.num_macs()
    return Working(step.path, step.layer, shape, output, lengths, parameters, num_params, num_macs)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Shown):
    """The working of a network; `print` it.

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
        where F_out = out_features, F_in = in_features
    """

    parts: tuple[Working, ...]
    notes: tuple[str, ...] = ()  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def num_params(self) -> int:
        """The number of trainable values."""
        return int(sum([part.num_params for part in self.parts]))

    @property
    def num_macs(self) -> int | None:
        """The number of multiply-accumulates; None if shapes are unknown."""
        macs = [part.num_macs for part in self.parts]
        return None if None in macs else int(sum([one or 0 for one in macs]))

    @property
    def totals(self) -> tuple[Line, ...]:
        """The lines below several layers."""
        if len(self.parts) < 2:
            return ()
        lines = [Line("parameters", total([part.num_params for part in self.parts]))]
        if self.num_macs:
            lines.append(Line("MACs", total([part.num_macs or 0 for part in self.parts])))
        return tuple(lines)

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per line, as pandas and polars take them."""
        return [
            {
                "path": part.path,
                "layer": part.layer._text(),
                "label": line.label,
                "value": int(line.value),
                "working": " = ".join(line.steps()[:-1]),
            }
            for part in self.parts
            for line in part.lines
        ]

    def to_text(self, style: str = "unicode", width: int = WIDTH) -> str:
        style = as_choice(style, self, "style", ("unicode", "ascii"))
        width = as_count(width, self, "width")
        text = ""
        for part in self.parts:
            if len(self.parts) > 1 and part._is_brief():
                text += part._brief_text(style, width) + "\n"
                continue
            before = "\n" if text and not text.endswith("\n\n") else ""
            lines = [part.title(style=style, width=width), *text_lines(part.lines, style, width)]
            text += before + "\n".join(lines) + "\n\n"
        if self.totals:
            lines = ["total", *text_lines(self.totals, style, width)]
            text = text.rstrip("\n") + "\n\n" + "\n".join(lines)
        whole = [note.replace(" = ", "\xa0=\xa0") for note in self._below()]  # Not broken there.
        notes = [fill(note, width).replace("\xa0", " ") for note in whole]
        text = "\n".join([*filter(None, [text.strip("\n")]), *notes])
        return to_ascii(text) if style == "ascii" else text

    def _below(self) -> tuple[str, ...]:
        legend = legend_of(self.parts)
        return (*self.notes, legend) if legend else self.notes

    def to_latex(self) -> str:
        """An `aligned` environment for math mode; it needs amsmath."""
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
        """The title and the lines of each layer, then of the total."""
        groups = [(part.title(), part.lines) for part in self.parts]
        totals = self.totals
        return [*groups, ("total", totals)] if totals else groups

    def _table(self, style: str = "unicode") -> Table:
        rows: list[Row] = []
        for position, (title, lines) in enumerate(self._groups()):
            kind = "row" if position < len(self.parts) else "total"
            is_brief = kind == "row" and len(self.parts) > 1 and self.parts[position]._is_brief()
            rows.append(Row((title, ""), 0, "head" if kind == "row" else kind))
            for line in lines:
                working = " = ".join(line.steps(style))
                if not is_brief or is_made(line.value):
                    cell = Markup(working) if style == "html" else working
                    rows.append(Row((line.label, cell), 1, kind))
        return Table((Column("layer"), Column("working")), tuple(rows))


def text_lines(lines: tuple[Line, ...], style: str, width: int) -> list[str]:
    """A text per line; one too long for a terminal breaks before its equals signs."""
    labels = [printable(line.label) for line in lines]
    indent = max(10, *map(len, labels)) + 4
    texts: list[str] = []
    for label, line in zip(labels, lines, strict=True):
        start = f"  {label}".ljust(indent)
        steps = line.steps(style)
        text = start + " = ".join(steps)
        if len(text) > width:
            margin = f"\n{'':{indent}}"
            broken = [
                f"{margin}    ".join(parts(step, max(width - 6 - indent, 20))) for step in steps
            ]
            text = start + f"{margin}= ".join(broken)
        texts.append(text)
    return texts


def parts(step: str, width: int) -> list[str]:
    """A formula in lines of about `width`, broken after a sign outside brackets."""
    from textwrap import wrap  # Not at the head: seldom needed.

    bound = re.sub(r"\([^()]*\)|(?<![+−-]) ", lambda match: match[0].replace(" ", "\xa0"), step)
    return [line.replace("\xa0", " ") for line in wrap(bound, width, break_long_words=False)]


def total(counts: Sequence[int]) -> int:
    """The sum of counts, with its working if that is short."""
    summands = [int(count) for count in counts if count]
    if not 1 < len(summands) <= MAX_SUMMANDS:
        return sum(summands)
    return sum([Term(count, str(count)) for count in summands])


LETTERS = {
    **{letter: name for axes in AXES.values() for letter, _, name in axes},
    "C": "channels",
    "F": "features",
    "T": "time",
}
"""What the symbols of axes mean; those of fields are declared with the fields."""


def legend_of(parts: Sequence[Working]) -> str:
    """What the letters in the formulas stand for, in the order in which they occur."""
    meanings: dict[str, dict[str, None]] = {}
    for part in parts:
        layer = part.layer._bare
        if not isinstance(layer, Builtin):  # Its formulas have the names of its own attributes.
            continue
        fields = {spec.symbol: (name, spec) for name, spec in layer._specs.items() if spec.symbol}
        for line in part.lines:
            symbols = line.value.symbols("ascii") if isinstance(line.value, Term) else ""
            for symbol in re.findall(r"[^\W\d_]\w*", symbols):
                letter = symbol.partition("_")[0]
                name, spec = fields.get(symbol) or fields.get(letter) or ("", None)
                if spec and (symbol == spec.symbol or spec.per_axis):
                    letter = spec.symbol
                    is_axis = spec.states and letter in LETTERS
                    meanings.setdefault(letter, {})[LETTERS[letter] if is_axis else name] = None
                elif letter in LETTERS:
                    meanings.setdefault(letter, {})[LETTERS[letter]] = None
    pairs = [(letter, " or ".join(found)) for letter, found in meanings.items()]
    text = ", ".join([f"{letter} = {meaning}" for letter, meaning in pairs])
    return text and f"where {text}"


def explain(
    network: Layer, input_shape: InputShape | None = None, *, at: str | None = None
) -> Explanation:
    """The working of every shape and count.

    It runs the methods that count, on ints that remember how they were made. So it works for your
    own layers, and cannot disagree with the count.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`, or to explain parameters alone
            where all channels and features are given.
        at: the path of the part to explain, as tables print it; None is the whole network.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: nothing is at that path.
        ShapeError: a layer does not fit its input, or the shape is needed and missing.

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
        where C_out = out_channels, H = height, k = kernel_size, W = width,
        C_in = in_channels
    """
    steps = walk(network, input_shape, "explain")
    found = lift_all(steps)
    if at is None:
        return explanation(found, notes_of(network, steps))
    part = as_parts(as_str(at, "explain", "at"), "explain", "at", network)
    return explanation([one for one in found if outermost(one.step.path, part) is not None])


def explain_step(step: Step) -> Explanation:
    """The working of one step alone."""
    if step.layer._network_depth:  # A merge: its branches are other steps.
        return Explanation((Working(*step[:4], (), (), 0, 0),))
    return explanation(lift_all([step._replace(inputs=(-1,) * len(step.inputs))]))


def explanation(steps: Sequence[Lifted], notes: Iterable[str] = ()) -> Explanation:
    """The explanation of steps."""
    parts = [replace(part, path=path) for path, part in work_all(steps, work)]
    shaped = [one for one in steps if one.step.input_shape]
    pairs = [(one, one.layer._remark(one.step.input_shape)) for one in shaped]
    remarks = [
        f"{one.step.path} {type(one.layer).__name__}: {text}".strip() for one, text in pairs if text
    ]
    return Explanation(tuple(parts), (*notes, *remarks))
