"""The pictures on these pages: python docs/pictures.py writes them anew."""

from __future__ import annotations

from pathlib import Path

import paramcalc as pc
from paramcalc import zoo

PICTURES = {
    "stack_overflow.svg": pc.diagram(zoo.stack_overflow_answer()),
    "resnet50.svg": pc.diagram(zoo.resnet50(), (3, 224, 224)),
}


def main() -> None:
    """Write each picture beside this file."""
    for name, picture in PICTURES.items():
        (Path(__file__).parent / name).write_text(picture.to_svg() + "\n", "utf-8")


if __name__ == "__main__":
    main()
