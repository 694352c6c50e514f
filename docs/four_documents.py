"""The networks of the four texts the project started from, with shapes, counts and working."""

from __future__ import annotations

import paramcalc as pc

CHAPTER = pc.Sequential(
    pc.Input(3, 32, 32),
    pc.Conv2d(None, 5, 5),
    pc.Pool(3, stride=2),
    pc.Conv2d(None, 12, 3),
    pc.Pool(5, stride=2),
    pc.Flatten(),
    pc.Dense(None, 128),
    pc.Dense(None, 10),
)
TUTORIAL = pc.Sequential(
    pc.Input(3, 6, 6),
    pc.Conv2d(None, 16, 3),
    pc.BatchNorm(),
    pc.Conv2d(None, 32, 3),
    pc.BatchNorm(),
    pc.Flatten(),
    pc.Dense(None, 64),
)
TUTORIAL_3D = pc.Sequential(
    pc.Input(3, 5, 6, 6),
    pc.Conv3d(None, 16, 3),
    pc.BatchNorm(),
    pc.Conv3d(None, 32, 3),
    pc.BatchNorm(),
    pc.Flatten(),
    pc.Dense(None, 64),
)
QUESTION = pc.Sequential(
    pc.Input(100, 100, 128),
    pc.Conv2d(None, 256, 3, padding="same", data_format="channels_last"),
)
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
DOCUMENTS = {
    'A. Raschka, "Machine Learning Q and AI", chapter 11': CHAPTER,
    'B. "How to calculate the number of parameters in CNN", on an input that fits': TUTORIAL,
    "B. The same with 3-D convolutions": TUTORIAL_3D,
    'C. Cross Validated, "number of parameters of a convolution layer"': QUESTION,
    'D. Stack Overflow, "How to calculate the number of parameters for [a] CNN?"': ANSWER,
}


def main() -> None:
    """Print a table for each."""
    columns = ("layer", "output_shape", "num_params", "working")
    for title, network in DOCUMENTS.items():
        print(f"{title}\n\n{pc.summary(network, columns=columns)}\n\n")


if __name__ == "__main__":
    main()
