"""LeNet-5."""

from __future__ import annotations

import paramcalc as pc

TANH = pc.Activation("tanh")


def lenet5(num_classes: int = 10, in_channels: int = 1) -> pc.Sequential:
    """LeNet-5 as it is taught today; it takes images of (1, 32, 32).

    The original has 60,000 parameters instead of 61,706: its third layer omits some connections
    (1,516 for 2,416), its averages are scaled and shifted (12 and 32 more), and its last layer is
    not trainable (850).

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to
        Document Recognition", section II.B.

    Example:
        >>> lenet5().num_params()
        61706
        >>> lenet5().output_shape((1, 32, 32))
        (10,)
    """
    # fmt: off
    return pc.Sequential(
        pc.Conv2d(in_channels, 6, 5), TANH, pc.Pool(2, mode="avg"),
        pc.Conv2d(6, 16, 5), TANH, pc.Pool(2, mode="avg"),
        pc.Conv2d(16, 120, 5), TANH, pc.Flatten(),
        pc.Dense(120, 84), TANH,
        pc.Dense(84, num_classes),
    )
