"""What the conformance suites share: goldens, what may differ from them, and the tables of both."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from generator import entries, tuples

import paramcalc as pc

Shape = tuple[int, ...]
Tensors = list[tuple[str, Shape]]

KINDS = ["the same answer", "refused by both", "deliberate differences"]
HERE = Path(__file__).parent
PUBLIC = {
    name
    for name in pc.__all__
    if isinstance(getattr(pc, name), type) and issubclass(getattr(pc, name), pc.Layer)
}
"""The layers."""
UNCHANGING = {"Layer", "Sequential", "Input", "Activation", "Dropout", "Identity", "Frozen"}
"""What a framework could say nothing about."""


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
        """How many axes arrive."""
        return len(self.shape)

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
        return self.layer.startswith("Conv")

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
        fields = {
            key: one if key == "layers" else tuples(one) for key, one in line["fields"].items()
        }
        branches = [tuple(one) for one in line.get("branches", [])]
        error = line.get("error", "")
        cases.append(Case(line["layer"], fields, tuple(line["shape"]), there, error, branches))
    return cases


def make(layer: str, fields: dict[str, Any]) -> pc.Layer:
    fields = {key: tuples(one) for key, one in fields.items() if key != "layers"} | {
        "layers": [make(name, inner) for name, inner in fields.get("layers", [])]
    }
    layers = fields.pop("layers")
    made: pc.Layer = getattr(pc, layer)(*([layers] if layers else []), **fields)
    return made


def calculated(case: Case) -> Outcome | None:
    """What paramcalc says; None if it refuses."""
    try:
        layer = make(case.layer, case.fields)
        output = layer.output_shape(case.shape)
    except pc.ParamcalcError:
        return None
    except TypeError as error:
        if str(error).partition(":")[0] not in PUBLIC:  # Not one that paramcalc means.
            raise
        return None
    parameters = layer.parameters(case.shape)
    assert layer.num_params(case.shape) == sum([one.size for one in parameters if one.trainable])
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
    """"here", "there", or "neither": then it is another shape that leaves."""
    covers: Callable[[Case], bool]
    there: str
    here: str
    because: str
    gives: Callable[[Case], Shape | None] | None = None
    """What leaves here."""


def accepted(there: str, because: str, covers: Callable[[Case], bool]) -> Difference:
    """What the framework takes and paramcalc does not."""
    return Difference(
        "here", lambda case: case.there is not None and covers(case), there, "refused", because
    )


def refused(
    there: str,
    here: str,
    because: str,
    covers: Callable[[Case], bool],
    gives: Callable[[Case], Shape | None],
    error: str = "",
) -> Difference:
    """What the framework refuses, beginning with `error`, and paramcalc takes."""
    return Difference(
        "there",
        lambda case: case.there is None and case.error.startswith(error) and covers(case),
        there,
        here,
        because,
        gives,
    )


def on_each_axis(case: Case) -> Shape | None:
    """What a layer leaves of more axes than a framework has it for."""
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
        lengths = [size or length * factor for length, size, factor in each]
    elif case.layer in {"Pad", "Crop"}:
        sides = case.spread(fields["padding" if case.layer == "Pad" else "cropping"])
        sums = [sum(case.spread(side)[:2]) for side in sides]
        if case.layer == "Crop":
            sums = [-one for one in sums]
        lengths = [length + one for length, one in zip(spatial, sums, strict=True)]
    else:
        assert case.layer == "Pool"
        up = fields["kernel_size"] - 1 if fields.get("padding") == "same" else 0
        lengths = [(length + up) // fields["kernel_size"] for length in spatial]
    return case.join(case.channels, lengths)


@dataclass(frozen=True)
class Golden:
    """What a framework said, and how paramcalc is held to it."""

    tool: str
    version: str
    layers: list[str]
    differences: dict[str, Difference]
    """Of two that cover a case, the first counts."""
    ours: Callable[[Case], Outcome | None] = calculated
    """What paramcalc says, in the framework's terms as far as these are compared."""
    theirs: Callable[[Case], Outcome | None] = lambda case: case.there

    @cached_property
    def cases(self) -> dict[str, list[Case]]:
        found: defaultdict[str, list[Case]] = defaultdict(list)
        for case in read(HERE / f"{self.tool}.jsonl.gz", self.tool, self.version):
            found[case.layer].append(case)
        return found

    @cached_property
    def named(self) -> dict[str, list[tuple[Case, str | None]]]:
        """Each case of each layer with its difference."""
        return {
            layer: [(one, self.difference(one)) for one in self.cases[layer]]
            for layer in self.cases
        }

    def difference(self, case: Case) -> str | None:
        return next((name for name, one in self.differences.items() if one.covers(case)), None)

    def of(self, name: str) -> list[Case]:
        """The cases of a difference."""
        return [case for found in self.named.values() for case, one in found if one == name]

    def check_agreement(self, layer: str) -> None:
        """Each case agrees that is of no difference."""
        wrong = [
            (case, here)
            for case, name in self.named[layer]
            if not name and (here := self.ours(case)) != self.theirs(case)
        ]
        assert not wrong, f"{len(wrong)} of {len(self.cases[layer])} cases, the first: {wrong[0]}"

    def check_difference(self, name: str) -> None:
        """There are cases of it, and each differs in just that way."""
        stated = self.differences[name]
        cases = self.of(name)
        assert cases, "no case"
        for case in cases:
            here, there = self.ours(case), self.theirs(case)
            refuses = "here" if here is None else "there" if there is None else "neither"
            assert refuses == stated.refuses, (case, here)
            if here is None:
                continue
            assert stated.gives is not None
            assert here.output == stated.gives(case), (case, here)
            if there is not None:
                assert here.output != there.output, case
                assert (here.parameters, here.buffers) == (there.parameters, there.buffers), case

    def check_numbers(self, layer: str, least: int, *, refusals: bool = True) -> None:
        """There are cases enough, right and wrong ones, all different."""
        cases = self.cases[layer]
        assert len({f"{case.fields} {case.shape}" for case in cases}) == len(cases) >= least
        plain = [case for case, name in self.named[layer] if not name]
        assert {case.there is None for case in plain} == {refusals, False}
        assert sum(case.there is not None for case in plain) >= least // 3

    def check_layers(self, lacking: set[str]) -> None:
        """Every public layer is compared, but those the framework lacks."""
        assert lacking <= PUBLIC
        assert set(self.layers) == PUBLIC - UNCHANGING - lacking == set(self.cases)

    def check_missing(self, folder: Path) -> None:
        """Where there is no golden, or an empty one, nothing passes."""
        path = folder / f"{self.tool}.jsonl.gz"
        with pytest.raises(FileNotFoundError):
            read(path, self.tool, self.version)
        path.write_bytes(gzip.compress(b""))
        with pytest.raises(ValueError, match="not enough values"):
            read(path, self.tool, self.version)

    def rows(self) -> list[list[str]]:
        """For each layer the cases, what agrees and what does not, and last the sums."""
        counts = {
            f"`{layer}`": Counter([self.kind(case) for case in self.cases[layer]])
            for layer in self.layers
        }
        counts["all"] = sum(counts.values(), Counter[str]())
        return [
            [name, *[f"{one:,}" for one in (found.total(), *[found[kind] for kind in KINDS])]]
            for name, found in counts.items()
        ]

    def kind(self, case: Case) -> str:
        here = self.ours(case)
        if here != self.theirs(case):
            return KINDS[2]
        return KINDS[here is None]

    def tables(self) -> str:
        """What docs/conformance.md has of it."""
        kinds = [
            [name, one.there, one.here, one.because, f"{len(self.of(name)):,}"]
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
