"""What a network stores whatever its input: weights, buffers, gradients and optimizer state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, Literal, NamedTuple

from paramcalc._checks import as_name
from paramcalc._trace import Step, as_parts, outermost, ways
from paramcalc.formulas._term import Term
from paramcalc.layers._base import Layer, Parameter, Shape

Dtype = Literal[
    "float64", "float32", "float16", "bfloat16", "float8", "int8", "int4", "int2", "int1", "mixed"
]  # fmt: skip
DTYPES: dict[Dtype, int] = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "float8": 8, "int8": 8, "int4": 4,
    "int2": 2, "int1": 1, "mixed": 16,
}  # fmt: skip
"""The bits of a value. Each tensor takes whole bytes.

"mixed" is as Rajbhandari and others, "ZeRO: Memory Optimizations Toward Training Trillion Parameter
Models", section 3.1, count: weights, gradients and outputs in 16 bits; the optimizer's state and a
copy of the weights in 32. Buffers are in 32 as well, as in torch 2.13 `torch.amp` and Keras 3
`mixed_float16`.
"""

Optimizer = Literal[
    "sgd", "sgd_momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "adafactor", "lion"
]  # fmt: skip
OPTIMIZERS: dict[Optimizer, int] = {
    "sgd": 0,  # torch 2.13 `torch.optim.SGD`
    "sgd_momentum": 1,  # the same with momentum: momentum_buffer
    "nesterov": 1,  # the same with nesterov=True, which has the same buffer
    "adagrad": 1,  # `torch.optim.Adagrad`: sum
    "rmsprop": 1,  # `torch.optim.RMSprop`, not centered and without momentum: square_avg
    "adam": 2,  # `torch.optim.Adam` without amsgrad: exp_avg, exp_avg_sq
    "adamw": 2,  # `torch.optim.AdamW`, likewise
    "adafactor": 1,  # `torch.optim.Adafactor`: variance; or row_var, col_var: see state_sizes
    "lion": 1,  # Chen and others, "Symbolic Discovery of Optimization Algorithms": the momentum
}
"""The number of tensors that an optimizer keeps per trainable tensor, without step counters."""

Dtypes = dict[str, Dtype]
"""A dtype by path; at "" that of all other parts."""


def as_dtypes(value: Any, network: Layer) -> Dtypes:
    """The dtypes from `value`: one of them, or a mapping from paths."""
    if not isinstance(value, Mapping):
        return {"": as_name(value, "memory", "dtype", DTYPES)}
    given: dict[Any, Any] = {**value}
    as_parts(tuple(given), "memory", "dtype", network)
    found: Dtypes = {path: as_name(one, "memory", "dtype", DTYPES) for path, one in given.items()}
    return {"": "float32", **found}


def dtype_at(path: str, dtypes: Dtypes) -> Dtype:
    """The dtype of the innermost part around a path that has one."""
    if len(dtypes) == 1:
        return dtypes[""]
    return dtypes[[one for one in ways(path) if one in dtypes][-1]]


def num_bytes(size: int, bits: int) -> int:
    """The bytes of a tensor with a number of values, rounded up to whole bytes."""
    return -(-size * bits // 8)


def worked(sizes: Iterable[int], values: int, bits: int) -> int:
    """The bytes of tensors, with the working from all their `values` unless a byte is half full."""
    size_bytes = sum([num_bytes(size, bits) for size in sizes])
    made = values * Term(bits // 8, f"b_{bits}") if bits >= 8 else -(-values // (8 // bits))
    return made if size_bytes and made == size_bytes else size_bytes


def added_up(parts: Iterable[tuple[int, list[int], int]]) -> int:
    """The bytes of tensors of several types: bits, the sizes of tensors, and all their values."""
    return sum([worked(sizes, values, bits) for bits, sizes, values in parts if any(sizes)])


def state_sizes(optimizer: Optimizer, shape: Shape) -> list[int]:
    """The sizes of the tensors that an optimizer keeps for a trainable tensor of some shape.

    Adafactor keeps a value per row and per column of the last two axes: torch 2.13; Shazeer and
    Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", algorithm 4.
    """
    if optimizer == "adafactor" and len(shape) > 1:
        *others, rows, columns = shape
        return [prod(others) * rows, prod(others) * columns]
    return [prod(shape)] * OPTIMIZERS[optimizer]


class Tensors:
    """The tensors of the parts that have one dtype."""

    def __init__(self, dtype: Dtype) -> None:
        self.dtype = dtype
        self.weights: list[int] = []
        self.buffers: list[int] = []
        self.trained: list[Shape] = []

    def states(self, optimizer: Optimizer, mark: str) -> tuple[list[int], int]:
        """The sizes of what the optimizer keeps, and their sum; with "mixed" also its copy."""
        sizes = [prod(shape) for shape in self.trained]
        state = [size for shape in self.trained for size in state_sizes(optimizer, shape)]
        values: int = OPTIMIZERS[optimizer] * Term(sum(sizes), f"T{mark}")
        if optimizer == "adafactor":
            values = Term(sum(state), f"S{mark}")
        if self.dtype == "mixed":
            return state + sizes, Term(sum(sizes), f"T{mark}") + values
        return state, values


class Stored(NamedTuple):
    """Bytes and numbers of values that do not depend on the input."""

    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    num_params: int
    num_frozen: int
    num_buffers: int
    num_optimizer_values: int


def is_trained(step: Step, frozen: frozenset[str]) -> bool:
    """Whether the weights of a step, if it has any, are trained."""
    return not step.layer._is_frozen and outermost(step.path, frozen) is None


def trained_steps(
    steps: Sequence[Step], tensors: Sequence[tuple[Parameter, ...]], frozen: frozenset[str]
) -> list[bool]:
    """Whether each step has weights that are trained."""
    return [
        is_trained(step, frozen) and any(one.trainable for one in own)
        for step, own in zip(steps, tensors, strict=True)
    ]


def stored(
    steps: Sequence[Step],
    tensors: Sequence[tuple[Parameter, ...]],
    frozen: frozenset[str],
    dtypes: Dtypes,
    optimizer: Optimizer,
) -> Stored:
    """The parameters, buffers, gradients and the optimizer's state."""
    piles: dict[Dtype, Tensors] = {
        dtype: Tensors(dtype) for dtype in dict.fromkeys(dtypes.values())
    }
    for step, own in zip(steps, tensors, strict=True):
        pile = piles[dtype_at(step.path, dtypes)]
        trains = is_trained(step, frozen)
        shared = dict(step.shared)
        for tensor in own:
            if tensor.name in shared:
                continue
            (pile.weights if tensor.trainable else pile.buffers).append(tensor.size)
            if tensor.trainable and trains:
                pile.trained.append(tensor.shape)
    parts: list[list[tuple[int, list[int], int]]] = [[], [], [], []]
    for dtype, pile in piles.items():
        bits = DTYPES[dtype]
        full = 32 if dtype == "mixed" else bits
        mark = "" if len(piles) == 1 else f"_{dtype}"
        trained = [prod(shape) for shape in pile.trained]
        parts[0].append((bits, pile.weights, Term(sum(pile.weights), f"P{mark}")))
        parts[1].append((full, pile.buffers, Term(sum(pile.buffers), f"B{mark}")))
        parts[2].append((bits, trained, Term(sum(trained), f"T{mark}")))
        parts[3].append((full, *pile.states(optimizer, mark)))
    weights, buffers, gradients, states = [
        sum([sum(sizes) for _, sizes, _ in part]) for part in parts
    ]
    one, two, three, four = map(added_up, parts)
    numbers = gradients, weights - gradients, buffers, states
    return Stored(one, two, three, four, *numbers)
