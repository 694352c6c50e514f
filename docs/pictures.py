"""The pictures on these pages: python docs/pictures.py writes them anew."""

from __future__ import annotations

from pathlib import Path

import paramcalc as pc
from paramcalc import zoo


def pyramid() -> pc.Graph:
    """A feature pyramid, as on the page that shows it."""
    x = pc.Input(3, 64, 64)(name="image")
    c1 = pc.Conv2d(3, 16, 3, stride=2, padding=1)(x)
    c2 = pc.Conv2d(16, 32, 3, stride=2, padding=1)(c1)
    c3 = pc.Conv2d(32, 64, 3, stride=2, padding=1)(c2)
    p3 = pc.Conv2d(64, 32, 1)(c3, name="p3")
    p2 = pc.Add()(pc.Upsample(scale_factor=2)(p3), pc.Conv2d(32, 32, 1)(c2), name="p2")
    p1 = pc.Add()(pc.Upsample(scale_factor=2)(p2), pc.Conv2d(16, 32, 1)(c1), name="p1")
    return pc.Graph(x, (p1, p2, p3))


PICTURES = {
    "stack_overflow.svg": pc.diagram(zoo.stack_overflow_answer()),
    "resnet50.svg": pc.diagram(zoo.resnet50(), (3, 224, 224)),
    "pyramid.svg": pc.diagram(pyramid()),
}


def main() -> None:
    """Write each picture beside this file."""
    for name, picture in PICTURES.items():
        (Path(__file__).parent / name).write_text(picture.to_svg() + "\n", "utf-8")


if __name__ == "__main__":
    main()
