"""What tools count of a network beside its parameters, or leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from paramcalc._plan import ask
from paramcalc._trace import Step
from paramcalc.layers._base import Layer
from paramcalc.layers.conv import Convolution
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import BatchNorm, ChannelNorm
from paramcalc.layers.recurrent import Recurrent

STATISTICS = "running means and variances"
BATCHES = "numbers of batches seen, one per normalization"
PREPROCESSING = "mean, variance and count of a normalized input"
ADDED = "biases of layers before normalizations"
REMOVED = "biases that layers before normalizations have"
FOLDED = "normalizations folded into the layers before"
SHARED = "shared weights, again at each place"
TIED = "weights of the embedding, again in the head"
AUXILIARY = "auxiliary heads"
TOP = "dense layers at the end"
FROZEN = "frozen weights"
RECURRENT = "second biases of recurrent layers"
SCALES = "scales of normalizations"
ORDER = (
    *(STATISTICS, BATCHES, PREPROCESSING, ADDED, REMOVED, FOLDED, SHARED, TIED, AUXILIARY, TOP),
    *(FROZEN, RECURRENT, SCALES),
)
"""The more usual ones first."""
NEEDED = {BATCHES: STATISTICS, PREPROCESSING: STATISTICS}
"""Conventions that go with another alone: tools that count the first count the second."""
APART = [(FOLDED, one) for one in (STATISTICS, ADDED, REMOVED, SCALES)] + [(ADDED, REMOVED)]
"""Conventions that do not go together: a norm that is folded has no statistics."""


class Convention(NamedTuple):
    """What a tool may count as well: its name, the number of values, and of layers with them.

    The number is below 0 for what a tool may leave out.
    """

    name: str
    num_params: int
    num_layers: int


def conventions_of(steps: Sequence[Step]) -> list[Convention]:
    """The conventions by which other tools count a network otherwise."""
    found: dict[str, list[int]] = {}
    own = [step for step in steps if not step.shared]
    for name, number in [*of_norms(own), *of_layers(steps), *of_ends(own)]:
        found.setdefault(name, []).append(number)
    whole = sum([step.num_params for step in steps])
    sums = [Convention(one, sum(found[one]), len(found[one])) for one in ORDER if one in found]
    return [one for one in sums if one.num_params not in (0, -whole)]


def before_norms(steps: Sequence[Step]) -> Iterator[tuple[Step, Step | None]]:
    """Yield each normalization of channels, and the convolution or dense layer that it reads."""
    for step in steps:
        if isinstance(step.layer._thawed, ChannelNorm):
            before = steps[step.inputs[0]] if step.inputs[0] >= 0 else None
            weighs = before and isinstance(before.layer._thawed, Convolution | Dense)
            yield step, before if weighs else None


def of_norms(steps: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """Yield the conventions on normalizations, and on the biases before them."""
    for norm, before in before_norms(steps):
        layer: Any = norm.layer._thawed
        channels = ask(norm.path, layer, layer._stated, norm.input_shape)
        bias = None if before is None else has_bias(before.layer)
        if isinstance(layer, BatchNorm):
            yield from [(SCALES, -channels)] * layer._has_scale
            yield from [(BATCHES, 1)] * layer.track_running_stats
            if bias is not None:
                yield FOLDED, channels * (not bias) - norm.num_params
        if bias is not None:
            yield (REMOVED, -channels) if bias else (ADDED, channels)


def has_bias(layer: Any) -> bool:
    """Whether a convolution or dense layer has a bias."""
    return bool(layer._thawed.bias)


def of_layers(steps: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """Yield the conventions on the tensors of single layers."""
    for step in steps:
        sizes, layer = step._sizes, step.layer._thawed
        yield from [(STATISTICS, sizes["buffer"])] if sizes["buffer"] else []
        yield from [(FROZEN, sizes["frozen"])] if sizes["frozen"] else []
        if step.shared:
            names = dict(step.shared)
            yield SHARED, sum([one.size for one in step._tensors if one.name in names])
        if isinstance(layer, Recurrent) and layer.bias:
            sizes_ = [one.size for one in step.parameters if one.name.startswith("bias_ih")]
            yield RECURRENT, sum(sizes_) * (-1 if layer.recurrent_bias else 1)
        if "aux" in step.path.lower() and step.num_params:
            yield AUXILIARY, -step.num_params


def of_ends(steps: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """Yield the conventions on the first layers and the last."""
    shape = steps[0].input_shape if steps else ()
    if shape and len(shape) == 3:
        yield PREPROCESSING, 2 * min(shape[0], shape[-1]) + 1
    tables = {step._tensors[0].shape for step in steps if is_kind(step, Embedding)}
    for step in reversed(steps):
        if is_kind(step, Dense):
            yield TOP, -step.num_params
            if step._tensors[0].shape in tables:
                yield TIED, -step._tensors[0].size
        elif step.num_params or step.layer._network_depth:
            break


def is_kind(step: Step, kind: type[Layer]) -> bool:
    """Whether the layer of a step, frozen or not, is of a class."""
    return isinstance(step.layer._thawed, kind)


def explanations(
    conventions: Sequence[Convention], difference: int
) -> list[tuple[Convention, ...]]:
    """The combinations that add up to a difference, the smallest first.

    None contains another.
    """
    found: list[tuple[Convention, ...]] = []
    for size in range(1, len(conventions) + 1):
        for chosen in combinations(conventions, size):
            is_it = sum([one.num_params for one in chosen]) == difference and goes(chosen)
            if is_it and not any({*one} <= {*chosen} for one in found):
                found.append(chosen)
    return found


def goes(chosen: Sequence[Convention]) -> bool:
    """Whether a tool may follow all of these conventions."""
    names = {one.name for one in chosen}
    has_needed = all(NEEDED.get(name, name) in names for name in names)
    return has_needed and not any({*pair} <= names for pair in APART)
