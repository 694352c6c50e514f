"""Two networks side by side; and the difference of two counts, explained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paramcalc._align import aligned
from paramcalc._checks import as_int, wrong
from paramcalc._conventions import (
    ADDED,
    AUXILIARY,
    FOLDED,
    FROZEN,
    SHARED,
    Convention,
    before_norms,
    conventions_of,
    explanations,
    has_bias,
    is_kind,
)
from paramcalc._plan import plan_of
from paramcalc._repeats import repeats, span, times_text
from paramcalc._trace import Step, shape_text, walk, ways
from paramcalc.errors import ParamcalcError, counted
from paramcalc.layers._base import InputShape, Layer
from paramcalc.layers._builtin import Builtin
from paramcalc.layers.norm import ChannelNorm
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

SAME = "no difference in parameters"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two networks, or of two counts.

    Args:
        cause: what kind it is of.
        path: the place of the layer, or of the network, in both or in one; empty for a count.
        text: what differs there; empty for a count.
        num_params: how many parameters more the second has.
        num_layers: the number of layers.

    Example:
        >>> import paramcalc as pc
        >>> pc.compare(pc.Dense(4, 3), pc.Dense(4, 3, bias=False)).differences[0].text
        'bias=True → False'
    """

    cause: str
    path: str
    text: str
    num_params: int
    num_layers: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Shown):
    """What differs between two networks, or their counts.

    Args:
        a: the first network, or count.
        b: the second.
        num_params: the number of parameters of each.
        differences: what differs.
        notes: what a reader should know about them.

    Example:
        >>> import paramcalc as pc
        >>> found = pc.compare(pc.Conv2d(3, 8, 3), pc.Conv2d(3, 8, 3, bias=False))
        >>> found.num_params, found.unexplained
        ((224, 216), 0)
    """

    a: Layer | int
    b: Layer | int
    num_params: tuple[int, int]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def unexplained(self) -> int:
        """How many parameters more the second has beyond what the differences explain."""
        first, second = self.num_params
        return second - first - sum([one.num_params for one in self.differences])

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per difference, for pandas or polars."""
        return [dataclasses.asdict(one) for one in self.differences]

    def _table(self, style: str = "unicode") -> Table:
        names = [one._text() if isinstance(one, Layer) else "given" for one in (self.a, self.b)]
        first, last = [
            (f"{side}: {name}", "", f"{number:,}")
            for side, name, number in zip("ab", names, self.num_params, strict=True)
        ]
        rows = [Row(first)]
        causes = dict.fromkeys([one.cause for one in self.differences])
        for cause in sorted(causes, key=lambda cause: cause == SAME):
            alike = [one for one in self.differences if one.cause == cause]
            num_layers = sum([one.num_layers for one in alike])
            num_params = sum([one.num_params for one in alike])
            rows.append(Row((cause, f"{num_layers:,}", signed(num_params))))
            for one in alike:
                text = ": ".join(filter(None, (one.path, one.text)))
                rows += [Row((text, "", signed(one.num_params)), level=1)] * bool(text)
        if self.unexplained:
            rows.append(Row(("unexplained", "", signed(self.unexplained))))
        columns = Column("difference"), Column("layers", True), Column("parameters", True)
        return Table(columns, (*rows, Row(last, kind="total")))


def signed(number: int) -> str:
    """A difference, as in +1,000 and −1,000; empty if there is none."""
    return f"{number:+,}".replace("-", "−") if number else ""


class Side(NamedTuple):
    """A network or count, its layers by path, and its number of parameters."""

    given: Layer | int
    steps: Mapping[str, Step]
    num_params: int

    def reads(self) -> dict[str, tuple[str, ...]]:
        """What each layer reads, by path; empty texts for the input of the network."""
        paths = [*self.steps]
        return {
            path: tuple([paths[at] if at >= 0 else "" for at in step.inputs])
            for path, step in self.steps.items()
        }


def as_side(value: Any, name: str, input_shape: Any) -> Side:
    """A network or a count, checked."""
    if isinstance(value, Layer):
        steps = walk(value, input_shape, "compare")
        return Side(value, {one.path: one for one in steps}, sum([one.num_params for one in steps]))
    number = as_int(value, "compare", name, "be a Layer or an int")
    if number < 0:
        raise ParamcalcError(wrong("compare", name, "be at least 0", number))
    return Side(number, {}, number)


def of_counts(a: Side, b: Side) -> tuple[list[Difference], list[str]]:
    """The difference of two counts by what tools count, and the notes."""
    sign, steps = (1, a.steps) if isinstance(a.given, Layer) else (-1, b.steps)
    difference = b.num_params - a.num_params
    if not difference:
        return [], [f"Both have {a.num_params:,} parameters."]
    known = conventions_of([*steps.values()])
    found = explanations(known, sign * difference)
    if not found:
        tried = f"Known here: {in_words(known, sign)}." if known else "None is known here."
        return [], [f"No combination of what tools count makes this difference. {tried}"]
    chosen, *others = found
    notes = ["The difference is explained to the last parameter."]
    notes += [f"Or: {in_words(one, sign)}." for one in others]
    return [
        Difference(one.name, "", "", sign * one.num_params, one.num_layers) for one in chosen
    ], notes


def of_networks(a: Side, b: Side) -> tuple[list[Difference], list[str]]:
    """The differences of two networks by path, and the notes.

    If most layers have no place in both, and what tools count explains the counts, that does.
    """
    networks: Any = a.given, b.given
    pairs = {
        path: other for path, other in aligned(*networks) if path in a.steps and other in b.steps
    }
    weighing = [path for path, step in a.steps.items() if step.num_params]
    if 2 * len([path for path in weighing if path in pairs]) < len(weighing):
        found, _ = of_counts(a, b)
        if found:
            return found, ["Most layers have no place in both: the counts alone are compared."]
    differences = [*by_path(a, b, pairs)]
    if not differences:
        return [], ["The networks do not differ."]
    same = f"Both have {a.num_params:,} parameters."
    return differences, [same] * (a.num_params == b.num_params)


def in_words(conventions: Sequence[Convention], sign: int) -> str:
    """Conventions with their numbers."""
    return ", ".join([f"{one.name} {signed(sign * one.num_params)}" for one in conventions])


def by_path(a: Side, b: Side, pairs: Mapping[str, str]) -> Iterator[Difference]:
    """Yield what differs between two networks, of which layers belong together."""
    steps = [[*side.steps.values()] for side in (a, b)]
    back = {other: path for path, other in pairs.items()}
    folded = {*folded_into(steps[0], b, pairs)}, {*folded_into(steps[1], a, back)}
    normed = [{before.path for _, before in before_norms(some) if before} for some in steps]
    reads, others_read = a.reads(), b.reads()
    known, others_known = {"", *pairs}, {"", *back}
    for path, other in pairs.items():
        one, two = a.steps[path], b.steps[other]
        number = two.num_params - one.num_params
        texts = [*changes(one, two)]
        if number and all(text.startswith("output ") for text in texts):
            texts = [*changed_tensors(one, two), *texts]
        old, new = [*reads[path]], [*others_read[other]]
        if {*old} <= known and [pairs.get(at, at) for at in old] != new and {*new} <= others_known:
            texts.append(f"reads {in_row(old)} → {in_row(new)}")
        if texts or number:
            has_norm = path in normed[0] or other in normed[1]
            cause = cause_of(one, two, texts, has_norm)
            cause = FOLDED if path in folded[0] or other in folded[1] else cause
            yield Difference(cause if number else SAME, path, "; ".join(texts), number)
    yield from only_in("a", a, {*pairs}, folded[0])
    yield from only_in("b", b, {*back}, folded[1])


def in_row(paths: Sequence[str]) -> str:
    """The paths of what a layer reads."""
    return ", ".join([path or "input" for path in paths])


def folded_into(steps: Sequence[Step], there: Side, pairs: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths of normalizations that are gone there, and of layers with a bias instead."""
    for norm, before in before_norms(steps):
        if before is None or has_bias(before.layer) or before.path not in pairs:
            continue
        heir = there.steps[pairs[before.path]].layer
        rest = there.steps[pairs[norm.path]] if norm.path in pairs else None
        is_gone = rest is None or not is_kind(rest, ChannelNorm)
        if is_gone and type(heir._thawed) is type(before.layer._thawed) and has_bias(heir):
            yield from (norm.path, before.path)


def changes(one: Step, other: Step) -> Iterator[str]:
    """Yield what differs between two layers at one path."""
    before: Any = one.layer
    after: Any = other.layer
    if type(before) is not type(after) or type(before._thawed) is not type(after._thawed):
        yield f"{before._text()} → {after._text()}"
    elif before._network_depth:  # A merge, whose branches are rows of their own.
        old, new = [", ".join(merge._option_texts()) for merge in (before, after)]
        yield from [f"{old or 'dim=0'} → {new or 'dim=0'}"] * (old != new)
    elif isinstance(before._thawed, Builtin):
        yield from changed_fields(before._thawed, after._thawed)
    ends = one.output_shape, other.output_shape
    if all(ends) and ends[0] != ends[1]:  # None where the input is not known.
        yield f"output {' → '.join(map(shape_text, ends))}"


def changed_fields(before: Any, after: Any) -> Iterator[str]:
    """Yield the fields that differ between two layers of a class."""
    for name in before._specs:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{name}={before._brief(old)} → {after._brief(new)}"


def changed_tensors(one: Step, other: Step) -> Iterator[str]:
    """Yield the shapes of tensors that differ, as in layers that take a size from the input."""
    after = {tensor.name: tensor.shape for tensor in other.parameters}
    for tensor in one.parameters:
        if after.get(tensor.name, tensor.shape) != tensor.shape:
            shapes = shape_text(tensor.shape), shape_text(after[tensor.name])
            yield f"{tensor.name} {' → '.join(shapes)}"


def cause_of(one: Step, other: Step, texts: Sequence[str], has_norm: bool) -> str:
    """Of what kind a difference in parameters is."""
    if one.layer._is_frozen != other.layer._is_frozen:
        return FROZEN
    if bool(one.shared) != bool(other.shared):
        return SHARED
    if [text.partition("=")[0] for text in texts] == ["bias"]:
        return ADDED if has_norm else "biases"
    if not is_kind(one, type(other.layer._thawed)):
        return "layers that differ"
    return f"{'fields' if any('=' in text for text in texts) else 'tensors'} that differ"


def only_in(name: str, side: Side, paired: set[str], folded: set[str]) -> Iterator[Difference]:
    """Yield the layers of a side alone: networks whole, where all of it is; repeated ones once."""
    shared = {way for path in paired for way in ways(path)}
    parts: dict[str, list[Step]] = {}
    for path, step in side.steps.items():
        if path not in paired:
            whole = next((way for way in ways(path)[1:] if way not in shared), path)
            parts.setdefault(whole, []).append(step)
    network: Any = side.given
    plan = plan_of(network)
    layers = {path: layer for path, layer, *_ in plan.nodes} | plan.networks
    for run in runs(parts):
        counts = [tuple([step.num_params for step in parts[path]]) for path in run]
        alike = zip([layers[path] for path in run], counts, strict=True)
        for start, size, times in repeats(run, alike):
            path, steps = run[start], parts[run[start]]
            text = f"{times_text(times)}{layers[path]._text()}"
            text += f" of {counted(len(steps), 'layer')}" * (len(steps) > 1)
            number = sum([step.num_params for step in steps]) * times * (1 if name == "b" else -1)
            cause = f"layers only in {name}"
            if path in folded or "aux" in path.lower():
                cause = FOLDED if path in folded else AUXILIARY
            where = span(path, (times - 1) * size)
            yield Difference(cause, where, text, number, len(steps) * times)


def runs(paths: Iterable[str]) -> list[list[str]]:
    """The paths, with those that number neighbors together."""
    found: list[list[str]] = []
    for path in paths:
        before, _, index = path.rpartition("[")
        last = f"{before}[{int(index[:-1]) - 1}]" if path.endswith("]") else None
        if found and found[-1][-1] == last:
            found[-1].append(path)
        else:
            found.append([path])
    return found


def compare(a: Layer | int, b: Layer | int, input_shape: InputShape | None = None) -> Comparison:
    """What differs between two networks, or their counts.

    Two networks are compared by path: layers that only one has, fields, output shapes, and
    parameters. Or give a number that a tool prints in place of one: then the difference is
    explained by what tools count or leave out, such as the running statistics of `BatchNorm`. Of
    the combinations that reach the number exactly, the smallest comes first.

    Args:
        a: a network or a layer, or a number of parameters.
        b: the same; one of the two is a network or a layer.
        input_shape: the input shape of both; not needed where parameters do not depend on it.

    Raises:
        TypeError: an argument is of the wrong type, or both are numbers.
        ParamcalcError: a number is below 0.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> from paramcalc import zoo
        >>> print(pc.compare(zoo.resnet50(), 25_636_712))  # As Keras counts it.
        difference                              layers  parameters
        ──────────────────────────────────────────────────────────
        a: Sequential                                   25,557,032
        running means and variances                 53     +53,120
        biases of layers before normalizations      53     +26,560
        ──────────────────────────────────────────────────────────
        b: given                                        25,636,712
        ──────────────────────────────────────────────────────────
        The difference is explained to the last parameter.
    """
    first, second = as_side(a, "a", input_shape), as_side(b, "b", input_shape)
    counts = first.num_params, second.num_params
    number = [isinstance(one.given, Layer) for one in (first, second)].count(True)
    if not number:
        raise TypeError(wrong("compare", "a or b", "be a Layer", counts))
    found, notes = (of_networks if number == 2 else of_counts)(first, second)
    return Comparison(first.given, second.given, counts, tuple(found), tuple(notes))
