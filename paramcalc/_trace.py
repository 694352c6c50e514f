"""A network as a list of steps, which every verb reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from paramcalc._checks import entries, later, wrong
from paramcalc._plan import ask, plan_of, run
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, show
from paramcalc.layers._base import InputShape, Layer, Parameter, Shape
from paramcalc.layers._windows import Window, as_sources, covered
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table


def ways(path: str) -> list[str]:
    """The paths of all networks around a path and the path itself, from the outside in."""
    return ["", *[path[: end.start()] for end in re.finditer(r"(?!^)(?:[.\[]|$)", path)]]


def outermost(path: str, parts: frozenset[str]) -> str | None:
    """The outermost of `parts` that contains a path; None if none does."""
    return next((one for one in ways(path) if one in parts), None) if parts else None


def as_parts(value: Any, verb: str, field: str, network: Layer) -> frozenset[str]:
    """A set of paths from `value`: one path in the network, or a tuple of them."""
    given = (value,) if isinstance(value, str) else entries(value)
    if given is None or not all(isinstance(one, str) for one in given):
        raise TypeError(wrong(verb, field, "be a path or a tuple of paths", value))
    plan = plan_of(network)
    inside = [way for path, *_ in plan.nodes for way in ways(path)] if given else []
    known = dict.fromkeys([*inside, *plan.networks])
    for path in given:
        if path not in known:
            around = [way for way in ways(path) if way in plan.networks][-1:]
            near = tuple([one for one in known if ways(one)[-2:-1] == around])
            wanted = f"name parts of the network, such as {show(near)}"
            raise ParamcalcError(wrong(verb, field, wanted, path))
    return frozenset(given)


class Step(NamedTuple):
    """One layer of a trace, with the shapes around it.

    Args:
        path: the place in the network: `[2]`, `features[2]`; empty for a layer on its own.
        layer: the layer; for a merge of branches, the `Add`, `Multiply` or `Concat`. In a
            `TimeDistributed`, that layer in one of its own.
        input_shape: the shape before it.
        output_shape: the shape after it.
        inputs: the steps that it reads, by position in the trace; -1 is the network's input, -2
            its second. A merge reads the last step of each branch.
        shared: the tensors that are counted at an earlier step: their names, and its path.
        merged: the shapes that it reads, if there are several.

    Example:
        >>> import paramcalc as pc
        >>> step, = pc.trace(pc.Flatten(), (12, 4, 4))
        >>> step.layer, step.input_shape, step.output_shape, step.inputs
        (Flatten(), (12, 4, 4), (192,), (-1,))
    """

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    inputs: tuple[int, ...] = (-1,)
    shared: tuple[tuple[str, str], ...] = ()
    merged: tuple[Shape, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The tensors of the layer, without those that it shares; a merge has none."""
        return tuple([one for one in self._tensors if one.name not in dict(self.shared)])

    @property
    def _tensors(self) -> tuple[Parameter, ...]:
        path, layer, shape, *_ = self
        return () if layer._network_depth else ask(path, layer, layer._tensors, shape)

    @property
    def _sizes(self) -> dict[str, int]:
        """The number of values that are trainable weights, frozen weights and buffers."""
        layer = self.layer._thawed
        weights = "frozen" if self.layer._is_frozen else "trainable"
        sizes = {"trainable": 0, "frozen": 0, "buffer": 0}
        for tensor in self._replace(layer=layer).parameters:
            sizes[weights if tensor.trainable else "buffer"] += tensor.size
        return sizes

    @property
    def num_params(self) -> int:
        """The number of trainable values; 0 for a merge."""
        if self.shared:
            return sum([one.size for one in self.parameters if one.trainable])
        path, layer, shape, *_ = self
        return 0 if layer._network_depth else ask(path, layer, layer._params, shape)

    @property
    def num_macs(self) -> int:
        """The number of multiply-accumulates for one example; 0 for a merge."""
        path, layer, shape, output, *_ = self
        if layer._network_depth:
            return 0
        return ask(path, layer, layer._macs, shape, output, *self.merged[1:])

    @property
    def num_uncovered(self) -> tuple[int, ...]:
        """Per spatial axis of the input, the number of positions that no window covers.

        They lie after the last window, or between windows if the stride exceeds their size. An
        axis that is seen whole has none. Layers without spatial axes, and those that need several
        inputs, give an empty tuple.

        Raises:
            ShapeError: a user's own layer does not define `sources`.
            ParamcalcError: a window has gaps and more than 1,000,000 taps.
        """
        layer, shape, output = self.layer, self.input_shape, self.output_shape
        if layer._network_depth or layer._is_merge:
            return ()
        sources = as_sources(layer._covering(shape), layer, len(shape), len(output))
        uncovered: dict[int, int] = {}
        slides: set[int] = set()
        for source, count in zip(sources, output, strict=True):
            if source is not None:
                axis, window = source
                uncovered[axis] = shape[axis] - covered(window, shape[axis], count)
                if window != Window() or uncovered[axis]:
                    slides.add(axis)
        if not slides and not layer._family.endswith("spatial"):
            return ()
        channels = len(shape) - 1 if layer._channels_last else layer._family.count("time")
        axes = [axis for axis in range(len(shape)) if axis != channels or axis in slides]
        return tuple([uncovered.get(axis, 0) for axis in axes])

    def explain(self) -> Any:
        """The `Explanation` of this layer alone, for the input shape that it gets."""
        return later("_explain").explain_step(self)


class Trace(Shown, tuple[Step, ...]):
    """A tuple of the steps, shown as a table.

    Example:
        >>> import paramcalc as pc
        >>> pc.trace(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28))
        path  layer             input         output        reads
        ─────────────────────────────────────────────────────────
        [0]   Conv2d(1, 32, 5)  1 × 28 × 28   32 × 24 × 24  input
        [1]   Pool(2)           32 × 24 × 24  32 × 12 × 12  [0]
    """

    _input_names: tuple[str, ...] = ("input",)

    def to_records(self) -> list[dict[str, Any]]:
        return [{**step._asdict(), "layer": step.layer._text()} for step in self]

    def _table(self, style: str = "unicode") -> Table:
        columns = map(Column, ("path", "layer", "input", "output", "reads"))
        names = self._input_names[::-1]
        rows = [
            Row(
                (
                    step.path,
                    step.layer._text(),
                    shape_text(step.input_shape),
                    shape_text(step.output_shape),
                    ", ".join([self[at].path if at >= 0 else names[at] for at in step.inputs]),
                )
            )
            for step in self
        ]
        return Table(tuple(columns), tuple(rows))


def shape_text(shape: Shape) -> str:
    """A shape, as in 3 × 32 × 32."""
    return " × ".join(map(str, shape))


Owners = dict[tuple[str, str], tuple[str, Shape]]
"""Of each tensor that is shared, by the name of the layer and its own: where it is counted first,
and its shape."""


def shared_by(step: Step, owners: Owners) -> tuple[tuple[str, str], ...]:
    """The tensors that a step shares with an earlier one; the others are entered as its own."""
    name = step.layer._shared_name
    try:
        tensors = step._tensors if name else ()
    except ShapeError:  # Whoever counts it asks again.
        return ()
    found: list[tuple[str, str]] = []
    for one in tensors:
        path, shape = owners.setdefault((name, one.name), (step.path, one.shape))
        if shape != one.shape:
            values = f"{show(shape)} at {path} and {show(one.shape)} at {step.path}"
            problem = f"{one.name} of all Shared({name!r}) must have one shape, got {values}"
            raise ConfigError(problem, path=step.path, layer=step.layer)
        if path != step.path:
            found.append((one.name, path))
    return tuple(found)


def stated_rank(steps: Iterable[Step]) -> int | None:
    """The number of axes but that of channels, from the first layer that states spatial axes."""
    for step in steps:
        rank = step.layer._stated_rank()
        if rank is not None:
            return rank + step.layer._family.count("time")
    return None


def num_times(steps: Sequence[Step], source: int = -1) -> int:
    """The number of axes before the channels of an input.

    It is that of the first layer after the input that gives its axes a meaning.
    """
    reached = {source}
    after: list[Step] = []
    for number, step in enumerate(steps):
        if not reached.isdisjoint(step.inputs):
            reached.add(number)
            after.append(step)
    families = [step.layer._family for step in after or steps]
    first = [one for one in families if one.rpartition(" ")[2]][:1]
    return max([one.count("time") for one in first or families], default=0)


def walk(
    network: object, input_shape: object, verb: str, *, counting: bool = True, shared: bool = True
) -> list[Step]:
    """The steps of a network, for the caller of a verb.

    Without an input shape, shapes are None, which is an error unless the verb is `counting`. What
    steps share is found only for verbs that ask for parameters.
    """
    if not isinstance(network, Layer):
        raise TypeError(wrong(verb, "network", "be a Layer", network))
    shape = network._checked(input_shape)
    if not counting:
        network._needed(shape, "the output shape")
    return steps_of(network, shape, shared=shared)


def steps_of(network: Layer, shape: Any, *, shared: bool = True) -> list[Step]:
    """The steps of a network, for a shape that is checked."""
    plan = plan_of(network)
    shapes = run(plan, shape)
    steps = [
        Step(path, layer, shapes[source], shapes[number], inputs)
        if len(inputs) == 1 and not layer._network_depth
        else Step(
            path,
            layer,
            shapes[source],
            shapes[number],
            inputs,
            (),
            tuple([shapes[at] for at in inputs]),
        )
        for number, (path, layer, source, inputs) in enumerate(plan.nodes)
    ]
    if not plan.has_shared or not shared:
        return steps
    owners: Owners = {}
    return [step._replace(shared=shared_by(step, owners)) for step in steps]


def merged(shapes: Sequence[Shape], inputs: tuple[int, ...]) -> tuple[Shape, ...]:
    """The shapes that a merge reads."""
    return tuple([shapes[at] for at in inputs])


def trace(network: Layer, input_shape: InputShape | None = None) -> Trace:
    """The steps of a network, with input and output shapes.

    Layers of nested networks are listed too. A `Sequential` is not a step; `Add`, `Multiply` and
    `Concat` are one step after their branches, for the merge.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> for step in trace(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28)):
        ...     print(step.path, step.layer, step.output_shape)
        [0] Conv2d(1, 32, 5) (32, 24, 24)
        [1] Pool(2) (32, 12, 12)
    """
    found = Trace(walk(network, input_shape, "trace", counting=False))
    found._input_names = network._input_names
    return found
