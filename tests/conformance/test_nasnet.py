"""The zoo's NASNet against that of Keras: each layer, and what it reads."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import paramcalc as pc
from paramcalc import zoo

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress(Path(__file__).with_name("nasnet.json.gz").read_bytes())
)


class Made(NamedTuple):
    """A layer that Keras made, and the places of those that it reads."""

    kind: str
    reads: list[int]
    output: list[int]
    trainable: list[list[int]]
    others: list[list[int]]
    config: dict[str, Any]


LAYERS = [Made(**one) for one in GOLDEN["layers"]]
NETWORK = zoo.nasnet_large()
STEPS = pc.trace(NETWORK)
OURS = {
    "AveragePooling2D": "avg",
    "BatchNormalization": "BatchNorm",
    "Concatenate": "Concat",
    "Conv2D": "Conv2d",
    "Cropping2D": "Crop",
    "GlobalAveragePooling2D": "GlobalPool",
    "MaxPooling2D": "max",
}
"""What is called otherwise in Keras. Poolings are called by their mode."""

Row = tuple[tuple[object, ...], list[int]]
"""What a layer is, and the rows it reads."""


def pairs(*values: Any) -> list[tuple[Any, ...]]:
    return [(one, one) if isinstance(one, int) else tuple(one or ()) for one in values]


def rows_of_keras() -> list[Row]:
    """A separable convolution is two rows; a padding is none, as shapes tell of it."""
    rows: list[Row] = []
    places: list[int] = []

    def add(reads: list[int], *label: object) -> list[int]:
        rows.append((label, reads))
        return [len(rows) - 1]

    for layer in LAYERS:
        kind, config, at = layer.kind, layer.config, [places[one] for one in layer.reads]
        output = (layer.output[-1], *layer.output[:-1])
        tensors = [(*one[:-3:-1], *one[:-2]) for one in layer.trainable + layer.others]
        size, stride = config["size"], config["strides"]
        if kind == "SeparableConv2D":
            *taps, channels, _ = layer.trainable[0]
            between, depthwise = (channels, *output[1:]), [(channels, 1, *taps)]
            at = add(at, "DepthwiseConv2d", *pairs(size, stride), between, depthwise)
            kind, size, stride, tensors = "Conv2D", 1, 1, tensors[1:]
        if kind == "Activation":
            kind = config["activation"]
        if kind != "ZeroPadding2D":
            at = add(at, OURS.get(kind, kind), *pairs(size, stride), output, tensors)
        if kind == "Dense":
            at = add(at, config["activation"], (), (), output, [])
        places += at
    return rows


def rows_of_ours() -> list[Row]:
    rows: list[Row] = [(("InputLayer", (), (), (3, 331, 331), []), [])]
    places = {-1: 0}
    for number, step in enumerate(STEPS):
        layer: Any = step.layer
        reads = [places[one] for one in step.inputs]
        places[number] = reads[0]
        if not isinstance(layer, pc.Pad):
            kind = type(layer).__name__
            kind = {"Pool": "mode", "Activation": "name"}.get(kind, kind)
            windows = pairs(*[getattr(layer, name, None) for name in ("kernel_size", "stride")])
            tensors = [one.shape for one in step.parameters]
            label = getattr(layer, kind, kind), *windows, step.output_shape, tensors
            rows.append((label, reads))
            places[number] = len(rows) - 1
    return rows


def numbered(rows: list[Row], known: dict[str, int]) -> list[int]:
    """A number for each row: the same if it is the same and reads the same."""
    found: list[int] = []
    for label, reads in rows:
        before = [found[at] for at in reads]
        key = repr((label, sorted(before) if label[0] == "Add" else before))
        found.append(known.setdefault(key, len(known)))
    return found


def test_golden_is_of_keras_3_15_1() -> None:
    assert GOLDEN["keras"] == "3.15.1"
    assert GOLDEN["count"] == 88_949_818
    assert len(LAYERS) == 1041


def test_each_layer_is_kerass_and_reads_the_same() -> None:
    """Two layers that read each other's inputs would change the number of the last."""
    known: dict[str, int] = {}
    theirs, ours = [numbered(rows, known) for rows in (rows_of_keras(), rows_of_ours())]
    assert theirs[-1] == ours[-1] == len(known) - 1
    assert Counter(theirs) == Counter(ours)
    assert len(ours) == 1 + len(STEPS) - 4  # The input, and all but paddings.


def test_values_are_as_many_as_kerass() -> None:
    kept = [
        [one for layer in LAYERS for one in getattr(layer, kind)]
        for kind in ("trainable", "others")
    ]
    sizes = [sum(map(prod, shapes)) for shapes in kept]
    summary = pc.summary(NETWORK)
    assert [summary.num_params, summary.num_buffers] == sizes
    assert sum(sizes) == GOLDEN["count"]


def test_what_keras_pads_before_it_strides_is_the_padding_same() -> None:
    found: Counter[str] = Counter()
    for layer in LAYERS:
        before = LAYERS[layer.reads[0]] if layer.reads else layer
        if before.kind != "ZeroPadding2D":
            continue
        found[layer.kind] += 1
        size, length, total = layer.config["size"], LAYERS[before.reads[0]].output[0], 1
        if size:
            total = max((-(-length // 2) - 1) * 2 + size[0] - length, 0)
        assert before.config["padding"] == [[total // 2, total - total // 2]] * 2
    # Four cells of four convolutions and three poolings, and four inputs that are adjusted.
    assert found == {
        "SeparableConv2D": 16,
        "MaxPooling2D": 8,
        "AveragePooling2D": 4,
        "Cropping2D": 4,
    }
    crops = [layer.config["cropping"] for layer in LAYERS if layer.kind == "Cropping2D"]
    assert crops == [[[1, 0], [1, 0]]] * 4
    ours = {step.layer for step in STEPS if isinstance(step.layer, pc.Pad | pc.Crop)}
    assert ours == {pc.Pad(((0, 1), (0, 1))), pc.Crop(((1, 0), (1, 0)))}
