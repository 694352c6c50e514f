"""The networks of the four texts the project started from, with shapes, counts and working."""

from __future__ import annotations

import paramcalc as pc
from paramcalc import zoo
from paramcalc.results import ColumnName

DOCUMENTS = {
    'A. Raschka, "Machine Learning Q and AI", chapter 11': zoo.raschka_chapter_11(),
    'B. "How to calculate the number of parameters in CNN", on an input that fits': (
        zoo.parameters_tutorial()
    ),
    "B. The same with 3-D convolutions": zoo.parameters_tutorial_3d(),
    'C. Cross Validated, "number of parameters of a convolution layer"': (
        zoo.cross_validated_question()
    ),
    'D. Stack Overflow, "How to calculate the number of parameters for [a] CNN?"': (
        zoo.stack_overflow_answer()
    ),
}


def main() -> None:
    """Print a table for each."""
    columns: tuple[ColumnName, ...] = ("layer", "output_shape", "num_params", "working")
    for title, network in DOCUMENTS.items():
        print(f"{title}\n\n{pc.summary(network, columns=columns)}\n\n")


if __name__ == "__main__":
    main()
