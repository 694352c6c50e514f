"""The arrangement of a graph: boxes in columns, with lines between them."""

from __future__ import annotations

from bisect import bisect, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from math import inf

from paramcalc.render.boxes import GAP, Box, row_of
from paramcalc.render.wires import Node, Wire, region_of, settle

SWEEPS = 8
Link = tuple[Node, Node, int]
"""Neighbors that a line connects, and the port at which it ends; 0 where any will do."""
Edge = tuple[int, int, int, int]
"""An item that is read, how often the reader reads it before this, the reader and its port."""


def graph_of(
    rows: Sequence[Sequence[Box]], reads: Sequence[Sequence[int]], num_inputs: int, main: int
) -> Iterator[Box]:
    """Yield the boxes of a graph, to be put in a row.

    A column is the longest path from the inputs. Where one line alone goes from a column to the
    next, the graph is cut: so a chain is a row like any other.

    Args:
        rows: the boxes of each item, in an order in which all follow what they read.
        reads: the items that each reads.
        num_inputs: how many items, the first, are inputs. A single one has no box; the ports of
            the first box are those of several.
        main: the item that ends the row.
    """
    boxes = [row[0] if row and row[0].ports != [(0, 0)] else row_of(row) for row in rows]
    edges: list[Edge] = []
    for target, given in enumerate(reads):
        times = Counter[int]()
        for port, source in enumerate(given):
            edges.append((source, times[source], target, port))
            times[source] += not boxes[target].ports  # To a sign, each has a way of its own.
    columns, reached = columns_of(edges, len(rows), num_inputs, main)
    nodes = [Node(column, box) for column, box in zip(columns, boxes, strict=True)]
    grid, wires = grid_of(nodes, edges)
    links = [dict[Link, None]() for _ in grid]
    into: dict[Node, list[Wire]] = {}
    for wire in wires:
        into.setdefault(wire.nodes[-1], []).append(wire)
        for left, right in pairwise(wire.nodes):
            port = 0 if right.is_line or right.is_free else wire.port
            links[left.column][left, right, port] = None
    spine = spine_of(nodes[main], into, {nodes[item] for item in reached})
    order(grid, links)
    straighten(links, spine)
    place(grid, links, spine)
    for column in grid:
        settle(column, into)
    start = 0
    items = dict(zip(nodes, rows, strict=True))
    for end in range(1, len(grid)):
        if len(grid[end]) > 1 or grid[end][0].is_line:
            continue
        inside = [wire for wire in wires if start <= wire.nodes[0].column < end]
        if len(inside) == len(grid[start]) == 1 and grid[end][0].box.ports:
            yield from items[grid[end][0]]
        else:
            region = region_of(grid[start : end + 1], inside)
            if start == 0 and num_inputs > 1:
                region.ports = [(0, node.y) for node in nodes[:num_inputs]]
            yield region
        start = end


def columns_of(
    edges: Sequence[Edge], number: int, num_inputs: int, main: int
) -> tuple[list[int], set[int]]:
    """The columns of items, and those that an input leads to; others are right before a reader."""
    columns, reached = [0] * number, {*range(num_inputs)}
    for source, copy, target, _ in edges:
        columns[target] = max(columns[target], columns[source] + 1 + (copy > 0))
        reached |= {target} if source in reached else set()
    columns[main] = max(columns[main], 1 + max([*columns[:main], *columns[main + 1 :]], default=-1))
    latest = dict[int, int]()
    for source, copy, target, _ in reversed(edges):
        if source not in reached:
            latest[source] = min(latest.get(source, number), columns[target] - 1 - (copy > 0))
            columns[source] = latest[source]
    return columns, reached


def grid_of(nodes: list[Node], edges: Sequence[Edge]) -> tuple[list[list[Node]], list[Wire]]:
    """The columns and the lines; those of one node share their way, the longest above others."""
    ends: dict[tuple[int, int], int] = {}
    for source, copy, target, _ in edges:
        ends[source, copy] = max(ends.get((source, copy), 0), nodes[target].column)
    grid: list[list[Node]] = [[] for _ in range(1 + max([node.column for node in nodes]))]
    ways: dict[tuple[int, int], list[Node]] = {}
    for source, copy in sorted(ends, key=lambda one: (-ends[one], *one)):
        between = range(nodes[source].column + 1, ends[source, copy])
        ways[source, copy] = [Node(column) for column in between]
        for line in ways[source, copy]:
            grid[line.column].append(line)
    for node in nodes:
        grid[node.column].append(node)
    wires: list[Wire] = []
    for source, copy, target, port in edges:
        one, other = nodes[source], nodes[target]
        way = ways[source, copy][: other.column - one.column - 1]
        wires.append(Wire([one, *way, other], port))
    return grid, wires


def spine_of(main: Node, into: dict[Node, list[Wire]], reached: set[Node]) -> list[Node]:
    """The longest path from an input, which is drawn straight."""
    spine = [main]
    while spine[0] in into:
        wires = [wire.nodes for wire in into[spine[0]] if wire.nodes[0] in reached]
        way = max(wires, key=lambda nodes: (nodes[0].column, nodes[0].box.width))
        spine = way[:-1] + spine
    return spine


def order(grid: Sequence[list[Node]], links: Sequence[dict[Link, None]]) -> None:
    """Order each column so that few lines cross."""
    best, fewest = [*map(list, grid)], inf
    for column in grid:
        number_from_above(column)
    for sweep in range(SWEEPS):
        crossings = sum(map(crossings_of, links))
        if crossings < fewest:
            best, fewest = [*map(list, grid)], crossings
        if not crossings:
            break
        is_ahead = sweep % 2 == 0
        for at in range(1, len(grid)) if is_ahead else reversed(range(len(grid) - 1)):
            places: dict[Node, list[float]] = {node: [] for node in grid[at]}
            for left, right, port in links[at - is_ahead]:
                if is_ahead:
                    places[right].append(left.place)
                else:
                    places[left].append(place_of(right, port))
            keys = {
                node: sum(one) / len(one) if one else node.place for node, one in places.items()
            }
            grid[at].sort(key=keys.__getitem__)
            number_from_above(grid[at])
    for column, kept in zip(grid, best, strict=True):
        column[:] = kept
        number_from_above(column)


def number_from_above(column: Sequence[Node]) -> None:
    """Tell each node its place."""
    for number, node in enumerate(column):
        node.place = number


def place_of(node: Node, port: int) -> float:
    """The place of a port among the nodes of a column."""
    return node.place + port / max(len(node.box.ports), 1)


def crossings_of(links: dict[Link, None]) -> int:
    """The number of pairs that cross between two columns."""
    ends: list[float] = []
    crossings = 0
    for _, end in sorted([(left.place, place_of(right, port)) for left, right, port in links]):
        crossings += len(ends) - bisect(ends, end)
        insort(ends, end)
    return crossings


def straighten(links: Sequence[dict[Link, None]], spine: Sequence[Node]) -> None:
    """Choose neighbors at the same height: no two such lines cross, and the spine is first."""
    main = {*pairwise(spine)}

    def rank(link: Link) -> int:
        left, right, _ = link
        if (left, right) in main:
            return 0
        return {2: 1, 0: 2, 1: 3}[left.is_line + right.is_line]

    for between in links:
        taken: list[tuple[int, int]] = []
        for left, right, _ in sorted(between, key=rank):
            at = bisect(taken, (left.place, right.place))
            above, below = taken[max(at - 1, 0) : at], taken[at : at + 1]
            if not (left.after or right.before) and (
                all(end < right.place for _, end in above)
                and all(end > right.place for _, end in below)
            ):
                left.after, right.before = right, left
                taken.insert(at, (left.place, right.place))


def place(
    grid: Sequence[Sequence[Node]], links: Sequence[dict[Link, None]], spine: Sequence[Node]
) -> None:
    """Give all nodes a height: the spine is at 0, and others are as near to it as they can."""
    above: dict[Node, dict[Node, float]] = {}
    below: dict[Node, dict[Node, float]] = {}
    is_below: dict[Node, bool] = {}
    for column, middle in zip(grid, spine, strict=True):
        for node in column:
            node.head = node.before.head if node.before else node
            is_below[node.head] = node.place > middle.place
            above.setdefault(node.head, {})
            below.setdefault(node.head, {})
        for upper, lower in pairwise(column):
            one, other = upper.head, lower.head
            space = upper.box.below + GAP + lower.box.above
            above[other][one] = below[one][other] = max(space, above[other].get(one, 0))
    heads = [head for head in TopologicalSorter(above).static_order() if head is not spine[0]]
    for head in heads:
        if is_below[head]:
            head.height = max([one.height + space for one, space in above[head].items()])
    for head in reversed(heads):
        if not is_below[head]:
            head.height = min([one.height - space for one, space in below[head].items()])
    wishes = wishes_of(links)
    for head in heads:  # Straight lines, where there is room.
        top = max([one.height + space for one, space in above[head].items()], default=-inf)
        bottom = min([one.height - space for one, space in below[head].items()], default=inf)
        wished = [one.height + more for one, more in wishes.get(head, ())]
        head.height = next((y for y in wished if top <= y <= bottom), head.height)


def wishes_of(links: Sequence[dict[Link, None]]) -> dict[Node, list[tuple[Node, float]]]:
    """The heights at which lines to others would be straight, from those of the others."""
    wishes: dict[Node, list[tuple[Node, float]]] = {}
    for left, right, port in [link for between in links for link in between]:
        height = right.box.ports[port][1] if right.box.ports else 0
        if left.head is not right.head:
            wishes.setdefault(left.head, []).append((right.head, height))
            wishes.setdefault(right.head, []).append((left.head, -height))
    return wishes
