"""The memory of a network, in bytes: to train it, and to run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paramcalc._checks import as_bool, as_int, as_name, wrong
from paramcalc._explain import with_commas
from paramcalc._kept import Backward, Kept, bytes_of
from paramcalc._live import live_sizes, output_sizes, owners_of
from paramcalc._plan import inputs_of, plan_of
from paramcalc._stored import (
    DTYPES,
    OPTIMIZERS,
    Dtype,
    Dtypes,
    Optimizer,
    Stored,
    as_dtypes,
    dtype_at,
    num_bytes,
    stored,
    trained_steps,
    worked,
)
from paramcalc._trace import Step, as_parts, walk
from paramcalc.errors import ParamcalcError, counted
from paramcalc.formulas._term import Term
from paramcalc.layers._base import InputShape, Layer
from paramcalc.render import stairs
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Markup, Row, Table

NOT_COUNTED = (
    "Not counted: the framework, its allocator and workspaces; and the gradients of activations."
)
UNITS_SAID = "1 KiB = 1024 bytes, 1 MiB = 1024 KiB, 1 GiB = 1024 MiB."
NO_OUTPUTS = "Activations and the peak depend on the input shape."
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class MemoryRow(NamedTuple):
    """What one layer takes, in bytes.

    Args:
        path: its place in the network.
        layer: the layer.
        output_bytes: its output.
        kept_bytes: what it is the first to keep for the backward pass.
        live_bytes: the inputs and outputs in use while it runs at inference.

    Example:
        >>> import paramcalc as pc
        >>> row, = pc.memory(pc.Dense(784, 10), (784,), batch_size=32).rows
        >>> row.output_bytes, row.kept_bytes, row.live_bytes
        (1280, 100352, 101632)
    """

    path: str
    layer: Layer
    output_bytes: int
    kept_bytes: int
    live_bytes: int


class Outputs(NamedTuple):
    """What depends on the input, in bytes."""

    activation_bytes: int
    output_bytes: int
    peak_bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class Memory(Shown):
    """The memory of a network, in bytes and in values.

    Bytes are `Term`s if their working is known.

    Args:
        dtype: the type of values; or pairs of a path and a type.
        parameter_bytes: all weights, frozen or not.
        buffer_bytes: values that are not weights, such as running means.
        gradient_bytes: a value per trainable value.
        optimizer_bytes: the optimizer's state; with "mixed" also its copy of the weights.
        num_params: the number of trainable values, each of which has a gradient.
        num_frozen: the number of frozen weights.
        num_buffers: the number of values that are no weights.
        num_optimizer_values: the number of values in `optimizer_bytes`.
        rows: a row per layer of the trace; empty without an input shape.

    Example:
        >>> import paramcalc as pc
        >>> used = pc.memory(pc.Dense(784, 10), (784,), batch_size=32, optimizer="adam")
        >>> used.training_bytes, used.optimizer_bytes.symbols(), used.optimizer_bytes.numbers()
        (225952, '2·T·b_32', '2·7850·4')
        >>> pc.memory(pc.Dense(784, 10), optimizer="adam").num_optimizer_values
        15700
    """

    network: Layer
    batch_size: int
    dtype: Dtype | tuple[tuple[str, Dtype], ...]
    optimizer: Optimizer
    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    num_params: int
    num_frozen: int
    num_buffers: int
    num_optimizer_values: int
    rows: tuple[MemoryRow, ...]
    _outputs: Outputs | None

    @property
    def _known(self) -> Outputs:
        if self._outputs is None:
            raise self.network._missing("the size of outputs")
        return self._outputs

    @property
    def activation_bytes(self) -> int:
        """What is kept for the backward pass, as torch saves it; each tensor once."""
        return self._known.activation_bytes

    @property
    def output_bytes(self) -> int:
        """The outputs of all layers together."""
        return self._known.output_bytes

    @property
    def peak_bytes(self) -> int:
        """The most that inputs and outputs take at once at inference."""
        return self._known.peak_bytes

    @property
    def peak_path(self) -> str:
        """The path of the first layer that runs while they take the most."""
        most = self.peak_bytes
        return next((row.path for row in self.rows if row.live_bytes == most), "")

    @property
    def training_bytes(self) -> int:
        """The memory of training: everything but `peak_bytes`."""
        training = self.gradient_bytes + self.optimizer_bytes + self.activation_bytes
        return int(self.parameter_bytes + self.buffer_bytes + training)

    @property
    def inference_bytes(self) -> int:
        """The memory of inference: parameters, buffers and `peak_bytes`."""
        return int(self.parameter_bytes + self.buffer_bytes + self.peak_bytes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers mean, and what they leave out."""
        given = self.dtype
        pairs: Iterable[tuple[str, Dtype]] = given if isinstance(given, tuple) else [("", given)]
        sizes = [f"{path + ' ' * bool(path)}{name}: {size_of(name)}" for path, name in pairs]
        batch = f"Batches of {self.batch_size:,}, {self.optimizer}, {'; '.join(sizes)}."
        if self._outputs is None:
            return (batch, UNITS_SAID, NO_OUTPUTS)
        return (batch, UNITS_SAID, NOT_COUNTED)

    def to_svg(self) -> str:
        """A staircase of the bytes in use at inference, as an SVG document.

        Light or dark as the reader's page. A bar per layer, in the colors of `diagram`.
        """
        peak = self.peak_bytes
        bars = [
            stairs.Bar(
                row.live_bytes,
                row.layer._bare._kind,
                f"{row.path} {row.layer._text()}: {binary(row.live_bytes)}".strip(),
            )
            for row in self.rows
        ]
        return stairs.render(bars, f"peak {binary(peak)} at {self.peak_path}".removesuffix(" at "))

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values for each row, as pandas and polars take them."""
        return [
            {"part": part, "size_bytes": int(value), "working": working}
            for part, value, working in self._rows()
        ]

    def _rows(self, style: str = "unicode") -> list[tuple[str, int, str]]:
        """The name, number and working of each row; with outputs, the last two are totals."""
        parts = {
            "parameters": self.parameter_bytes,
            "buffers": self.buffer_bytes,
            "gradients": self.gradient_bytes,
            "optimizer state": self.optimizer_bytes,
        }
        if self._outputs is not None:
            parts |= {"activations": self.activation_bytes, "peak": self.peak_bytes}
        rows = [(part, value, working(value, style)) for part, value in parts.items()]
        if self._outputs is None:
            return rows
        return [
            *rows,
            ("training", self.training_bytes, "all but the peak"),
            ("inference", self.inference_bytes, "parameters + buffers + peak"),
        ]

    def _table(self, style: str = "unicode") -> Table:
        numbers = [Column(one, numeric=True) for one in ("size", "bytes")]
        cells = [(part, binary(size), f"{size:,}", made) for part, size, made in self._rows(style)]
        end = len(cells) - 2 * bool(self._outputs)
        rows = [Row(one) for one in cells[:end]] + [Row(one, kind="total") for one in cells[end:]]
        return Table((Column("memory"), *numbers, Column("working")), tuple(rows))


def size_of(dtype: Dtype) -> str:
    """What a value of some type takes, in words."""
    if dtype == "mixed":
        return (
            "2 bytes a weight, gradient or output; "
            "4 a buffer, for the optimizer's state and its copy of the weights"
        )
    bits = DTYPES[dtype]
    return f"{counted(bits // 8, 'byte') if bits >= 8 else counted(bits, 'bit')} a value"


def working(value: int, style: str) -> str:
    """The working of a number, in numbers; empty if it is not known."""
    if not isinstance(value, Term):
        return ""
    numbers = with_commas(value.numbers(style), style)
    return Markup(f"${numbers}$") if style == "latex" else numbers


def binary(number: int) -> str:
    """Bytes with three digits, in the largest unit that fits."""
    if number < 1024:
        return f"{number:,} B"
    value = number
    for power, unit in enumerate(UNITS, 1):
        for places, limit in (2, 1000), (1, 1000), (0, 1024):
            value = ((number * 10**places >> 10 * power - 1) + 1) >> 1  # Halves are rounded up.
            if value < limit:
                return f"{value / 10**places:,.{places}f} {unit}"
    return f"{value:,} {UNITS[-1]}"


def peak_bytes(most: int, batch: int, bits: int | None) -> int:
    """The peak, with its working if all values have the same bits."""
    if bits is None:
        return most
    values = most * 8 // bits
    return worked([values], Term(values // batch, "M") * Term(batch, "n"), bits)


def outputs_of(
    network: Layer,
    shape: Any,
    steps: Sequence[Step],
    dtypes: Dtypes,
    batch: int,
    trained: Sequence[bool],
    in_place: bool,
    parts: frozenset[str],
) -> tuple[tuple[MemoryRow, ...], Outputs]:
    """What each layer keeps and what is in use while it runs; and the sums."""
    inputs = inputs_of(network, shape)
    values = output_sizes(steps, inputs)
    bits = [DTYPES[dtype_at(step.path, dtypes)] for step in steps]
    bits += [DTYPES[dtypes[""]] for _ in inputs]
    sizes = [num_bytes(number * batch, one) for number, one in zip(values, bits, strict=True)]
    live = live_sizes(steps, owners_of(steps, in_place), sizes, plan_of(network).ends)
    owners = owners_of(steps, in_place, training=True)
    kept = Backward(steps, owners, values, bits, trained, batch).at_once(parts)
    kept_bytes = [0] * len(steps)
    for one in kept:
        kept_bytes[one.step] += one.num_bytes(batch)
    outputs = [Kept(at, values[at], 0, bits[at]) for at in range(len(steps))]
    rows = [
        MemoryRow(step.path, step.layer, *numbers)
        for step, *numbers in zip(steps, sizes, kept_bytes, live, strict=False)
    ]
    peak = peak_bytes(max(live, default=sizes[-1]), batch, bits[0] if len({*bits}) == 1 else None)
    return tuple(rows), Outputs(bytes_of(kept, batch, "A"), bytes_of(outputs, batch, "O"), peak)


def memory(
    network: Layer,
    input_shape: InputShape | None = None,
    *,
    batch_size: int = 1,
    dtype: Dtype | Mapping[str, Dtype] = "float32",
    optimizer: Optimizer = "sgd",
    frozen: str | Sequence[str] = (),
    in_place: bool = False,
    recomputed: str | Sequence[str] = (),
) -> Memory:
    """The memory of a network, in training and at inference.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, without the batch axis; not needed after an `Input`, or for
            what does not depend on it, where all channels and features are given.
        batch_size: the number of examples in a batch.
        dtype: float64, float32, float16, bfloat16, float8, int8, int4, int2, int1; or mixed, with
            buffers, the optimizer's state and its copy of the weights in 32 bits, and the rest in
            16. Or a dict of them by path, of which the innermost holds: {"": "int8"} is all.
        optimizer: sgd, sgd_momentum, nesterov, adagrad, rmsprop, adam, adamw, adafactor or lion.
        frozen: the path of a part that is not trained, or a tuple of paths; "" freezes everything.
        in_place: whether dropouts, and activations that can, overwrite an input that no other
            branch reads.
        recomputed: the path of a part that is computed again in the backward pass, of which only
            the input is kept, or a tuple of paths.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown dtype, optimizer or path, or a batch of less than 1.
        ShapeError: a layer does not fit its input, or the shape is missing: also where bytes that
            depend on it are asked for.

    Example:
        >>> import paramcalc as pc
        >>> used = memory(pc.Dense(784, 256), (784,), batch_size=64, optimizer="adam")
        >>> used.training_bytes, used.peak_bytes.numbers()
        (3416064, '1040·64·4')
    """
    learner = as_name(optimizer, "memory", "optimizer", OPTIMIZERS)
    batch = as_int(batch_size, "memory", "batch_size")
    if batch < 1:
        raise ParamcalcError(wrong("memory", "batch_size", "be at least 1", batch))
    as_bool(in_place, "memory", "in_place")
    steps = walk(network, input_shape, "memory")
    dtypes = as_dtypes(dtype, network)
    fixed = as_parts(frozen, "memory", "frozen", network)
    again = as_parts(recomputed, "memory", "recomputed", network)
    tensors = [step._replace(layer=step.layer._thawed)._tensors for step in steps]
    numbers: Stored = stored(steps, tensors, fixed, dtypes, learner)
    shape = network._checked(input_shape)
    rows: tuple[MemoryRow, ...] = ()
    outputs = None
    if shape is not None:
        given = dtypes, batch, trained_steps(steps, tensors, fixed), in_place, again
        rows, outputs = outputs_of(network, shape, steps, *given)
    shown = dtypes[""] if len(dtypes) == 1 else tuple(dtypes.items())
    return Memory(network, batch, shown, learner, *numbers, rows, outputs)
