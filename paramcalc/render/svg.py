"""A picture in SVG: flat shapes in colors that color-blind readers tell apart, light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from paramcalc.render.html import escape
from paramcalc.render.table import width_of

COLORS = {
    "convolution": "#0072b2",
    "dense": "#d55e00",
    "pooling": "#009e73",
    "normalization": "#e69f00",
    "activation": "#f0e442",
    "sequence": "#cc79a7",
}
"""Of Okabe and Ito, "Color Universal Design", 2008; anything else is an outline."""
FONT, RADIUS = 11, 7.5
"""The size of the text and of the circle of a sign, in pixels."""
# Lines and text have the color of the page's text; a picture of its own sets one.
STYLE = f"""
.paramcalc-diagram {{ font: {FONT}px ui-sans-serif, system-ui, sans-serif; max-width: none; }}
.paramcalc-diagram text {{ fill: currentColor; text-anchor: middle; }}
.paramcalc-diagram path {{ fill: none; stroke: currentColor; stroke-opacity: 0.55; }}
.paramcalc-diagram path {{ shape-rendering: crispEdges; }}
.paramcalc-diagram polygon, .paramcalc-diagram circle {{ stroke: currentColor; stroke-width: 0.7; }}
.paramcalc-diagram .other {{ fill: currentColor; fill-opacity: 0.12; }}
"""
ALONE = """
svg { color: #1f2328; background: #ffffff; }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; background: #0d1117; } }
"""


def width_of_text(text: str) -> float:
    """The width of a text in pixels, on the safe side for the fonts of most readers."""
    wide = sum([one.isupper() or one in "mw%@" for one in text])
    return FONT * (0.62 * width_of(text) + 0.3 * wide)


class Shape(NamedTuple):
    """A polygon, its kind in `COLORS`, and what a reader who points at it sees."""

    points: tuple[tuple[float, float], ...]
    kind: str
    title: str


class Label(NamedTuple):
    """A text, centered at x, on the baseline y."""

    x: float
    y: float
    text: str


class Picture(NamedTuple):
    """Shapes, circles (a sign and a title), lines, dashed frames (as lines) and labels."""

    width: float
    height: float
    shapes: list[Shape]
    circles: list[tuple[Label, str]]
    lines: list[list[tuple[float, float]]]
    frames: list[list[tuple[float, float]]]
    labels: list[Label]


def path_of(points: Iterable[tuple[float, float]]) -> str:
    """The data of a path through points."""
    return "M" + " L".join([f"{x:.1f} {y:.1f}" for x, y in points])


def text_of(label: Label) -> str:
    """A text element."""
    return f'<text x="{label.x:.1f}" y="{label.y:.1f}">{escape(label.text)}</text>'


def render(picture: Picture, *, alone: bool = True) -> str:
    """The picture as an SVG document, well-formed and without anything from outside."""
    size = f'width="{picture.width:.0f}" height="{picture.height:.0f}"'
    box = f'viewBox="0 0 {picture.width:.0f} {picture.height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="paramcalc-diagram" {size} {box}>',
        f"<style>{STYLE}{ALONE if alone else ''}</style>",
        f'<path d="{" ".join(map(path_of, picture.lines))}"/>',  # One, or shared ways are darker.
        *[f'<path d="{path_of(one)}Z" stroke-dasharray="4 3"/>' for one in picture.frames],
    ]
    for points, kind, title in picture.shapes:
        color = COLORS.get(kind)
        look = f'fill="{color}"' if color else 'class="other"'
        corners = " ".join([f"{x:.1f},{y:.1f}" for x, y in points])
        parts.append(f'<polygon points="{corners}" {look}><title>{escape(title)}</title></polygon>')
    for (x, y, text), title in picture.circles:
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="none"/>'
        sign = text_of(Label(x, y + 0.36 * FONT, text))
        parts.append(f"<g>{circle}{sign}<title>{escape(title)}</title></g>")
    parts += map(text_of, picture.labels)
    return "\n".join([*parts, "</svg>"])
