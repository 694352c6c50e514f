"""What a network takes in memory, in bytes: to train it, and to run it.

Not memory.py: `paramcalc.memory` is the function.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from textwrap import wrap

from paramcalc._checks import as_bool, as_int, as_str, entries, wrong
from paramcalc._network import Branches, Network, parts_of, places
from paramcalc._summary import keys
from paramcalc._trace import ask, walk
from paramcalc.errors import ParamcalcError, counted, join_path, locate, show
from paramcalc.formulas._term import Term
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.activation import Activation, Dropout, Identity
from paramcalc.layers.input import Input
from paramcalc.layers.reshape import Flatten, Reshape
from paramcalc.render import html, latex, markdown, text
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Markup, Row, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DTYPES = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8": 8,
    "int8": 8,
    "int4": 4,  # Two to a byte; what is left over of a tensor takes a byte of its own.
    "mixed": 16,
}
"""The bits of a value.

"mixed" is what Rajbhandari and others, "ZeRO: Memory Optimizations Toward Training Trillion
Parameter Models", section 3.1, count: weights, gradients and outputs in 16 bits, and in 32 bits the
optimizer's state and a copy of the weights; with Adam 2 + 2 + 4 + 4 + 4 = 16 bytes a parameter.
Buffers are in 32 bits then, as torch 2.13 `torch.amp` leaves them and Keras 3 `mixed_float16`.
"""

OPTIMIZERS = {
    "sgd": 0,  # torch 2.13 `torch.optim.SGD`
    "sgd_momentum": 1,  # the same with momentum: momentum_buffer
    "nesterov": 1,  # the same with nesterov=True; the buffer is not another
    "adagrad": 1,  # `torch.optim.Adagrad`: sum
    "rmsprop": 1,  # `torch.optim.RMSprop`, not centered and without momentum: square_avg
    "adam": 2,  # `torch.optim.Adam` without amsgrad: exp_avg, exp_avg_sq
    "adamw": 2,  # `torch.optim.AdamW`, likewise
    "adafactor": 1,  # `torch.optim.Adafactor`: variance; or row_var, col_var: see state_sizes
    "lion": 1,  # Chen and others, "Symbolic Discovery of Optimization Algorithms": the momentum
}
"""How many tensors each optimizer keeps for one that is learnt; counters of steps are left out."""

PASSING = (Identity, Input, Flatten, Reshape, Dropout)
"""What hands on the very values that arrive, when a network is run: a dropout drops nothing then.

torch 2.13: `Identity` and `Dropout` return their argument, `flatten` and `reshape` a view of it.
"""

OVERWRITING = {
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "mish",
    "relu", "relu6", "rrelu", "selu", "silu", "threshold",
}  # fmt: skip
"""The activations that torch 2.13 `torch.nn` has with `inplace=True`, in small letters."""

NOT_COUNTED = (
    "Not counted: the framework, its allocator and workspaces; the gradients of activations; "
    "and what layers keep beside their outputs, such as attention its weights."
)
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


@dataclass(frozen=True, slots=True, repr=False)
class Memory(Shown):
    """What a network takes, as `memory` returns it.

    `str()` of it is for a terminal; in a notebook it shows itself. The numbers are of
    bytes, as `Term`s if their working is known.

    Args:
        network: what it is about.
        batch_size: how many examples go through it at once.
        dtype: what the values are stored as.
        optimizer: what learns.
        parameter_bytes: all weights, frozen or not.
        buffer_bytes: what is kept and never learnt, such as running means.
        gradient_bytes: one value for each that is learnt.
        optimizer_bytes: what the optimizer keeps; with "mixed" also the copy in 32 bits.
        activation_bytes: what is kept of the layers' outputs for the backward pass.
        peak_bytes: the most that a network being run holds of its input and outputs at a
            time, with what waits for a later branch or for the branches to be merged.

    Example:
        >>> import paramcalc as pc
        >>> used = pc.memory(pc.Dense(784, 10), (784,), batch_size=32, optimizer="adam")
        >>> used.parameter_bytes, used.optimizer_bytes, used.training_bytes
        (31400, 62800, 126880)
        >>> used.optimizer_bytes.symbols(), used.optimizer_bytes.numbers()
        ('2·T·b_32', '2·7850·4')
    """

    network: Layer
    batch_size: int
    dtype: str
    optimizer: str
    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    activation_bytes: int
    peak_bytes: int

    @property
    def training_bytes(self) -> int:
        """What training takes: all but the peak of running it."""
        learning = self.gradient_bytes + self.optimizer_bytes + self.activation_bytes
        return int(self.parameter_bytes + self.buffer_bytes + learning)

    @property
    def inference_bytes(self) -> int:
        """What running it takes: parameters, buffers and the peak."""
        return int(self.parameter_bytes + self.buffer_bytes + self.peak_bytes)

    def __str__(self) -> str:
        notes = ["\n".join(wrap(note, 80)) for note in self.notes()]
        return "\n".join([text.render(self._table()), "", *notes])

    def _gist(self) -> str:
        train, run = binary(self.training_bytes), binary(self.inference_bytes)
        return f": {train} to train, {run} to run"

    def notes(self) -> tuple[str, ...]:
        """What the numbers are, and what is not in them."""
        return (
            f"{self._convention()}.",
            "1 KiB = 1024 bytes, 1 MiB = 1024 KiB, 1 GiB = 1024 MiB.",
            NOT_COUNTED,
        )

    def _convention(self) -> str:
        batch = f"Batches of {self.batch_size:,}, {self.optimizer}"
        if self.dtype == "mixed":
            copy = "4 a buffer, for the optimizer's state and its copy of the weights"
            return f"{batch}, mixed: 2 bytes a weight, gradient or output; {copy}"
        bits = DTYPES[self.dtype]
        size = counted(bits // 8, "byte") if bits >= 8 else f"{bits} bits"
        return f"{batch}, {self.dtype}: {size} a value"

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values for each row, as pandas and polars take them."""
        return [
            {"part": part, "size_bytes": int(value), "working": working}
            for part, value, working in self._rows()
        ]

    def to_markdown(self) -> str:
        """A table in GitHub's Markdown, and what is to be said of it."""
        notes = [markdown.escape(note) for note in self.notes()]
        return "\n\n".join([markdown.render(self._table()), *notes])

    def to_html(self) -> str:
        """The same in HTML: no script, nothing from outside, well-formed XML."""
        notes = "\n".join([f"<p>{html.escape(note)}</p>" for note in self.notes()])
        return f"<div>{html.render(self._table('html'))}\n{notes}</div>"

    def to_latex(self) -> str:
        """A tabular in LaTeX, which needs the package booktabs, and paragraphs below it."""
        notes = [latex.escape(note) for note in self.notes()]
        return "\n\n".join([latex.render(self._table("latex")), *notes])

    def _rows(self, style: str = "unicode") -> list[tuple[str, int, str]]:
        """The name, number and working of each row; the last two are totals."""
        parts = {
            "parameters": self.parameter_bytes,
            "buffers": self.buffer_bytes,
            "gradients": self.gradient_bytes,
            "optimizer state": self.optimizer_bytes,
            "activations": self.activation_bytes,
            "peak": self.peak_bytes,
        }
        return [
            *[(part, value, working(value, style)) for part, value in parts.items()],
            ("training", self.training_bytes, "all but the peak"),
            ("inference", self.inference_bytes, "parameters + buffers + peak"),
        ]

    def _table(self, style: str = "unicode") -> Table:
        columns = (
            Column("memory"),
            Column("size", numeric=True),
            Column("bytes", numeric=True),
            Column("working"),
        )
        rows = [
            Row(
                (part, binary(value), format(value, ","), made),
                kind="total" if part in ("training", "inference") else "row",
            )
            for part, value, made in self._rows(style)
        ]
        return Table(columns, tuple(rows))


def working(value: int, style: str) -> str:
    """How a number was made, with the numbers put in; nothing, if it is not known."""
    if not isinstance(value, Term):
        return ""
    numbers = re.sub(r"(?<![\de])\d+", lambda found: f"{int(found[0]):,}", value.numbers(style))
    return Markup(f"${numbers.replace(',', '{,}')}$") if style == "latex" else numbers


def binary(number: int) -> str:
    """Bytes with three digits, in the largest unit that there is at least one of."""
    if number < 1024:
        return f"{number:,} B"
    power = 1
    while power < len(UNITS) and rounded(number, 1024**power) >= 1024:
        power += 1
    places = 2
    while places and rounded(number * 10**places, 1024**power) >= 1000:
        places -= 1
    whole, part = divmod(rounded(number * 10**places, 1024**power), 10**places)
    decimals = f".{part:0{places}}" if places else ""
    return f"{whole:,}{decimals} {UNITS[power - 1]}"


def rounded(over: int, under: int) -> int:
    """The quotient, halves rounded up."""
    return (2 * over + under) // (2 * under)


def num_bytes(values: int, bits: int) -> int:
    """What so many values take that are stored together."""
    return -(-values * bits // 8)


def worked(result: int, bits: int, values: int) -> int:
    """`result` bytes with the working, from that of the number of values.

    The plain number, if that is not what it comes to: each tensor that does not fill its
    last byte takes a little more.
    """
    made = values * Term(bits // 8, f"b_{bits}") if bits >= 8 else -(-values // (8 // bits))
    return made if result and made == result else result


@dataclass(slots=True)
class Tensor:
    """What leaves a layer, while somebody has still to read it.

    Args:
        step: which step made it, counted from 0; -1 is the network's input.
        size: bytes.
        readers: how many have still to read it.
        is_forked: whether it arrives at several branches.
    """

    step: int
    size: int
    readers: int = 1
    is_forked: bool = False


@dataclass(frozen=True, slots=True)
class Visited:
    """One step of the trace, as far as memory goes: a layer, and bytes of its output."""

    path: str
    layer: Layer
    values: int
    size: int


class Run:
    """A network being run, one layer after the other, and what it holds meanwhile.

    Args:
        steps: the steps of the trace.
        arriving: bytes of the network's input.
        in_place: whether activations write over what arrives.
    """

    def __init__(self, steps: Sequence[Visited], arriving: int, in_place: bool) -> None:
        self.steps: Iterator[Visited] = iter(steps)
        self.in_place = in_place
        self.makers: list[int] = []
        """For each step, the one in whose memory its output stands."""
        self.live: int = arriving
        self.peak: int = arriving

    def run(self, layer: Layer, tensor: Tensor) -> Tensor:
        """What leaves `layer`, which is one of the readers of `tensor`."""
        if not isinstance(layer, Network):
            return self.leave([tensor])
        if not isinstance(layer, Branches):
            for part in layer:
                tensor = self.run(part, tensor)
            return tensor
        tensor.readers += len(layer) - 1
        tensor.is_forked |= len(layer) > 1
        return self.leave([self.run(branch, tensor) for branch in layer])

    def leave(self, arriving: list[Tensor]) -> Tensor:
        """What leaves the next step, at which `arriving` is read."""
        step = next(self.steps)
        first = arriving[0]
        if isinstance(step.layer, PASSING) or (self.overwrites(step.layer) and not first.is_forked):
            self.makers.append(first.step)
            return first
        self.makers.append(len(self.makers))
        self.live += step.size
        self.peak = max(self.peak, self.live)
        for one in arriving:
            one.readers -= 1
            if not one.readers:
                self.live -= one.size
        return Tensor(self.makers[-1], step.size)

    def overwrites(self, layer: Layer) -> bool:
        """Whether a layer writes over what arrives, unless somebody else reads that."""
        if not self.in_place or not isinstance(layer, Activation):
            return False
        return layer.name.replace("_", "").lower() in OVERWRITING


def kept(steps: Sequence[Visited], makers: Sequence[int], parts: Collection[str]) -> list[Visited]:
    """The steps whose outputs are in memory when the backward pass needs most.

    Of a part that is recomputed only what leaves it is kept; but when its turn comes, what
    is within it is there again, so that of the largest part is counted as well.
    """
    found: list[Visited] = []
    leaving: dict[str, int] = {}
    within: dict[str, dict[int, Visited]] = {}
    for number, (step, maker) in enumerate(zip(steps, makers, strict=True)):
        part = outermost(step.path, parts)
        new = {number: step} if maker == number else {}
        if part is None:
            found += new.values()
        else:
            within.setdefault(part, {}).update(new)
            leaving[part] = maker
    for part, inner in within.items():
        if leaving[part] in inner:
            found.append(inner.pop(leaving[part]))
    largest = max([inner.values() for inner in within.values()], key=total_size, default=())
    return [*found, *largest]


def total_size(steps: Iterable[Visited]) -> int:
    """The bytes of all outputs."""
    return sum([step.size for step in steps])


def outermost(path: str, parts: Collection[str]) -> str | None:
    """Which of `parts` a path leads into, the one around the others; None, if none."""
    return next((one for one in ways(path) if one in parts), None) if parts else None


def ways(path: str) -> Iterator[str]:
    """Yield the paths of all that a path leads into, from the network itself."""
    return accumulate(keys(path), join_path, initial="")


def as_parts(value: Any, field: str, network: Layer) -> frozenset[str]:
    """`value`, a path of a part of the network or a tuple of them, as a set."""
    given = (value,) if isinstance(value, str) else entries(value)
    if given is None or not all(isinstance(one, str) for one in given):
        raise TypeError(wrong("memory", field, "be a path or a tuple of paths", value))
    paths = [as_str(one, "memory", field) for one in given]
    known = dict(places(network)) if paths else {}
    for path in paths:
        if path not in known:
            networks = [
                (one, way) for way in ways(path) if isinstance(one := known.get(way), Network)
            ]
            near = [where for where, _ in parts_of(*networks[-1])] if networks else [""]
            wanted = f"name parts of the network, such as {show(tuple(near))}"
            raise ParamcalcError(wrong("memory", field, wanted, path))
    return frozenset(paths)


def named(table: Collection[str], value: Any, field: str) -> str:
    """`value`, which must be a name in `table`."""
    name = as_str(value, "memory", field)
    if name not in table:
        known = ", ".join(table)
        raise ParamcalcError(f"memory: no {field} {show(name)}; there are {known}")
    return name


def state_sizes(optimizer: str, shape: Shape) -> list[int]:
    """How many values each tensor holds that an optimizer keeps for one of that shape.

    Adafactor keeps one for each row and one for each column of a matrix, which the last two axes
    of a tensor are: Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory
    Cost", algorithm 4; torch 2.13 `torch.optim.Adafactor`, for more axes.
    """
    if optimizer == "adafactor" and len(shape) > 1:
        *others, rows, columns = shape
        return [prod(others) * rows, prod(others) * columns]
    return [prod(shape)] * OPTIMIZERS[optimizer]


def memory(
    network: Layer,
    input_shape: Shape | None = None,
    *,
    batch_size: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
    frozen: str | Sequence[str] = (),
    in_place: bool = False,
    recomputed: str | Sequence[str] = (),
) -> Memory:
    """What a network takes in memory, to train it and to run it.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis; it may be
            left out behind an `Input`.
        batch_size: how many examples go through it at once.
        dtype: what values are stored as: float64, float32, float16, bfloat16, float8,
            int8, int4; or mixed, with outputs, weights and gradients in 16 bits and in 32
            the buffers, the optimizer's state and its copy of the weights.
        optimizer: sgd, sgd_momentum, nesterov, adagrad, rmsprop, adam, adamw, adafactor
            or lion.
        frozen: the path of a part that is not learnt, or several; "" is all. `freeze`
            makes such networks.
        in_place: whether activations and dropouts write over what arrives, if they can
            and no other branch reads it. Then neither they nor layers that only hand on
            what arrives, such as `Identity` and `Flatten`, have an output to keep.
        recomputed: the path of a part whose inner outputs are not kept but computed
            again for the backward pass, or several.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown dtype or optimizer, a path that leads to no part, or a
            batch of less than 1.
        ShapeError: a layer does not fit what arrives at it, or the shape is missing.

    Source:
        Outputs that are recomputed: Chen, Xu, Zhang and Guestrin, "Training Deep Nets with
        Sublinear Memory Cost", equation 1.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Flatten(), pc.Dense(784, 256), pc.Dense(256, 10))
        >>> print(memory(net, (1, 28, 28), batch_size=64, optimizer="adam"))
        memory               size      bytes  working
        ─────────────────────────────────────────────────────────────────
        parameters        795 KiB    814,120  203,530·4
        buffers               0 B          0
        gradients         795 KiB    814,120  203,530·4
        optimizer state  1.55 MiB  1,628,240  2·203,530·4
        activations       263 KiB    268,800  1,050·64·4
        peak              260 KiB    266,240  1,040·64·4
        ─────────────────────────────────────────────────────────────────
        training         3.36 MiB  3,525,280  all but the peak
        ─────────────────────────────────────────────────────────────────
        inference        1.03 MiB  1,080,360  parameters + buffers + peak
        <BLANKLINE>
        Batches of 64, adam, float32: 4 bytes a value.
        1 KiB = 1024 bytes, 1 MiB = 1024 KiB, 1 GiB = 1024 MiB.
        Not counted: the framework, its allocator and workspaces; the gradients of
        activations; and what layers keep beside their outputs, such as attention its
        weights.
    """
    name = named(DTYPES, dtype, "dtype")
    learner = named(OPTIMIZERS, optimizer, "optimizer")
    batch = as_int(batch_size, "memory", "batch_size")
    if batch < 1:
        raise ParamcalcError(wrong("memory", "batch_size", "be at least 1", batch))
    as_bool(in_place, "memory", "in_place")
    visited: Any = walk(network, input_shape, "memory", counting=False)
    unlearnt = as_parts(frozen, "frozen", network)
    again = as_parts(recomputed, "recomputed", network)

    bits = DTYPES[name]
    steps: list[Visited] = []
    weights: list[int] = []
    buffers: list[int] = []
    learnt: list[Shape] = []
    for path, layer, shape, output, _ in visited:
        inner = layer._thawed  # pyright: ignore[reportPrivateUsage]
        values = prod(output)
        steps.append(Visited(path, inner, values, num_bytes(values * batch, bits)))
        try:
            tensors = ask(inner, "parameters", shape)
        except ParamcalcError as error:
            locate(error, path, layer)
            raise
        weights += [one.size for one in tensors if one.trainable]
        buffers += [one.size for one in tensors if not one.trainable]
        if inner is layer and outermost(path, unlearnt) is None:
            learnt += [one.shape for one in tensors if one.trainable]
    arriving = network._arriving(input_shape) or ()  # pyright: ignore[reportPrivateUsage]
    run = Run(steps, num_bytes(prod(arriving) * batch, bits), in_place)
    run.run(network, Tensor(-1, run.live))
    outputs = kept(steps, run.makers if in_place else range(len(steps)), again)
    num_values = sum([step.values for step in outputs])
    examples = Term(batch, "n")
    return Memory(
        network,
        batch,
        name,
        learner,
        *held(weights, buffers, learnt, name, learner),
        worked(total_size(outputs), bits, Term(num_values, "A") * examples),
        worked(run.peak, bits, Term(run.peak * 8 // bits // batch, "M") * examples),
    )


def held(
    weights: list[int], buffers: list[int], learnt: list[Shape], dtype: str, optimizer: str
) -> tuple[int, int, int, int]:
    """The bytes of parameters, buffers, gradients and what the optimizer keeps."""
    bits = DTYPES[dtype]
    full = 32 if dtype == "mixed" else bits
    sizes = [prod(shape) for shape in learnt]
    state = [size for shape in learnt for size in state_sizes(optimizer, shape)]
    gradients: int = Term(sum(sizes), "T")
    states: int = Term(sum(state), "S")
    if optimizer != "adafactor":
        states = OPTIMIZERS[optimizer] * gradients
    if dtype == "mixed":
        state += sizes
        states = gradients + states
    return (
        worked(in_bytes(weights, bits), bits, Term(sum(weights), "P")),
        worked(in_bytes(buffers, full), full, Term(sum(buffers), "B")),
        worked(in_bytes(sizes, bits), bits, gradients),
        worked(in_bytes(state, full), full, states),
    )


def in_bytes(sizes: Iterable[int], bits: int) -> int:
    """What tensors of so many values take, each stored by itself."""
    return sum([num_bytes(size, bits) for size in sizes])
