"""Writes deform_convs.jsonl.gz: what torchvision makes of random deformable convolutions.

Run by hand, where torch 2.13 and torchvision 0.28 are installed:
`python tests/conformance/make_deform_convs.py`. paramcalc is not imported. A case is the fields,
the shapes that are read, and the answer. Half of the cases read an image alone: a `torch.nn.Conv2d`
makes the offsets and the mask, as in mmcv 2.2 `DeformConv2dPack` and `ModulatedDeformConv2dPack`.
"""

from __future__ import annotations

import random
import warnings
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

from generator import BATCH, Fields, conv, maybe, spoilt
from make_torch import REFUSALS, answer, flat_sides
from records import entries, refusal, tuples, write

GOLDEN = Path(__file__).with_name("deform_convs.jsonl.gz")
CASES = 400
"""With offsets, and again with what makes them."""
SEED = 20261127
Shapes = list[list[int]]


def pair(value: Any) -> list[Any]:
    return [value, value] if isinstance(value, int) else list(value)


def draw(rng: random.Random) -> tuple[Fields, list[int]]:
    """The fields and the image.

    A stride or a length of 0 can end the process there, and "same" is no padding of theirs.
    """
    while True:
        fields, shape = conv(rng, 2, transposed=False)
        if rng.random() < 0.2:
            fields, shape = spoilt(rng, fields, shape)
        if 0 not in (*pair(fields.get("stride", 1)), *shape) and fields.get("padding") != "same":
            return fields, shape


def offsets(rng: random.Random, fields: Fields, shape: list[int]) -> Shapes:
    """Offsets that fit, or nearly, and a mask at times."""
    last = fields.get("data_format") == "channels_last"
    lengths = shape[:-1] if last else shape[1:]
    padding = fields.get("padding", 0)
    sides = [
        one if entries(one) else [one] * 2 for one in pair(0 if padding == "valid" else padding)
    ]
    window = [pair(fields.get(one, 1)) for one in ("kernel_size", "stride", "dilation")]
    output = [
        max((length + sum(side) - step * (size - 1) - 1) // stride + 1, 1)
        for length, side, size, stride, step in zip(lengths, sides, *window, strict=False)
    ]
    groups = rng.choice([1, 1, 1, 1, 1, 2, 2, 3])
    taps = groups * max(prod(window[0]), 1)
    found: Shapes = []
    for channels in [2 * taps, taps][: 1 + (rng.random() < 0.5)]:
        one = [*output, channels] if last else [channels, *output]
        if rng.random() < 0.15:
            at = rng.randrange(len(one))
            one[at] = max(one[at] + rng.choice([-1, 1, one[at]]), 1)
        found.append(one)
    return found


class Runner:
    """What asks torchvision."""

    def __init__(self) -> None:
        self.torch: Any = import_module("torch")
        self.ops: Any = import_module("torchvision.ops")

    def image(self, fields: Fields, shape: list[int]) -> tuple[Any, bool]:
        """The image, padded where the layer cannot; and whether channels are last."""
        x = self.torch.rand(BATCH, *shape)
        last = fields.pop("data_format", "") == "channels_last"
        x = x.movedim(-1, 1) if last else x
        padding = fields.get("padding", 0)
        if padding == "valid" or any(entries(one) for one in entries(padding) or ()):
            del fields["padding"]
            x = x if padding == "valid" else self.torch.nn.functional.pad(x, flat_sides(padding, 2))
        if fields["in_channels"] is None:
            fields["in_channels"] = x.shape[1]
        return x, last

    def module(self, fields: Fields, is_alone: bool) -> Any:
        """The module; with the convolution that makes its offsets, two."""
        if not is_alone:
            return self.ops.DeformConv2d(**fields)
        groups, taps = fields.pop("deform_groups", 1), prod(pair(fields["kernel_size"]))
        number = (3 if fields.pop("modulated", False) else 2) * groups * taps
        theirs = fields | {"out_channels": number, "groups": 1, "bias": True}
        parts = self.torch.nn.Conv2d(**theirs), self.ops.DeformConv2d(**fields)
        return self.torch.nn.ModuleDict(
            dict(zip(["conv_offset", "deform_conv"], parts, strict=True))
        )

    def run(self, fields: Fields, shapes: Shapes) -> dict[str, Any]:
        is_alone = len(shapes) == 1
        try:
            x, last = self.image(fields, shapes[0])
            is_modulated = fields.get("modulated", False)
            module = self.module(fields, is_alone)
            if not is_alone:
                others = [self.torch.rand(BATCH, *shape) for shape in shapes[1:]]
                y = module(x, *[one.movedim(-1, 1) if last else one for one in others])
            else:
                parts = module["conv_offset"](x).chunk(3 if is_modulated else 1, 1)
                offset = self.torch.cat(parts[:2], 1)
                y = module["deform_conv"](x, offset, *[one.sigmoid() for one in parts[2:]])
        except REFUSALS as error:
            return refusal(error)
        named = [(name, list(one.shape)) for name, one in module.named_parameters()]
        return answer(y.movedim(1, -1) if last else y, named, [])


def main() -> None:
    warnings.simplefilter("ignore")
    runner, rng = Runner(), random.Random(SEED)  # noqa: S311  # not for secrets
    runner.torch.manual_seed(SEED)
    versions = {"torch": runner.torch.__version__}
    versions["torchvision"] = import_module("torchvision").__version__
    lines: list[dict[str, Any]] = [versions | {"seed": SEED}]
    for number in range(2 * CASES):
        fields, shape = draw(rng)
        shapes = [shape]
        if number < CASES:
            shapes += offsets(rng, fields, shape)
        else:
            fields |= maybe(rng, 0.5, modulated=True) | maybe(
                rng, 0.4, deform_groups=rng.choice([1, 2, 2, 3])
            )
        case = {"fields": fields, "shapes": shapes}
        given = {key: tuples(one) for key, one in fields.items()}
        lines.append(case | runner.run(given, shapes))
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()
