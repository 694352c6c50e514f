"""A staircase of numbers in SVG: a bar per layer, as high as its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from paramcalc.render.html import escape
from paramcalc.render.svg import ALONE, COLORS, FONT, STYLE, Label, path_of, text_of, width_of_text

HEIGHT, MARGIN = 160, 2 * FONT
"""The height of the highest bar, and the room around all, in pixels."""
BARE = "\n.paramcalc-diagram .bar { stroke: none; }\n"


class Bar(NamedTuple):
    """A number, the kind of its layer in `COLORS`, and what a reader who points at it sees."""

    number: int
    kind: str
    title: str


def render(bars: Sequence[Bar], label: str) -> str:
    """The bars as an SVG document, with a label at the first of the highest."""
    most = max([bar.number for bar in bars], default=0) or 1
    step = min(max(640 / (len(bars) or 1), 2.0), 24.0)
    text_width = width_of_text(label)
    width = max(step * len(bars), text_width) + 2 * MARGIN
    ground = HEIGHT + 2 * MARGIN
    parts: list[str] = []
    points: list[tuple[float, float]] = [(MARGIN, ground)]
    peak = float(MARGIN)
    for at, bar in enumerate(bars):
        left, high = MARGIN + at * step, bar.number * HEIGHT / most
        color = COLORS.get(bar.kind)
        look = f'fill="{color}" class="bar"' if color else 'class="bar other"'
        corners = [(left, ground), (left, ground - high), (left + step, ground - high)]
        corners.append((left + step, ground))
        points += corners[1:3]
        text = " ".join([f"{x:.1f},{y:.1f}" for x, y in corners])
        parts.append(
            f'<polygon points="{text}" {look}><title>{escape(bar.title)}</title></polygon>'
        )
        if bar.number == most and not any(one.number == most for one in bars[:at]):
            peak = left + step / 2
    points.append((points[-1][0], ground))
    middle = min(max(peak, MARGIN + text_width / 2), width - MARGIN - text_width / 2)
    size = f'width="{width:.0f}" height="{ground + MARGIN}"'
    box = f'viewBox="0 0 {width:.0f} {ground + MARGIN}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="paramcalc-diagram" {size} {box}>',
            f"<style>{STYLE}{BARE}{ALONE}</style>",
            *parts,
            f'<path d="{path_of(points)}"/>',
            text_of(Label(middle, 2 * MARGIN - FONT / 2, label)),
            "</svg>",
        ]
    )
