"""Networks, and a layer of one's own, that several tests look at."""

from __future__ import annotations

from typing import Any

import paramcalc as pc

ANSWER = pc.Sequential(
    pc.Input(1, 28, 28),
    pc.Conv2d(None, 32, 5),
    pc.Pool(2),
    pc.Conv2d(None, 32, 3),
    pc.Pool(2),
    pc.Flatten(),
    pc.Dense(None, 256),
    pc.Dense(None, 10),
)
"""Of document D, the accepted answer."""
NESTED = pc.Sequential(
    features=pc.Sequential(
        pc.Conv2d(3, 16, 3), pc.BatchNorm(), pc.Sequential(pc.Activation("relu"), pc.Pool(2))
    ),
    classifier=pc.Sequential(pc.Flatten(), pc.Dense(None, 10)),
)


SHAPES: dict[str, pc.Shape] = {
    "gpt2": (1024,),
    "inception_v3": (3, 299, 299),
    "lenet5": (1, 32, 32),
    "parameters_tutorial": (3, 6, 6),
    "parameters_tutorial_3d": (3, 6, 6, 6),
    "raschka_chapter_11": (3, 32, 32),
    "unet": (1, 572, 572),
}
"""Inputs of networks of the zoo that do not state them, and do not take (3, 224, 224)."""


def table_of(shown: object) -> str:
    """The text of a result, without what is below its table."""
    return str(shown).rpartition("\n─")[0]


class Scale(pc.Layer):
    """A layer of one's own, that answers what it is told to."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answers.get("output_shape", input_shape)

    def parameters(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answers.get("parameters", ())

    def num_params(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answers.get("num_params", 0)

    def num_macs(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answers.get("num_macs", 0)
