"""Goldens: their cases, what may differ from them, and the tables of both."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import oracle
from layers import ROWS
from records import entries, tuples

import paramcalc as pc
from paramcalc._counterparts import counterparts

Shape = tuple[int, ...]
Tensors = list[tuple[str, Shape]]

KINDS = ["the same answer", "refused by both", "deliberate differences"]
HERE = Path(__file__).parent
NAMES = {row.name for row in ROWS}


def layers_of(framework: str) -> list[str]:
    """The layers that torch or Keras has too."""
    theirs = {one.layer for one in counterparts(framework)}
    return [row.name for row in ROWS if row.name in theirs and row.is_compared]


@dataclass(frozen=True)
class Outcome:
    output: Shape
    parameters: Tensors
    buffers: Tensors


@dataclass(frozen=True)
class Case:
    layer: str
    fields: dict[str, Any]
    shape: Shape
    there: Outcome | None
    """What the framework says; None if it refuses."""
    error: str
    branches: list[Shape]

    @property
    def rank(self) -> int:
        """The number of axes of the input."""
        return len(self.shape)

    @property
    def input(self) -> Any:
        """The input of a layer; the second of a decoder is among the fields."""
        memory = self.fields.get("memory")
        return self.shape if memory is None else {"tgt": self.shape, "memory": memory}

    @property
    def inside(self) -> str:
        """The name of the layer, without one around it."""
        name: str = self.fields.get("layer", (self.layer,))[0]
        return name

    @property
    def channels_last(self) -> bool:
        return self.fields.get("data_format") == "channels_last"

    @property
    def channels(self) -> int:
        return self.shape[-1 if self.channels_last else 0]

    @property
    def spatial(self) -> Shape:
        return self.shape[:-1] if self.channels_last else self.shape[1:]

    @property
    def given(self) -> list[tuple[Any, ...]]:
        """The fields that are tuples."""
        return [one for one in map(entries, self.fields.values()) if one is not None]

    @property
    def fits(self) -> bool:
        """Whether these have one entry for each spatial axis."""
        return all(len(one) == len(self.spatial) for one in self.given)

    @property
    def is_conv(self) -> bool:
        return "Conv" in self.layer

    def spread(self, value: Any) -> tuple[Any, ...]:
        """One for each spatial axis."""
        given = entries(value)
        return (value,) * len(self.spatial) if given is None else given

    def join(self, channels: int, lengths: list[int]) -> Shape:
        return (*lengths, channels) if self.channels_last else (channels, *lengths)


def flat(value: Any) -> list[Any]:
    given = entries(value)
    return [value] if given is None else [one for inner in given for one in flat(inner)]


def read(path: Path, tool: str, version: str) -> list[Case]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, *lines = [json.loads(line) for line in file]
    assert header[tool].partition("+")[0] == version
    cases: list[Case] = []
    for line in lines:
        there = None
        if line["output"] is not None:
            kept = [
                [(name, tuple(shape)) for name, shape in line.get(kind, [])]
                for kind in ("parameters", "buffers")
            ]
            there = Outcome(tuple(line["output"]), *kept)
        fields = {key: tuples(one) for key, one in line["fields"].items()}
        branches = [tuple(one) for one in line.get("branches", [])]
        error = line.get("error", "")
        cases.append(Case(line["layer"], fields, tuple(line["shape"]), there, error, branches))
    return cases


def make(layer: str, fields: dict[str, Any]) -> pc.Layer:
    kind = getattr(pc, layer)
    made: pc.Layer
    if "layer" in fields:
        name, inner = fields["layer"]
        made = kind(make(name, {key: tuples(one) for key, one in inner.items()}))
        return made
    if "layers" not in fields:
        made = kind(**fields)
        return made
    branches = [
        make(name, {key: tuples(one) for key, one in inner.items()})
        for name, inner in fields["layers"]
    ]
    made = kind(branches, **{key: one for key, one in fields.items() if key != "layers"})
    return made


def calculated(case: Case) -> Outcome | None:
    """What paramcalc says; None if it refuses."""
    fields, shape = dict(case.fields), case.input
    fields.pop("memory", None)
    try:
        layer = make(case.layer, fields)
        output = layer.output_shape(shape)
    except pc.ParamcalcError:
        return None
    except TypeError as error:
        if str(error).partition(":")[0] not in NAMES:  # Not one that paramcalc means.
            raise
        return None
    parameters = layer.parameters(shape)
    assert layer.num_params(shape) == sum([one.size for one in parameters if one.trainable])
    kept: dict[bool, Tensors] = {True: [], False: []}
    for one in parameters:
        # A branch without a name is [0] here, and 0 in a framework.
        name = one.name.replace("[", "").replace("]", "")
        kept[one.trainable].append((name, one.shape))
    return Outcome(output, kept[True], kept[False])


@dataclass(frozen=True)
class Difference:
    """A kind of cases, told from case and answer there, and how paramcalc differs."""

    refuses: str
    """"here", "there", or "neither": then the output shape differs."""
    covers: Callable[[Case], bool]
    """Of cases that are refused there, if it is one of these, and of no others."""
    there: str
    here: str
    because: str
    gives: Callable[[Case], Shape | None] | None = None
    """The output here."""
    error: str = ""
    """How the error begins there."""


def accepted(there: str, because: str, covers: Callable[[Case], bool]) -> Difference:
    """What the framework takes and paramcalc does not."""
    return Difference("here", covers, there, "refused", because)


def refused(
    there: str,
    here: str,
    because: str,
    covers: Callable[[Case], bool],
    gives: Callable[[Case], Shape | None],
    error: str = "",
) -> Difference:
    """What the framework refuses, beginning with `error`, and paramcalc takes."""
    return Difference("there", covers, there, here, because, gives, error)


def slid(case: Case, **changes: Any) -> Shape:
    """The output of a convolution or pooling, its windows walked on each axis."""
    fields = case.fields | changes
    sizes = case.spread(fields["kernel_size"])
    strides = case.spread(fields.get("stride", 1 if case.is_conv else sizes))
    paddings = case.spread(fields.get("padding", 0))
    spreads = case.spread(fields.get("dilation", 1))
    more = case.spread(fields.get("output_padding", 0))
    lengths: list[int] = []
    for axis in zip(case.spatial, sizes, strides, paddings, spreads, more, strict=True):
        length, size, stride, padding, spread, extra = axis
        sides = oracle.sides((0, 0) if padding == "valid" else padding)
        if "Transpose" in case.layer:
            found = len(oracle.scattered(length, size, stride, sides, extra, spread))
        else:
            ceil_mode = fields.get("ceil_mode", False)
            found = len(oracle.windows(length, size, stride, sides, spread, ceil_mode=ceil_mode))
        lengths.append(found)
    filters = case.channels * fields.get("depth_multiplier", 1)
    return case.join(fields.get("out_channels", filters), lengths)


def on_each_axis(case: Case) -> Shape | None:
    """The output of a layer with more axes than a framework takes."""
    fields, spatial = case.fields, case.spatial
    if case.layer in {"BatchNorm", "InstanceNorm"}:
        return case.shape
    if case.layer == "GlobalPool":
        return (case.channels,)
    if case.layer == "AdaptivePool":
        sizes = case.spread(fields["output_size"])
        lengths = [size or length for size, length in zip(sizes, spatial, strict=True)]
    elif case.layer == "Upsample":
        each = zip(
            spatial,
            case.spread(fields.get("size")),
            case.spread(fields.get("scale_factor")),
            strict=True,
        )
        lengths = [size or int(length * factor) for length, size, factor in each]
    elif case.layer in {"Pad", "Crop"}:
        sides = case.spread(fields["padding" if case.layer == "Pad" else "cropping"])
        sums = [sum(case.spread(side)[:2]) for side in sides]
        if case.layer == "Crop":
            sums = [-one for one in sums]
        lengths = [length + one for length, one in zip(spatial, sums, strict=True)]
    else:
        assert case.layer == "Pool"
        return slid(case)
    return case.join(case.channels, lengths)


@dataclass(frozen=True)
class Judged:
    """A case, and what both say of it."""

    case: Case
    difference: str
    """The first that covers it; nothing, if both are to say the same."""
    here: Outcome | None
    there: Outcome | None

    @property
    def kind(self) -> str:
        return KINDS[2] if self.here != self.there else KINDS[self.here is None]


@dataclass(frozen=True)
class Golden:
    """What a framework said, and how paramcalc is held to it."""

    tool: str
    version: str
    layers: list[str]
    """Those of paramcalc that it has."""
    differences: dict[str, Difference]
    """Of two that cover a case, the first counts."""
    ours: Callable[[Case], Outcome | None] = calculated
    """What paramcalc says, in the framework's terms as far as these are compared."""
    theirs: Callable[[Case], Outcome | None] = lambda case: case.there
    least: int = 300
    """How many cases there are of each layer."""
    never_refused: tuple[str, ...] = ()

    @cached_property
    def judged(self) -> dict[str, list[Judged]]:
        """Every case of every layer, asked once."""
        found: defaultdict[str, list[Judged]] = defaultdict(list)
        for case in read(HERE / f"{self.tool}.jsonl.gz", self.tool, self.version):
            difference = self.difference(case)
            found[case.layer].append(Judged(case, difference, self.ours(case), self.theirs(case)))
        return found

    def difference(self, case: Case) -> str:
        for name, one in self.differences.items():
            fits = case.error.startswith(one.error) and (one.refuses == "there") == (not case.there)
            if fits and one.covers(case):
                return name
        return ""

    @cached_property
    def by_difference(self) -> dict[str, list[Judged]]:
        found: defaultdict[str, list[Judged]] = defaultdict(list)
        for one in [one for cases in self.judged.values() for one in cases]:
            found[one.difference].append(one)
        return found

    def rows(self) -> list[list[str]]:
        """For each layer the cases, what agrees and what does not, and last the sums."""
        counts = {
            f"`{layer}`": Counter([one.kind for one in self.judged[layer]]) for layer in self.layers
        }
        counts["all"] = sum(counts.values(), Counter[str]())
        return [
            [name, *[f"{one:,}" for one in (found.total(), *[found[kind] for kind in KINDS])]]
            for name, found in counts.items()
        ]

    @cached_property
    def tables(self) -> str:
        """What docs/conformance.md has of it."""
        kinds = [
            [name, one.there, one.here, one.because, f"{len(self.by_difference[name]):,}"]
            for name, one in self.differences.items()
        ]
        return (
            table(["layer", "cases", *KINDS], self.rows())
            + "\nThe deliberate differences:\n\n"
            + table(["case", self.tool, "here", "because", "cases"], kinds)
        )


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown, with columns of numbers to the right."""
    rule = ["---:" if cell.replace(",", "").isdigit() else "---" for cell in rows[0]]
    return "".join([f"| {' | '.join(row)} |\n" for row in [head, rule, *rows]])
