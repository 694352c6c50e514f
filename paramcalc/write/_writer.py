"""A network as statements that make each tensor of others, for any framework."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from paramcalc._blocks import SeparableConv
from paramcalc._network import Sequential
from paramcalc._plan import inputs_of, plan_of
from paramcalc._trace import Step, outermost, walk, ways
from paramcalc.errors import join_path
from paramcalc.layers._base import InputShape, Layer
from paramcalc.write._source import At, Op, Rule, Unit, name_of, ops_of


class Writer:
    """What is common to the source for all frameworks."""

    framework: ClassVar[str]
    rules: ClassVar[Mapping[type[Layer], Rule]]
    whole: ClassVar[tuple[type[Layer], ...]]
    """Networks that are one layer there."""
    words: ClassVar[str]
    """Names that mean something else there."""

    def __init__(self, network: Layer, input_shape: InputShape | None) -> None:
        steps = walk(network, input_shape, f"write.{self.framework}", counting=False)
        self.network, self.plan = network, plan_of(network)
        self.inputs = inputs_of(network, network._checked(input_shape))
        self.taken = {*self.words.split()}
        self.tensors: dict[int, str] = {}
        """The names of tensors, by the step or input that gives them."""
        self.held: dict[object, str] = {}
        """The names of layers that are shared."""
        self.units = list(self.read(steps))

    def read(self, steps: Sequence[Step]) -> Iterator[Unit]:
        """The units of the steps."""
        networks = self.plan.networks
        whole = frozenset([p for p, one in networks.items() if isinstance(one._thawed, self.whole)])
        parts = [outermost(step.path, whole) for step in steps]
        keys: list[str | int] = [at if one is None else one for at, one in enumerate(parts)]
        for part, group in groupby(range(len(steps)), keys.__getitem__):
            first, *others = group
            step, last = steps[first], others[-1] if others else first
            path, layer = step.path, step.layer
            if isinstance(part, str):
                path, layer = part, networks[part]
            shapes = step.merged or (step.input_shape,)
            output = steps[last].output_shape
            at = At(self.framework, path, layer._thawed, step.input_shape, output, shapes)
            ties = tuple([tie for number in (first, *others) for tie in steps[number].shared])
            facts = layer._shared_name, ties, layer._is_frozen, self.turns(at)
            yield Unit(at, ops_of(at, self.rules), step.inputs, last, *facts)

    def turns(self, at: At) -> bool | None:
        """Whether a layer reads the channels first where they come last; None is either."""
        return False

    def resolved(self) -> list[Unit]:
        """The units of which something is left, each reading the same or inputs."""
        passed = {one.end: one.reads[0] for one in self.units if not one.ops}

        def source(number: int) -> int:
            while number in passed:
                number = passed[number]
            return number

        self.ends = tuple(map(source, self.plan.ends))
        return [replace(one, reads=tuple(map(source, one.reads))) for one in self.units if one.ops]

    def readers(self, units: Sequence[Unit]) -> dict[int, set[int]]:
        """The places of the units that read each output or input; after the last comes the end."""
        found: dict[int, set[int]] = defaultdict(set)
        for place, unit in enumerate(units):
            for number in unit.reads:
                found[number].add(place)
        for number in self.ends:
            found[number].add(len(units))
        return found

    def body(self, units: Sequence[Unit], readers: Mapping[int, set[int]]) -> list[str]:
        """The statements. What the next one alone reads is called x."""
        lines: list[str] = []
        for place, unit in enumerate(units):
            follows = readers.get(unit.end) == {place + 1}
            name = "x" if follows else name_of(unit.path, self.taken)
            given, others = self.given(unit)
            for number, op in enumerate(unit.ops):
                made = self.hold(unit, number, op, lines) if op.made else ""
                line = op.used.format(*given, it=made, all=", ".join(given), **others)
                lines.append(f"{name} = {line}")
                given = [name]
            self.tensors[unit.end] = name
        return lines

    def given(self, unit: Unit) -> tuple[list[str], dict[str, str]]:
        """What a unit reads, and what else pieces of source may name."""
        return [self.tensors[number] for number in unit.reads], {}

    def rows(self) -> Iterator[Unit]:
        """The units, with those in a row as one."""
        at, before = 0, None
        while at < len(self.units):
            unit = self.units[at]
            end, row = at + 1, None
            for path in ways(unit.path):
                if path in self.plan.networks and (before is None or not is_inside(before, path)):
                    end = at + 1
                    while end < len(self.units) and is_inside(self.units[end].path, path):
                        end += 1
                    if row := self.row(path, self.units[at:end]):
                        break
            if row is None:
                end = at + 1
            yield row or unit
            at, before = end, self.units[end - 1].path

    def row(self, path: str, units: Sequence[Unit]) -> Unit | None:
        """The units of a network as one, if they are a row of layers."""
        network, inside = self.plan.networks[path], self.plan.networks[path]._thawed
        turns = {one.turns for one in units if one.ops} - {None}
        is_row = isinstance(inside, Sequential | SeparableConv) and len(turns) < 2
        if not is_row or not any(one.ops for one in units):
            return None
        for one in units:
            if not (one.is_plain and self.is_of_rows(path, one)):
                return None
            own = join_path(network._shared_name, one.path[len(path) :].removeprefix("."))
            if one.shared and not (network._shared_name and one.shared == own):
                return None
        at = replace(units[0].at, path=path, layer=inside, output=units[-1].at.output)
        ties = tuple([tie for one in units for tie in one.ties])
        ends = units[0].reads, units[-1].end, network._shared_name, ties
        return Unit(at, [Op(self.row_text(path, units))], *ends, turns=next(iter(turns), None))

    def is_of_rows(self, path: str, unit: Unit) -> bool:
        """Whether a unit stands in rows within a network."""
        networks = self.plan.networks
        around = [way for way in ways(unit.path) if len(way) > len(path) and way in networks]
        if around[-1:] == [unit.path] and isinstance(unit.at.layer, self.whole):
            around.pop()
        return all(isinstance(networks[way]._thawed, Sequential | SeparableConv) for way in around)

    if TYPE_CHECKING:

        def row_text(self, path: str, units: Sequence[Unit]) -> str:
            """The units of a network as a layer that has them in a row."""
            ...

        def hold(self, unit: Unit, number: int, op: Op, lines: list[str]) -> str:
            """What stands for a layer that is made; statements that come first go to `lines`."""
            ...

    def key(self, unit: Unit, number: int, op: Op) -> object:
        """What is equal for layers that are one: the name that is shared, the tensors, the text."""
        layer: Layer = unit.at.layer
        tensors = () if layer._network_depth else layer._tensors(unit.at.shape)
        return unit.shared, number, op.made, tuple([one.name for one in tensors])


def is_inside(path: str, part: str) -> bool:
    """Whether a path is that of a part, or of something in it."""
    return not part or path == part or path.startswith((f"{part}.", f"{part}["))
