"""The arrangement of a picture: boxes in rows that fork and merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from paramcalc.render import svg

Point = tuple[float, float]

MAX_WIDTH = 1000
"""Where a chain wraps, in pixels."""
GAP = 12
"""Between the labels of neighbors, and around lines."""
LINE = svg.FONT + 2
RADIUS = svg.RADIUS


@dataclass(frozen=True, slots=True)
class Glyph:
    """A layer in a picture.

    Args:
        path: its place.
        layer: its text.
        kind: what it is colored as: "convolution", "dense", "pooling", "normalization",
            "activation", "sequence"; or empty.
        labels: the lines below it.
        title: what is said of it where a reader points at it.
        x: its left side, in pixels.
        y: its middle.
        width: the more channels, the wider.
        heights: of its left and its right side, the larger the input and the output.
        count: how many equal layers it stands for, where blocks repeat.

    Example:
        >>> import paramcalc as pc
        >>> pc.diagram(pc.Conv2d(3, 64, 3), (3, 32, 32)).glyphs[0].labels
        ('conv2d 3×3', '64×30×30', '1.8 k')
    """

    path: str
    layer: str
    kind: str
    labels: tuple[str, ...]
    title: str
    x: float
    y: float
    width: float
    heights: tuple[float, float]
    count: int = 1


class Box:
    """A part of a picture in coordinates of its own: it is read from (0, 0) to (width, 0).

    `above` and `below` are how far it reaches from y = 0.
    """

    def __init__(self, width: float = 0, above: float = 0, below: float = 0) -> None:
        self.width: float = width
        self.above: float = above
        self.below: float = below
        self.parts: list[tuple[float, float, Box]] = []
        self.lines: list[Sequence[Point]] = []
        self.frames: list[Sequence[Point]] = []
        self.signs: list[tuple[float, float, str, str]] = []
        self.labels: list[tuple[float, float, str]] = []
        self.glyphs: list[Glyph] = []
        # Where lines enter, in the order of what is read; none for a sign, which they go around.
        self.ports: list[Point] = [(0, 0)]
        self.is_source: bool = False  # It reads nothing.
        self.has_fork: bool = False
        self.hanging: Box | None = None  # The long way beside a skip connection: it goes below.

    def put(self, x: float, y: float, box: Box) -> None:
        """Place a box in this one."""
        self.parts.append((x, y, box))
        self.above = max(self.above, box.above - y)
        self.below = max(self.below, box.below + y)
        self.width = max(self.width, x + box.width)

    def all_at(self, x: float, y: float) -> Iterator[tuple[float, float, Box]]:
        """Yield the box and all boxes in it, with their places."""
        yield x, y, self
        for right, down, box in self.parts:
            yield from box.all_at(x + right, y + down)


def row_of(boxes: Sequence[Box], limit: float = MAX_WIDTH, *, is_root: bool = False) -> Box:
    """Boxes from left to right; a longer row goes on below."""
    row = Box()
    row.has_fork = any(box.has_fork for box in boxes)
    row.is_source = any(box.is_source for box in boxes[:1])
    lines: list[list[Box]] = [[]]
    for box in boxes:
        line = lines[-1]
        is_full = sum([one.width for one in line]) + box.width > limit
        if line and (is_full or (box.hanging and any(one.hanging for one in line))):
            lines.append([])
        lines[-1].append(box)
    x = y = 0.0
    for number, whole in enumerate(map(line_of, lines)):
        if number:
            middle, start = row.below + GAP / 2, y
            y = middle + GAP / 2 + whole.above
            back = [(x, start), (x + 6, start), (x + 6, middle), (-6, middle), (-6, y), (0, y)]
            row.lines.append(back)
        row.put(0, y, whole)
        x = whole.width
    if y and not is_root:  # The end is where it would be without the lines below.
        row.width += GAP
        row.lines.append([(x, y), (row.width, y), (row.width, 0)])
    return row


def line_of(boxes: Sequence[Box]) -> Box:
    """Boxes in one line; what hangs is below all of them, as in a U-Net, and around its fork."""
    line = Box()
    x = start = end = 0.0
    hanging: Box | None = None
    for box in boxes:
        if box.hanging:
            hanging, start, end = box.hanging, x + GAP, x + box.width - GAP
        x += box.width
    left = 0.0
    if hanging:  # In the middle, but no line back: it begins before its fork and ends after it.
        left = min(max((x - hanging.width) / 2, end - hanging.width), start)
    shift = max(0.0, GAP - left) if hanging else 0.0
    line.lines.append([(0, 0), (shift, 0)])
    x = shift
    for box in boxes:
        line.put(x, 0, box)
        x += box.width
    if hanging:
        left, start, end = left + shift, start + shift, end + shift
        right, turn = left + hanging.width, line.below + GAP
        y = turn + GAP + hanging.above
        line.lines.append([(start, 0), (start, turn), (left, turn), (left, y)])
        line.lines.append([(right, y), (right, turn), (end, turn), (end, RADIUS)])
        line.put(left, y, hanging)
        line.width = max(x, right + GAP)
        line.lines.append([(x, 0), (line.width, 0)])
    return line


def fork_of(branches: Sequence[Box], sign: str, title: str) -> Box:
    """Branches below each other, from where they fork to where they merge."""
    fork = Box()
    spaces = [max(one.above + one.below, 6) + GAP for one in branches]
    skips = [number for number, one in enumerate(branches) if not one.width]
    fork.has_fork = True
    main = branches[1 - skips[0]] if len(branches) == 2 and len(skips) == 1 else None
    if main and (main.has_fork or main.width > MAX_WIDTH / 3):
        fork.hanging = main
        fork.width, fork.above, fork.below = 5.0 * GAP, 8, 8
        right = fork.width - GAP
        fork.lines.append([(0, 0), (right - RADIUS, 0)])
        fork.lines.append([(right + RADIUS, 0), (fork.width, 0)])
        fork.signs.append((right, 0, sign, title))
        return fork
    if main:  # A skip connection passes above.
        places = [-main.above - GAP if number in skips else 0.0 for number in (0, 1)]
    else:
        tops = [sum(spaces[:number]) - sum(spaces) / 2 for number in range(len(branches))]
        rows = zip(tops, spaces, branches, strict=True)
        places = [top + (space + one.above - one.below) / 2 for top, space, one in rows]
    left = 2 * GAP
    right = left + max([one.width for one in branches]) + GAP
    for y, branch in zip(places, branches, strict=True):
        fork.put(left, y, branch)
        if not branch.is_source:
            fork.lines.append([(0, 0), (GAP / 2, 0), (GAP / 2, y), (left, y)])
        way: list[Point] = [(left + branch.width, y)]
        if abs(y) < RADIUS:
            way.append((right - (RADIUS**2 - y**2) ** 0.5, y))
        else:
            way += [(right, y), (right, RADIUS if y > 0 else -RADIUS)]
        fork.lines.append(way)
    fork.signs.append((right, 0, sign, title))
    fork.lines.append([(right + RADIUS, 0), (right + GAP, 0)])
    fork.width, fork.above, fork.below = right + GAP, max(fork.above, 8), max(fork.below, 8)
    return fork


def sign_of(sign: str, title: str) -> Box:
    """A merge of lines, which come from the left, from above and from below."""
    box = Box(2 * GAP, 8, 8)
    box.ports = []
    box.signs.append((GAP, 0, sign, title))
    box.lines.append([(GAP + RADIUS, 0), (box.width, 0)])
    return box


def end_of(lines: Sequence[str]) -> Box:
    """The name and the shape of an input or output, at the end of a line."""
    box = Box(max(map(svg.width_of_text, lines)) + GAP, LINE, LINE)
    first = 4 - LINE / 2 * (len(lines) - 1)
    box.labels += [(box.width / 2, first + LINE * at, text) for at, text in enumerate(lines)]
    return box


def frame_of(box: Box, times: int) -> Box:
    """A box that is there several times."""
    frame = Box()
    frame.put(GAP, 0, box)
    text = f"× {times}"
    label_width = svg.width_of_text(text)
    frame.width = max(frame.width + GAP, label_width + 2 * GAP)
    left, top, right, bottom = 4, -box.above - 6, frame.width - 4, box.below + 6
    frame.frames.append([(left, top), (right, top), (right, bottom), (left, bottom)])
    frame.lines.append([(0, 0), (GAP, 0)])
    frame.lines.append([(GAP + box.width, 0), (frame.width, 0)])
    frame.labels.append((left + 2 + label_width / 2, top - 4, text))
    frame.above, frame.below = 20 - top, bottom + 4
    return frame


def picture_of(root: Box) -> tuple[svg.Picture, tuple[Glyph, ...]]:
    """The picture of a box, with a legend below, and its glyphs in their places."""
    margin = 20.0
    shapes: list[svg.Shape] = []
    found = svg.Picture(0, 0, shapes, [], [], [], [])
    glyphs: list[Glyph] = []
    for x, y, box in root.all_at(margin, margin + root.above):
        for glyph in box.glyphs:
            glyphs.append(replace(glyph, x=glyph.x + x, y=glyph.y + y))
            shapes.append(shape_of(glyphs[-1]))
        for lines, own in (found.lines, box.lines), (found.frames, box.frames):
            lines.extend([[(x + right, y + down) for right, down in one] for one in own])
        for right, down, sign, title in box.signs:
            found.circles.append((svg.Label(x + right, y + down, sign), title))
        found.labels.extend([svg.Label(x + a, y + b, text) for a, b, text in box.labels])
    x, y = margin, 2 * margin + root.above + root.below
    for kind in [one for one in svg.COLORS if one in {glyph.kind for glyph in glyphs}]:
        square = (x, y - 8), (x + 9, y - 8), (x + 9, y + 1), (x, y + 1)
        shapes.append(svg.Shape(square, kind, kind))
        width = svg.width_of_text(kind)
        found.labels.append(svg.Label(x + 14 + width / 2, y + 1, kind))
        x += 14 + width + 2 * GAP
    width = max(root.width + 2 * margin, x)
    return found._replace(width=width, height=y + margin / 2), tuple(glyphs)


def shape_of(glyph: Glyph) -> svg.Shape:
    """The shape of a glyph: its sides slope from its input to its output."""
    x, y, right = glyph.x, glyph.y, glyph.x + glyph.width
    first, last = [height / 2 for height in glyph.heights]
    points = (x, y - first), (right, y - last), (right, y + last), (x, y + first)
    return svg.Shape(points, glyph.kind, glyph.title)
