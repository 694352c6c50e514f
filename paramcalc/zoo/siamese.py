"""A siamese network: one tower for two images, and a distance."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU


def siamese() -> pc.Graph:
    """Whether two images of (1, 105, 105) show the same character.

    Both go through one tower. The distance |a − b| is written as a sum and an activation "abs":
    a difference has the shape and the costs of a sum.

    Source:
        Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot Image
        Recognition", 2015, figure 4, with a bias in the last layer.

    Example:
        >>> siamese().num_params(), siamese().output_shape()
        (38951745, (1,))
    """
    sigmoid = pc.Activation("sigmoid")
    # fmt: off
    tower = pc.Shared("tower", pc.Sequential(
        pc.Conv2d(1, 64, 10), RELU, pc.Pool(2),
        pc.Conv2d(64, 128, 7), RELU, pc.Pool(2),
        pc.Conv2d(128, 128, 4), RELU, pc.Pool(2),
        pc.Conv2d(128, 256, 4), RELU,
        pc.Flatten(), pc.Dense(256 * 6 * 6, 4096), sigmoid,
    ))
    # fmt: on
    left, right = pc.Input(1, 105, 105)(name="left"), pc.Input(1, 105, 105)(name="right")
    a, b = tower(left, name="a"), tower(right, name="b")
    distance = pc.Activation("abs")(a + b)
    return pc.Graph((left, right), sigmoid(pc.Dense(4096, 1)(distance)))
