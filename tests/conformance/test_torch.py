"""The layers against torch: what it accepts, the shapes, and the tensors it keeps.

The cases are those of make_torch.py; torch is not needed to run them.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from math import prod
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc

GOLDEN = Path(__file__).with_name("torch.jsonl.gz")
LAYERS = [
    *("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    *("Pool", "AdaptivePool", "GlobalPool", "Pad", "Crop", "Upsample"),
    *("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm", "RMSNorm", "PReLU"),
    *("PixelShuffle", "PixelUnshuffle", "Reshape", "Permute", "Flatten"),
    *("Dense", "Embedding", "RNN", "GRU", "LSTM", "MultiheadAttention", "TransformerEncoderLayer"),
    *("Add", "Multiply", "Concat"),
]
UNCHANGING = {"Layer", "Sequential", "Input", "Activation", "Dropout", "Identity", "Frozen"}
"""What torch could say nothing about."""
BATCH = 2

Shape = tuple[int, ...]
Tensors = list[tuple[str, Shape]]


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
    torch: Outcome | None
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
    def is_conv(self) -> bool:
        return self.layer.startswith("Conv")


def entries(value: Any) -> tuple[Any, ...] | None:
    """What stands in a list or tuple; None for all else."""
    return tuple(value) if isinstance(value, list | tuple) else None  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def tuples(value: Any) -> Any:
    given = entries(value)
    return value if given is None else tuple([tuples(one) for one in given])


def tensors(found: list[tuple[str, list[int]]]) -> Tensors:
    return [(name, tuple(shape)) for name, shape in found]


def read(path: Path) -> list[Case]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, *lines = [json.loads(line) for line in file]
    assert header["torch"].startswith("2.13.")
    cases: list[Case] = []
    for line in lines:
        torch = None
        if line["output"] is not None:
            kept = [tensors(line.get(kind, [])) for kind in ("parameters", "buffers")]
            torch = Outcome(tuple(line["output"]), *kept)
        fields = {
            key: one if key == "layers" else tuples(one) for key, one in line["fields"].items()
        }
        branches = [tuple(one) for one in line.get("branches", [])]
        error = line.get("error", "")
        cases.append(Case(line["layer"], fields, tuple(line["shape"]), torch, error, branches))
    return cases


@cache
def cases() -> dict[str, list[Case]]:
    found: defaultdict[str, list[Case]] = defaultdict(list)
    for case in read(GOLDEN):
        found[case.layer].append(case)
    return found


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
        if str(error).partition(":")[0] not in LAYERS:  # Not one that paramcalc means.
            raise
        return None
    parameters = layer.parameters(case.shape)
    assert layer.num_params(case.shape) == sum([one.size for one in parameters if one.trainable])
    kept: dict[bool, Tensors] = {True: [], False: []}
    for one in parameters:
        # A branch without a name is [0] here, and 0 in torch.
        name = one.name.replace("[", "").replace("]", "")
        kept[one.trainable].append((name, one.shape))
    return Outcome(output, kept[True], kept[False])


# Where paramcalc means to differ.


@dataclass(frozen=True)
class Difference:
    """A kind of cases, told from the case and from what torch says, and how paramcalc differs."""

    refuses: str
    """"here", "torch", or "neither": then it is another shape that leaves."""
    covers: Callable[[Case], bool]
    gives: Callable[[Case], Shape | None] | None = None
    """What leaves here."""


def accepted(covers: Callable[[Case], bool]) -> Difference:
    """What torch takes and paramcalc does not."""
    return Difference("here", lambda case: case.torch is not None and covers(case))


def refused(
    error: str, covers: Callable[[Case], bool], gives: Callable[[Case], Shape | None]
) -> Difference:
    """What torch refuses, beginning with `error`, and paramcalc takes."""
    return Difference("torch", lambda case: case.error.startswith(error) and covers(case), gives)


def batch_is_an_axis(case: Case) -> bool:
    """Whether an axis is missing, so that the batch's stands in for it."""
    layer, sizes = case.layer, case.given
    if case.is_conv:
        return case.rank == int(layer[-2])
    if layer in {"Pool", "AdaptivePool"}:
        return bool(sizes) and case.rank == len(sizes[0])
    if layer in {"PixelShuffle", "PixelUnshuffle"}:
        return case.rank == 2
    if layer in {"Pad", "Crop"}:
        return case.rank == 1 and not sizes
    alone = {"RNN", "GRU", "LSTM", "MultiheadAttention", "TransformerEncoderLayer", "InstanceNorm"}
    return layer in alone and case.rank == 1


def flat(value: Any) -> list[int]:
    given = entries(value)
    return [value] if given is None else [one for inner in given for one in flat(inner)]


def sides(case: Case) -> Any:
    """The field that `torch.nn.functional.pad` is given."""
    if case.layer in {"Pad", "Crop"}:
        return case.fields["padding" if case.layer == "Pad" else "cropping"]
    padding = entries(case.fields.get("padding")) if case.is_conv else None
    paired = padding is not None and any(entries(one) is not None for one in padding)
    return padding if paired else 0


def pads_other_axes(case: Case) -> bool:
    given = entries(sides(case))
    return given is not None and len(given) != len(case.spatial)


def one_for_all(case: Case) -> bool:
    """Whether a tuple of one entry is to be for more axes than one."""
    many = case.is_conv or case.layer == "Pool"
    return many and len(case.spatial) > 1 and any(len(one) == 1 for one in case.given)


def is_unused(case: Case) -> bool:
    """Whether the channels stated are wrong where no tensor depends on them."""
    channels = case.fields.get("num_features", case.fields.get("num_channels"))
    if channels in (None, case.channels):
        return False
    if case.layer in {"BatchNorm", "InstanceNorm"}:
        tracks = case.fields.get("track_running_stats", case.layer == "BatchNorm")
        affine = case.fields.get("affine", case.layer == "BatchNorm")
        return not tracks and not affine
    return case.fields.get("affine") is False


def counts_back_to_the_batch(case: Case) -> bool:
    dim: int = case.fields.get("dim" if case.layer == "Concat" else "start_dim", 0)
    return dim == -1 - (len(case.branches[0]) if case.layer == "Concat" else case.rank)


def spread(value: Any, case: Case) -> tuple[Any, ...]:
    given = entries(value)
    return (value,) * len(case.spatial) if given is None else given


def join(channels: int, lengths: list[int], case: Case) -> Shape:
    return (*lengths, channels) if case.channels_last else (channels, *lengths)


def same(case: Case) -> Shape:
    """What "same" leaves: an axis divided by the stride, or multiplied."""
    up = "Transpose" in case.layer
    lengths = [
        length * step if up else -(-length // step)
        for length, step in zip(
            case.spatial, spread(case.fields.get("stride", 1), case), strict=True
        )
    ]
    return join(case.fields["out_channels"], lengths, case)


def many_axes(case: Case) -> Shape | None:
    """What a layer leaves of more axes than torch has it for."""
    if case.layer in {"BatchNorm", "InstanceNorm"}:
        return case.shape
    if case.layer == "AdaptivePool":
        sizes = spread(case.fields["output_size"], case)
        lengths = [size or length for size, length in zip(sizes, case.spatial, strict=True)]
    elif case.layer == "Upsample":
        sizes = spread(case.fields.get("size"), case)
        factors = spread(case.fields.get("scale_factor"), case)
        each = zip(case.spatial, sizes, factors, strict=True)
        lengths = [size or length * factor for length, size, factor in each]
    elif case.layer == "Pad":
        pairs = [spread(side, case)[:2] for side in spread(case.fields["padding"], case)]
        lengths = [length + sum(pair) for length, pair in zip(case.spatial, pairs, strict=True)]
    else:
        assert case.layer == "Pool"
        lengths = [length // case.fields["kernel_size"] for length in case.spatial]
    return join(case.channels, lengths, case)


def padded_window(case: Case) -> Shape:
    """What an average pooling leaves, walked: windows that start on the axis or its padding."""
    fields = case.fields
    kernels = spread(fields["kernel_size"], case)
    steps = spread(fields.get("stride", fields["kernel_size"]), case)
    paddings = spread(fields.get("padding", 0), case)
    lengths: list[int] = []
    for length, kernel, step, padding in zip(case.spatial, kernels, steps, paddings, strict=True):
        over = step - 1 if fields.get("ceil_mode") else 0
        starts = range(-padding, length + padding - kernel + over + 1, step)
        lengths.append(len([start for start in starts if not over or start < length]))
    return join(case.channels, lengths, case)


def broadcast(shapes: list[Shape]) -> Shape | None:
    """From the last axis; None where they do not go together."""
    lengths: list[int] = []
    for axis in zip_longest(*[reversed(shape) for shape in shapes], fillvalue=1):
        if len({length for length in axis if length != 1}) > 1:
            return None
        lengths.insert(0, max(axis))
    return tuple(lengths)


def merges(case: Case) -> tuple[Shape | None, Shape | None]:
    """What branches of different ranks make without the batch, and with it."""
    ranks = {len(one) for one in case.branches}
    if case.layer not in {"Add", "Multiply"} or len(ranks) < 2:
        return None, None
    merged = broadcast([(BATCH, *one) for one in case.branches])
    return broadcast(case.branches), merged and merged[1:]


DIFFERENCES: dict[str, Difference] = {
    "an axis of length 0 arrives": accepted(lambda case: 0 in case.shape),
    "an axis of length 0 leaves": accepted(
        lambda case: case.torch is not None and 0 in case.torch.output
    ),
    "an axis is missing, and the batch taken for it": accepted(batch_is_an_axis),
    "padding is negative": accepted(lambda case: min(flat(sides(case))) < 0),
    "padding is for other axes than there are": accepted(pads_other_axes),
    "a tuple of one entry is for all axes": accepted(one_for_all),
    "the channels are wrong where nothing depends on them": accepted(is_unused),
    "the batch is normalized over": accepted(
        lambda case: (
            case.layer in {"LayerNorm", "RMSNorm"}
            and len(spread(case.fields["normalized_shape"], case)) == case.rank + 1
        )
    ),
    "there are more axes before the channels": accepted(
        lambda case: case.layer in {"PixelShuffle", "PixelUnshuffle"} and case.rank == 4
    ),
    "no axis is left": accepted(lambda case: case.fields.get("target_shape") == ()),
    "dim is the batch's": accepted(counts_back_to_the_batch),
    "there are no features within": accepted(
        lambda case: any(
            type(case.fields.get(field)) is int and case.fields[field] == 0
            for field in ("kdim", "vdim", "dim_feedforward")
        )
    ),
    "same with a stride": refused(
        "ValueError: padding='same' is not supported", lambda case: case.is_conv, same
    ),
    "same of a transposed convolution": refused(
        "TypeError: conv_transpose", lambda case: case.fields["padding"] == "same", same
    ),
    "more than three spatial axes": Difference(
        "torch",
        lambda case: (
            len(case.spatial) == 4
            and (
                case.error.startswith("AttributeError: module 'torch.nn' has no attribute")
                or case.error.startswith("NotImplementedError: Input Error: Only 3D, 4D and 5D")
                or case.error.startswith("NotImplementedError: Padding size 8 is not supported")
            )
            and not (case.layer == "InstanceNorm" and prod(case.spatial) == 1)
        ),
        many_axes,
    ),
    "None for the only axis": refused(
        "TypeError: adaptive_",
        lambda case: case.fields["output_size"] == (None,) and case.rank == 2,
        lambda case: case.shape,
    ),
    "an average over more than a volume without its padding": refused(
        "RuntimeError: input image (T:",
        lambda case: case.rank == 4 and 0 not in padded_window(case),
        padded_window,
    ),
    "branches of different ranks, which torch aligns with the batch": Difference(
        "torch",
        lambda case: merges(case)[0] is not None and merges(case)[1] is None,
        lambda case: merges(case)[0],
    ),
    "branches of different ranks, which the batch broadcasts to": Difference(
        "neither",
        lambda case: None not in merges(case) and merges(case)[0] != merges(case)[1],
        lambda case: merges(case)[0],
    ),
}
"""Of two that cover a case, the first counts."""


def difference(case: Case) -> str | None:
    return next((name for name, one in DIFFERENCES.items() if one.covers(case)), None)


@cache
def meant() -> dict[str, list[Case]]:
    """The cases of each difference."""
    found: dict[str, list[Case]] = {name: [] for name in DIFFERENCES}
    for one in cases().values():
        for case in one:
            name = difference(case)
            if name:
                found[name].append(case)
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_agree_with_torch(layer: str) -> None:
    wrong = [
        (case, here)
        for case in cases()[layer]
        if not difference(case) and (here := calculated(case)) != case.torch
    ]
    assert not wrong, f"{len(wrong)} of {len(cases()[layer])} cases, the first: {wrong[0]}"


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences_are_as_stated(name: str) -> None:
    stated = DIFFERENCES[name]
    assert meant()[name], "no case"
    for case in meant()[name]:
        here = calculated(case)
        refuses = "here" if here is None else "torch" if case.torch is None else "neither"
        assert refuses == stated.refuses, case
        if here is None:
            continue
        assert stated.gives is not None
        assert here.output == stated.gives(case), case
        if case.torch is not None:
            assert here.output != case.torch.output, case
            assert (here.parameters, here.buffers) == (case.torch.parameters, case.torch.buffers)


def test_differences_are_in_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "formulas.md").read_text("utf-8")
    listed = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines()]
    assert set(DIFFERENCES) <= set(listed)
    assert f"{sum(map(len, cases().values())):,} layers" in text


@pytest.mark.parametrize("layer", LAYERS)
def test_there_are_enough_cases(layer: str) -> None:
    assert len({f"{case.fields} {case.shape}" for case in cases()[layer]}) >= 300
    plain = [case for case in cases()[layer] if not difference(case)]
    assert {case.torch is None for case in plain} == {True, False}
    assert sum(case.torch is not None for case in plain) >= 100


def test_every_layer_is_compared() -> None:
    public = [getattr(pc, name) for name in pc.__all__]
    layers = {one.__name__ for one in public if isinstance(one, type) and issubclass(one, pc.Layer)}
    assert set(LAYERS) == layers - UNCHANGING == set(cases())


def test_a_golden_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "torch.jsonl.gz"
    with pytest.raises(FileNotFoundError):
        read(path)
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="not enough values"):
        read(path)
