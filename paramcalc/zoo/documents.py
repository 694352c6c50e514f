"""The networks of the four texts that paramcalc started from."""

from __future__ import annotations

import paramcalc as pc

# fmt: off


def raschka_chapter_11() -> pc.Sequential:
    """The network whose parameters a book chapter counts, on (3, 32, 32).

    Source:
        Raschka, "Machine Learning Q and AI", chapter 11.

    Example:
        >>> raschka_chapter_11().num_params()
        26926
    """
    return pc.Sequential(
        pc.Input(3, 32, 32),
        pc.Conv2d(3, 5, 5), pc.Pool(3, stride=2),
        pc.Conv2d(5, 12, 3), pc.Pool(5, stride=2),
        pc.Flatten(),
        pc.Dense(192, 128),
        pc.Dense(128, 10),
    )


def parameters_tutorial() -> pc.Sequential:
    """The network of a tutorial, on (3, 6, 6): it gives no input, and this one fits.

    Source:
        "How to calculate the number of parameters in CNN".

    Example:
        >>> parameters_tutorial().num_params()
        13440
    """
    return pc.Sequential(
        pc.Input(3, 6, 6),
        pc.Conv2d(3, 16, 3), pc.BatchNorm(16),
        pc.Conv2d(16, 32, 3), pc.BatchNorm(32),
        pc.Flatten(),
        pc.Dense(128, 64),
    )


def parameters_tutorial_3d() -> pc.Sequential:
    """The same with 3-D convolutions, on (3, 5, 6, 6).

    Source:
        "How to calculate the number of parameters in CNN".

    Example:
        >>> parameters_tutorial_3d().num_params()
        23520
    """
    return pc.Sequential(
        pc.Input(3, 5, 6, 6),
        pc.Conv3d(3, 16, 3), pc.BatchNorm(16),
        pc.Conv3d(16, 32, 3), pc.BatchNorm(32),
        pc.Flatten(),
        pc.Dense(128, 64),
    )


def cross_validated_question() -> pc.Sequential:
    """The convolution that a question is about, on (100, 100, 128), its channels last.

    Source:
        Cross Validated, "number of parameters of a convolution layer".

    Example:
        >>> cross_validated_question().num_params()
        295168
    """
    return pc.Sequential(
        pc.Input(100, 100, 128),
        pc.Conv2d(128, 256, 3, padding="same", data_format="channels_last"),
    )


def stack_overflow_answer() -> pc.Sequential:
    """The network whose table an answer gives, on (1, 28, 28).

    Source:
        Stack Overflow, "How to calculate the number of parameters for
        convolutional neural network?"

    Example:
        >>> stack_overflow_answer().num_params()
        217706
    """
    return pc.Sequential(
        pc.Input(1, 28, 28),
        pc.Conv2d(1, 32, 5), pc.Pool(2),
        pc.Conv2d(32, 32, 3), pc.Pool(2),
        pc.Flatten(),
        pc.Dense(800, 256),
        pc.Dense(256, 10),
    )
