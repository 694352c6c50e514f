"""Lines between boxes in columns: where they enter a column, and where they turn before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from paramcalc.render.boxes import GAP, RADIUS, Box, Point

TRACK = GAP / 2
"""Between neighboring lines that turn."""
NEAR = 4
"""Lines that are closer look like one."""


class Node:
    """A place in a column: of a box, or of lines that pass through."""

    def __init__(self, column: int, box: Box | None = None) -> None:
        self.column: int = column
        self.box: Box = box or Box()
        self.is_line: bool = box is None
        self.place: int = 0  # In its column, from above.
        self.x: float = 0
        self.right: float = 0  # Where its lines leave.
        self.before: Node | None = None  # At the same height, to its left and to its right.
        self.after: Node | None = None
        self.head: Node = self  # The first at the same height,
        self.height: float = 0  # which keeps it for all.

    @property
    def y(self) -> float:
        """Its height."""
        return self.head.height

    @property
    def is_free(self) -> bool:
        """Whether it is the same which line ends where: only inputs of a network have names."""
        return bool(self.box.glyphs or not self.box.ports)


class Wire:
    """A line from a node to a port of another, by way of the nodes between them."""

    def __init__(self, nodes: list[Node], port: int) -> None:
        self.nodes: list[Node] = nodes
        self.port: int = port
        self.goal: float = 0  # The height at which it comes to its last column.

    def hops(self) -> Iterator[tuple[Node, float]]:
        """Yield each node before the last, and the height at which it comes to the next column."""
        for left, right in pairwise(self.nodes):
            yield left, right.y if right.is_line else self.goal

    def end(self) -> list[Point]:
        """Its last points: at a port, or around a sign."""
        target = self.nodes[-1]
        if target.box.ports:
            return [(target.x + target.box.ports[self.port][0], self.goal)]
        center, off = target.x + GAP, self.goal - target.y
        if abs(off) < RADIUS:
            return [(center - (RADIUS**2 - off**2) ** 0.5, self.goal)]
        return [(center, self.goal), (center, target.y + (RADIUS if off > 0 else -RADIUS))]


class Net:
    """The lines of one node that turn before the next column: from its height to others."""

    def __init__(self, y: float, goals: list[float]) -> None:
        self.y: float = y
        self.goals: list[float] = goals
        self.track: int = 0
        self.rest: Net | None = None  # If it turns twice.

    def precedes(self, other: Net) -> bool:
        """Whether it must turn before the other, which goes on at its height."""
        return other is not self and any(abs(goal - self.y) < NEAR for goal in other.goals)

    def overlaps(self, other: Net) -> bool:
        """Whether the two cannot turn in one place."""
        one, two = [self.y, *self.goals], [other.y, *other.goals]
        return min(one) < max(two) + NEAR and min(two) < max(one) + NEAR

    def turns(self, start: float, goal: float) -> Iterator[Point]:
        """Yield where it turns on its way to a goal; the first place is at `start`."""
        x = start + TRACK * self.track
        yield x, self.y
        yield x, self.rest.y if self.rest else goal
        if self.rest:
            yield from self.rest.turns(start, goal)


def settle(column: Sequence[Node], wires: Mapping[Node, list[Wire]]) -> None:
    """Set the heights at which lines come to a column: straight, if they can go around a sign."""
    drops: list[tuple[float, float, Node]] = []
    for node in column:
        mine = wires.get(node, [])
        if node.is_free:
            mine.sort(key=lambda wire: wire.nodes[-2].y)
        for number, wire in enumerate(mine):
            if node.box.ports:
                wire.port = number if node.is_free else wire.port
                wire.goal = node.y + node.box.ports[wire.port][1]
                continue
            wire.goal = wire.nodes[-2].y
            top, bottom = sorted([wire.goal, node.y])
            if bottom - top < RADIUS:
                continue
            others = [drop for drop in drops if drop[2] is not node]
            if any(blocks(one, wire) for one in column) or any(
                one < bottom + NEAR and other > top - NEAR for one, other, _ in others
            ):
                side = 1 if wire.goal > node.y else -1
                wire.goal = node.y + side * (node.box.below + NEAR)
            else:
                drops.append((top, bottom, node))


def blocks(other: Node, wire: Wire) -> bool:
    """Whether a node of the column is in the way of a line that goes around a sign."""
    left, node = wire.nodes[-2:]
    if other.is_line:
        return abs(other.y - left.y) < NEAR and other.before is not left
    top, bottom = sorted([left.y, node.y])
    above, below = other.y - other.box.above, other.y + other.box.below
    return other is not node and above < bottom + 2 * NEAR and below > top - 2 * NEAR


def region_of(grid: Sequence[Sequence[Node]], wires: Sequence[Wire]) -> Box:
    """Columns with their lines in a box. A first column of one node is where it is entered."""
    region = Box()
    region.has_fork = True
    hops: dict[Node, dict[float, None]] = {}
    for left, goal in [hop for wire in wires for hop in wire.hops()]:
        hops.setdefault(left, {})[goal] = None
    turns: dict[Node, tuple[float, Net]] = {}
    x = 0.0
    for number, column in enumerate(grid):
        width = 0.0
        for node in column:
            node.x = node.right = x
            if number or len(grid[0]) > 1:
                region.put(x, node.y, node.box)
                node.right += node.box.width
                width = max(width, node.box.width)
        x += width
        for node in column:
            goals = [goal for goal in hops.get(node, ()) if goal != node.y]
            if goals:
                turns[node] = x + TRACK, Net(node.y, goals)
        nets = [turns[node][1] for node in column if node in turns]
        lay(nets, [y for node in column for y in (node.y, *hops.get(node, ()))])
        x += TRACK * (2 + max([net.track for net in nets], default=-2))
    for wire in wires:
        points: list[Point] = [(wire.nodes[0].right, wire.nodes[0].y)]
        for left, goal in wire.hops():
            if goal != left.y:
                start, net = turns[left]
                points += net.turns(start, goal)
        region.lines.append([*points, *wire.end()])
        region.above = max([region.above, *[-y for _, y in points]])
        region.below = max([region.below, *[y for _, y in points]])
    return region


def lay(nets: Sequence[Net], taken: list[float]) -> None:
    """Choose the places where lines turn, from left to right; heights are taken already."""
    waiting = sorted(nets, key=direction)
    laid: list[Net] = []
    while waiting:
        ready = [net for net in waiting if not any(one.precedes(net) for one in waiting)]
        if not ready:  # Some wait for each other: one of them turns twice.
            split(waiting, taken)
        for net in ready:
            before = [one.track for one in laid if one.overlaps(net)]
            net.track = max(before, default=-1) + 1
            laid.append(net)
            waiting.remove(net)
            waiting += [net.rest] if net.rest else []


def direction(net: Net) -> tuple[bool, float]:
    """What to sort lines by so that few cross: of those that go down, the lowest turns first."""
    is_up = max(net.goals) < net.y
    return is_up, net.y if is_up else -net.y


def split(waiting: Sequence[Net], taken: list[float]) -> None:
    """Let a line of those that wait for each other turn twice."""
    seen: list[Net] = []
    net = waiting[0]
    while net not in seen:
        seen.append(net)
        net = next(one for one in waiting if one.precedes(net))
    y = (net.y + net.goals[0]) / 2
    while any(abs(one - y) < NEAR for one in taken):
        y += 1
    taken.append(y)
    net.rest, net.goals = Net(y, net.goals), [y]
