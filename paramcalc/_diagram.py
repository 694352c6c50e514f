"""A picture of a network: a glyph per layer, in rows that fork and merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log2
from typing import Any

from paramcalc._branches import Branches
from paramcalc._checks import as_depth
from paramcalc._graph import Graph
from paramcalc._network import Network
from paramcalc._notes import layouts_of
from paramcalc._plan import inputs_of
from paramcalc._repeats import THIN, repeats, times_text
from paramcalc._trace import Step, shape_text, walk, ways
from paramcalc.errors import ParamcalcError, join_path
from paramcalc.layers._axes import family_of, spread
from paramcalc.layers._base import InputShape, Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers.activation import Identity
from paramcalc.render import svg
from paramcalc.render.boxes import (
    GAP,
    LINE,
    Box,
    Glyph,
    end_of,
    fork_of,
    frame_of,
    picture_of,
    row_of,
    sign_of,
)
from paramcalc.render.layered import graph_of
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table, printable

MAX_GLYPHS = 400


@dataclass(frozen=True, slots=True, repr=False)
class Diagram(Shown):
    """A picture of a network; a notebook shows it.

    `to_svg()` gives the text of a file.

    Example:
        >>> import paramcalc as pc
        >>> picture = pc.diagram(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2)), (3, 32, 32))
        >>> picture.to_svg()[:40]
        '<svg xmlns="http://www.w3.org/2000/svg" '
    """

    glyphs: tuple[Glyph, ...]
    width: float
    height: float
    _picture: svg.Picture = field(hash=False)

    def to_svg(self) -> str:
        """The picture as an SVG document, light or dark as the reader's page."""
        return svg.render(self._picture)

    def to_html(self) -> str:
        """The picture, in the colors of the text around it."""
        return f'<div style="overflow-x: auto">{svg.render(self._picture, alone=False)}</div>'

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def to_records(self) -> list[dict[str, Any]]:
        names = "path", "layer", "kind", "labels", "title", "x", "y", "width", "heights", "count"
        return [{name: getattr(glyph, name) for name in names} for glyph in self.glyphs]

    def _table(self, style: str = "unicode") -> Table:
        rows = [
            Row((one.path, times_text(one.count) + one.layer, one.kind, ", ".join(one.labels)))
            for one in self.glyphs
        ]
        return Table(tuple(map(Column, ("path", "layer", "kind", "labels"))), tuple(rows))


class Drawing:
    """A picture in the making, with what is known of each layer by its path."""

    def __init__(self, network: Layer, input_shape: Any, depth: int | None) -> None:
        steps = walk(network, input_shape, "diagram")
        self.depth: int | None = depth
        # The shapes of several inputs and outputs; the glyphs around a graph inside say its.
        self.ends: dict[str, Shape] = {}
        inside, shape = network._thawed._inside(), network._checked(input_shape)
        if isinstance(inside, Graph) and shape:
            self.ends |= zip(inside._input_names, inputs_of(inside, shape), strict=True)
            self.ends |= inside.output_shapes(input_shape)
        self.number: int = 0
        self.times: int = 1
        self.steps: dict[str, list[Step]] = {}  # All of a network.
        # Whether channels or features are the last axis, before and after a layer.
        self.is_last: dict[str, tuple[bool, bool]] = {}
        self.families: dict[str, tuple[str, str]] = {}  # Likewise.
        after: list[bool] = []
        families = [""]
        for step, layout in zip(steps, layouts_of(steps), strict=True):
            layer, layout = step.layer._thawed, layout.rpartition(" ")[2]
            source = step.inputs[0] if step.inputs else -1
            before = source >= 0 and after[source]
            family = family_of(layer, families[max(source, -1) + 1])
            families.append(layer._family_after or family)
            self.families[step.path] = family, families[-1]
            if layer._family.endswith(("features", "sequence")) and layout != "channels_first":
                before = True
            known = {"channels_last": True, "features": True, "channels_first": False}
            after.append(known.get(layout, before))
            if layer._family.endswith("spatial"):
                before = layer._channels_last
            self.is_last[step.path] = before, after[-1]
            for around in ways(step.path):
                self.steps.setdefault(around, []).append(step)

    def boxes_of(self, layer: Layer, path: str, level: int) -> Iterator[Box]:
        """Yield the boxes of a layer: several of a network in a row."""
        inside: Any = layer._bare
        if isinstance(inside, Branches) and inside._is_merge:
            self.count()
            yield sign_of(inside._sign, self.title_of(inside, path))
            return
        if not isinstance(inside, Network) or not (self.depth is None or level < self.depth):
            if not isinstance(inside, Identity):
                yield self.box_of(layer, path)
            return
        inside = inside._inside()
        if isinstance(inside, Branches):
            rows = [
                row_of(list(self.boxes_of(one, where, level + 1)))
                for where, one in inside._parts(path)
            ]
            yield fork_of(rows, inside._sign, self.title_of(inside, path))
        elif isinstance(inside, Graph):
            yield from self.graph_of(inside, path, level + 1)
        else:
            yield from self.chain_of(inside._parts(path), level + 1)

    def title_of(self, merge: Branches, path: str) -> str:
        """What is said of a sign."""
        title = f"{path} {type(merge).__name__}: "
        return (title + shape_text(self.steps[path][-1].output_shape or ())).strip(": ")

    def count(self) -> None:
        """Refuse a picture with too much in it."""
        self.number += 1
        if self.number > MAX_GLYPHS:
            problem = f"more than {MAX_GLYPHS} glyphs are too many for a picture; give depth"
            raise ParamcalcError(f"diagram: {problem}")

    def graph_of(self, graph: Graph, path: str, level: int) -> Iterator[Box]:
        """Yield the boxes of a graph; a chain in it is an item of its own."""
        shapes = {} if path else self.ends
        rows: list[list[Box]] = []
        reads: list[list[int]] = []
        items: dict[str, int] = {}
        for number, name in enumerate(graph._input_names):
            items[name] = number
            rows.append([label_of(name, shapes.get(name))] if len(graph.inputs) > 1 else [])
            reads.append([])
        for chain in chains_of(graph):
            parts = [(join_path(path, name), one) for name, one, _ in chain]
            row = list(self.chain_of(parts, level))
            sources = [items[name] for name in chain[0][2]]
            if row:
                rows.append(row)
                reads.append(sources)
            place = len(rows) - 1 if row else sources[0]  # Identities are lines.
            items |= {name: place for name, _, _ in chain}
        main = items[graph.outputs[0]]
        if len(graph.outputs) > 1:
            ends = [items[name] for name in graph.outputs]
            main = len(rows) + (0 if path else ends.index(max(ends)))
            rows += [[label_of(name, shapes.get(name))] for name in graph.outputs]
            reads += [[end] for end in ends]
        boxes = list(graph_of(rows, reads, len(graph.inputs), main))
        if len(graph.inputs) > 1:  # Its ports are on the left, however the rest is wrapped.
            boxes[0].put(boxes[0].width, 0, row_of(boxes[1:]))
            boxes = boxes[:1]
        yield from boxes

    def chain_of(self, parts: list[tuple[str, Layer]], level: int) -> Iterator[Box]:
        """Yield the boxes of layers in a row; blocks that repeat are drawn once."""
        layers: list[tuple[Layer, object]] = []
        for path, one in parts:
            steps = self.steps.get(path, [])
            shared = tuple([step.shared for step in steps])
            layers.append((one, (steps[0].input_shape if steps else None, shared)))
        found = list(repeats([path for path, _ in parts], layers))
        at = 0
        while at < len(found):
            start, size, times = found[at]
            number = size if times > 1 else 1
            self.times *= times
            block = parts[start : start + number]
            boxes = [box for path, one in block for box in self.boxes_of(one, path, level)]
            self.times //= times
            yield from [frame_of(row_of(boxes), times)] if times > 1 else boxes
            at += number

    def box_of(self, layer: Layer, path: str) -> Box:
        """The glyph of a layer, or of a network that is not opened, with its labels."""
        self.count()
        steps = self.steps.get(path, [])
        is_layer = bool(steps) and not layer._network_depth
        layer = steps[0].layer if is_layer else layer
        number = len(steps[0].inputs) if is_layer else layer._arity[0]
        is_source = is_layer and not number
        ends: list[Any] = [one for step in steps for one in step[2:4]] or [None]
        shapes = (ends[-1] if is_source else ends[0]), ends[-1]
        first, last = self.is_last.get(path, (False, False))
        pairs = zip(shapes, self.families.get(path, ("", "")), strict=True)
        sides = [shape and shape[min(one.count("time"), len(shape) - 1) :] for shape, one in pairs]
        text = layer._text(shapes[0])
        num_params = sum([step.num_params for step in steps])
        labels = [printable(name_of_glyph(layer, path, sides[0]))]
        title = f"{path} {text}".strip()
        if shapes[1]:
            labels.append(shape_text(shapes[1]).replace(" ", ""))
            read = "" if is_source else f"{shape_text(shapes[0])} → "
            title += f": {read}{shape_text(shapes[1])}"
        if num_params:
            labels.append(compact(num_params))
            title += f"; {num_params:,} parameters"
        kind = layer._bare._kind
        is_thin = kind in THIN  # A bar without a label.
        before, after = sides
        if kind == "sequence" and before and len(before) < len(after):
            before, first = (*before, 1), True  # Indices have no features.
        heights = height_of(before, first), height_of(after, last)
        width = 5 if is_thin else width_of_glyph(after, last)
        room = width if is_thin else max(width, *map(svg.width_of_text, labels))
        box = Box(room + GAP / (2 if is_thin else 1), max(heights) / 2, max(heights) / 2)
        left = (box.width - width) / 2
        box.lines.append([(0, 0), (left, 0)])
        box.lines.append([(left + width, 0), (box.width, 0)])
        about = path, text, kind, tuple(labels), title
        box.glyphs.append(Glyph(*about, left, 0, width, heights, self.times))
        if not is_thin:
            lines = [
                (box.width / 2, box.below + LINE * n, text) for n, text in enumerate(labels, 1)
            ]
            box.labels += lines
            box.below += LINE * len(labels) + 4
        box.is_source = is_source
        if number != 1:
            box.lines.pop(0)
            step = heights[0] / (number + 1)
            ports = [(left, step * at - heights[0] / 2) for at in range(1, number + 1)]
            box.ports = ports or box.ports
        return box


def chains_of(graph: Graph) -> list[list[tuple[str, Layer, tuple[str, ...]]]]:
    """The nodes of a graph, together where each reads the one before it, and that alone."""
    readers = Counter([*[at for *_, given in graph.nodes for at in given], *graph.outputs])
    chains: list[list[tuple[str, Layer, tuple[str, ...]]]] = []
    ends: dict[str, list[tuple[str, Layer, tuple[str, ...]]]] = {}
    for node in graph.nodes:
        name, one, given = node
        is_next = len(given) == 1 and given[0] in ends and readers[given[0]] == 1
        if is_next and not one._is_merge:
            ends[name] = ends[given[0]]
            ends[name].append(node)
            continue
        chains.append([node])
        if not one._is_merge:
            ends[name] = chains[-1]
    return chains


def label_of(name: str, shape: Shape | None) -> Box:
    """The name and the shape of an input or output."""
    return end_of([printable(name), *([shape_text(shape).replace(" ", "")] if shape else [])])


def name_of_glyph(layer: Layer, path: str, shape: Shape | None) -> str:
    """The kind of layer and the size of its window; the name of a network."""
    inside = layer._bare
    if inside._network_depth and path and not path.endswith("]"):
        return path.rpartition(".")[2]
    name = type(inside).__name__.lower()
    if isinstance(inside, Builtin):
        sizes = [key for key, spec in inside._specs.items() if spec.symbol == "k"]
        for key in sizes:
            window = spread(getattr(inside, key), len(shape or (0, 0)) - 1)
            return f"{name} {'×'.join(map(str, window))}"
    return name


def compact(number: int) -> str:
    """A count in three digits or so."""
    if number < 1000:
        return str(number)
    value, units = number / 1000, iter("kMGTPE")
    unit = next(units)
    while value >= 999.95 and unit != "E":
        value, unit = value / 1000, next(units)
    return f"{value:.1f} {unit}"


def height_of(shape: Shape | None, is_last: bool) -> float:
    """The height of a side: the logarithm of the longest spatial axis."""
    if not shape:
        return 30
    lengths = shape[:-1] if is_last else shape[1:]
    return 12 + 11 * log2(max([*lengths, 1]))


def width_of_glyph(shape: Shape | None, is_last: bool) -> float:
    """The width of a glyph: the logarithm of the channels or features."""
    if not shape:
        return 16
    return 6 + 3.2 * log2(shape[-1] if is_last else shape[0])


def diagram(
    network: Layer, input_shape: InputShape | None = None, *, depth: int | None = None
) -> Diagram:
    """A picture of the network.

    There is a glyph per layer, the higher the larger its images.

    A chain is a row; branches are below each other, and merge at a sign. A layer of a `Graph` is to
    the right of all that it reads; several inputs and outputs are named. Widths show channels,
    colors show what a layer does: the legend says it in words. Normalizations and activations are
    thin bars; identities are lines. Blocks that repeat are drawn once.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`, or where all channels and features
            are given: then all layers have the same size.
        depth: how many levels are shown; a deeper network is one glyph. None is all.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: depth is negative, or there are more than 400 glyphs.
        ShapeError: a layer does not fit its input, or the shape is needed and missing.

    Source:
        Bäuerle, van Onzenoodt and Ropinski, "Net2Vis: A Visual Grammar for Automatically Generating
        Publication-Tailored CNN Architecture Visualizations", 2019.

    Example:
        >>> import paramcalc as pc
        >>> picture = diagram(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2)), (3, 32, 32))
        >>> [glyph.labels for glyph in picture.glyphs]
        [('conv2d 3×3', '8×30×30', '224'), ('pool 2×2', '8×15×15')]
    """
    levels = as_depth(depth, "diagram")
    drawing = Drawing(network, input_shape, levels)
    root = row_of(list(drawing.boxes_of(network, "", 0)), is_root=True)
    picture, glyphs = picture_of(root)
    return Diagram(glyphs, picture.width, picture.height, picture)
