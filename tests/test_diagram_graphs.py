"""Pictures of graphs: their columns, and the lines between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, strategies as st
from strategies import networks_and_shapes
from test_diagram import check_nothing_overlaps, lines as all_lines, picture

import paramcalc as pc
from paramcalc.render.boxes import GAP, RADIUS, Box, Glyph, Point, sign_of
from paramcalc.render.layered import graph_of
from paramcalc.render.wires import Net, lay

RELU = pc.Activation("relu")
Line = list[Point]


def conv(size: int = 4, kernel_size: int = 3) -> pc.Conv2d:
    return pc.Conv2d(None, size, kernel_size, padding=kernel_size // 2)


def texts(found: pc.results.Diagram) -> dict[str, Point]:
    """Where each text is."""
    return {one.text: (one.x, one.y) for one in found._picture.labels}  # pyright: ignore[reportPrivateUsage]


def signs(found: pc.results.Diagram) -> list[tuple[str, float, float]]:
    """All signs from left to right."""
    circles = [label for label, _ in found._picture.circles]  # pyright: ignore[reportPrivateUsage]
    return [(one.text, one.x, one.y) for one in sorted(circles, key=lambda one: one.x)]


def lines(found: pc.results.Diagram) -> list[Line]:
    """All lines that are longer than a point."""
    return [line for line in all_lines(found) if line[0] != line[-1]]


def crosses(line: Line, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether a line runs through a rectangle; its border does not count."""
    return any(
        min(x, u) < right - 0.01
        and max(x, u) > left + 0.01
        and min(y, v) < bottom - 0.01
        and max(y, v) > top + 0.01
        for (x, y), (u, v) in pairwise(line)
    )


def check_no_line_crosses_a_glyph(found: pc.results.Diagram) -> None:
    for glyph in found.glyphs:
        half = min(glyph.heights) / 2
        area = glyph.x, glyph.y - half, glyph.x + glyph.width, glyph.y + half
        assert not [line for line in lines(found) if crosses(line, *area)], glyph


# The law of the arrangement, for boxes of any size


class Case:
    """Boxes, and what each reads."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.reads: list[tuple[int, ...]] = []
        self.num_inputs: int = 1

    def add(self, box: Box, *reads: int) -> None:
        self.boxes.append(box)
        self.reads.append(reads)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A graph of inputs, boxes, signs, boxes with two ports, and some that read nothing."""
    case = Case()
    case.num_inputs = draw(st.integers(1, 3))
    for _ in range(case.num_inputs):
        case.add(Box() if case.num_inputs == 1 else Box(40, 12, 12))
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["box", "box", "sign", "sign", "ports", "glyph", "source"]))
        earlier = st.integers(
            max(0, len(case.boxes) - draw(st.integers(1, 14))), len(case.boxes) - 1
        )
        read = draw(st.lists(earlier, min_size=2, max_size=4))
        size = draw(st.integers(5, 60))
        match kind:
            case "box":
                case.add(Box(size, size, 30), read[0])
            case "source":
                case.add(Box(size, 20, size))
            case "sign":
                case.add(sign_of("+", ""), *read)
            case _:
                box = Box(size, size, 30)
                box.ports = [(2, -4), (2, 4)]
                if kind == "glyph":
                    box.glyphs.append(Glyph("", "", "", (), "", 2, 0, 1, (9, 9)))
                case.add(box, *read[:2])
    known = {one for reads in case.reads for one in reads}
    case.add(sign_of("+", ""), *[one for one in range(len(case.boxes)) if one not in known])
    return case


def signs_alone(num_inputs: int, *reads: tuple[int, ...]) -> Case:
    """Signs after some inputs, where lines meet that seldom do."""
    case = Case()
    case.num_inputs = num_inputs
    for _ in range(num_inputs):
        case.add(Box() if num_inputs == 1 else Box(40, 12, 12))
    for read in reads:
        case.add(sign_of("+", ""), *read)
    return case


def arranged(case: Case) -> tuple[list[Point], list[Line], Box]:
    """Where the boxes are, the lines between them, and the row."""
    row, x = Box(), 0.0
    rows = [[box] if box.width else [] for box in case.boxes]
    for box in graph_of(rows, case.reads, case.num_inputs, len(rows) - 1):
        row.put(x, 0, box)
        x += box.width
    numbers = {id(box): number for number, box in enumerate(case.boxes)}
    places: dict[int, Point] = {0: (0, 0)} if case.num_inputs == 1 else {}
    found: list[Line] = []
    for x, y, box in row.all_at(0, 0):
        if id(box) in numbers:
            places[numbers[id(box)]] = x, y
        elif box.has_fork:
            found += [[(x + right, y + down) for right, down in line] for line in box.lines]
    return [places[number] for number in range(len(rows))], found, row


def is_end(box: Box, place: Point, point: Point) -> bool:
    """Whether a line may end here: at a port, or on the circle of a sign."""
    x, y = point[0] - place[0], point[1] - place[1]
    if not box.ports:
        return abs((x - GAP) ** 2 + y**2 - RADIUS**2) < 0.01
    return any(abs(x - right) + abs(y - down) < 0.01 for right, down in box.ports)


def share(one: Line, other: Line) -> bool:
    """Whether two lines run over each other somewhere."""
    for first in pairwise(one):
        for second in pairwise(other):
            for axis in 0, 1:
                ends = [sorted([point[1 - axis] for point in line]) for line in (first, second)]
                flat = {point[axis] for point in (*first, *second)}
                if max(flat) - min(flat) < 2 and (
                    min(ends[0][1], ends[1][1]) - max(ends[0][0], ends[1][0]) > 1
                ):
                    return True
    return False


@given(cases())
@example(signs_alone(1, (0,), (1, 0, 1), (1, 2, 1, 1), (3,)))
@example(signs_alone(3, (2, 0, 0, 1), (0, 1, 0, 0), (3, 4)))
def test_each_edge_is_a_line_and_none_crosses_a_box(case: Case) -> None:
    places, found, row = arranged(case)
    wanted = Counter(
        [(source, target) for target, reads in enumerate(case.reads) for source in reads]
    )
    of_line: list[tuple[int, int]] = []
    for line in found:
        starts = [
            number
            for number, ((x, y), box) in enumerate(zip(places, case.boxes, strict=True))
            if abs(x + box.width - line[0][0]) + abs(y - line[0][1]) < 0.01
        ]
        edges = [
            (source, target)
            for source in starts
            for target, place in enumerate(places)
            if is_end(case.boxes[target], place, line[-1]) and wanted[source, target]
        ]
        assert edges, line
        of_line.append(edges[0])
        wanted[edges[0]] -= 1
        assert all(x == u or y == v for (x, y), (u, v) in pairwise(line))
        assert all(0 <= x <= row.width and -row.above <= y <= row.below for x, y in line)
    for source, target in wanted.elements():  # They touch, as in any row.
        assert places[source][0] + case.boxes[source].width == places[target][0]
        assert places[source][1] == places[target][1] == 0
    assert places[-1] == (row.width - case.boxes[-1].width, 0)
    areas = [
        (x, y - box.above, x + box.width, y + box.below)
        for (x, y), box in zip(places, case.boxes, strict=True)
    ]
    for number, area in enumerate(areas):
        left, top, right, bottom = area
        for x, y, u, v in areas[:number]:
            assert right <= x or u <= left or bottom + GAP <= y + 0.01 or v + GAP <= top + 0.01
        for edge, line in zip(of_line, found, strict=True):
            assert number in edge or not crosses(line, *area)
    for number, (first, line) in enumerate(zip(of_line, found, strict=True)):
        for second, other in zip(of_line[:number], found, strict=False):
            assert line != other
            is_same = first[0] == second[0] or first[1] == second[1]
            assert is_same or not share(line, other), (first, second)


def test_boxes_are_in_an_order_in_which_lines_do_not_cross() -> None:
    case = Case()
    case.num_inputs = 2
    for reads in [(), (), (1,), (0,)]:
        case.add(Box(40, 12, 12), *reads)
    case.add(sign_of("+", ""), 2, 3)
    first, second, of_second, of_first, _ = [y for _, y in arranged(case)[0]]
    assert (of_first, of_second) == (first, second)


def test_a_box_is_level_with_what_it_is_between_where_there_is_room() -> None:
    case = Case()
    case.num_inputs = 2
    case.add(Box(40, 12, 12))
    case.add(Box(40, 12, 12))
    pair = Box(40, 12, 90)
    pair.ports = [(0, 0), (0, 80)]
    case.add(pair, 0, 1)
    case.add(sign_of("+", ""), 2)
    assert [y for _, y in arranged(case)[0]] == [0, 80, 0, 0]


# Laws of pictures


def pair() -> pc.Graph:
    left, right = pc.Input(4, 8, 8)(name="left"), pc.Input(4, 8, 8)(name="right")
    return pc.Graph((left, right), pc.Add()(conv()(left), right))


LAYERS: list[tuple[Callable[..., pc.Tensor], int]] = [
    (conv(), 1),
    (pc.Sequential(conv(), RELU, conv(), RELU), 1),
    (pc.Add(conv(), pc.Identity()), 1),
    (pc.Identity(), 1),
    (pc.Add(), 3),
    (lambda *read: conv()(pc.concat(*read)), 3),
    (pc.MatMul(), 2),
    (pair(), 2),
    (pc.Parameters(scale=(4, 8, 8)), 0),
]
"""Layers, and how many tensors they read."""


@st.composite
def graphs(draw: st.DrawFn) -> pc.Graph:
    """Layers and merges in any order, chains and graphs within, and one or more ends."""
    inputs = [pc.Input(4, 8, 8)() for _ in range(draw(st.integers(1, 2)))]
    tensors, reached, known = [*inputs], [True] * len(inputs), set[int]()
    for _ in range(draw(st.integers(0, 10))):
        make, number = draw(st.sampled_from(LAYERS))
        places = st.integers(0, len(tensors) - 1)
        read = draw(st.lists(places, min_size=number, max_size=number))
        tensors.append(make(*[tensors[at] for at in read]))
        reached.append(any(reached[at] for at in read))
        known |= {*read}
    ends = [at for at in range(len(tensors)) if at not in known]
    if draw(st.booleans()) or not all(reached[at] for at in ends):
        return pc.Graph(inputs, pc.Add()(*[tensors[at] for at in ends]))
    return pc.Graph(inputs, [tensors[at] for at in ends])


@given(graphs())
def test_nothing_overlaps_in_a_graph(graph: pc.Graph) -> None:
    found = pc.diagram(graph)
    check_nothing_overlaps(found)
    check_no_line_crosses_a_glyph(found)
    assert found == pc.diagram(graph)
    assert {glyph.path for glyph in found.glyphs} <= {step.path for step in pc.trace(graph)}
    (whole,) = pc.diagram(graph, depth=0).glyphs
    assert whole.labels[0] == "graph"
    merges = [one for one in graph if isinstance(one, pc.Add | pc.Concat) and not len(one)]
    assert len(signs(pc.diagram(graph, depth=1))) == len(merges)
    if len(graph.inputs) == len(graph.outputs) == 1:
        check_no_line_crosses_a_glyph(pc.diagram(pc.Sequential(conv(), graph, RELU), (4, 8, 8)))
        check_nothing_overlaps(pc.diagram(pc.Add(graph, pc.Sequential(graph, graph)), (4, 8, 8)))


@given(networks_and_shapes())
def test_a_chain_is_drawn_as_a_sequential(case: tuple[pc.Sequential, tuple[int, ...]]) -> None:
    network, shape = case
    x = tensor = pc.Input(shape)()
    layers = [one for one in network if not isinstance(one, pc.Parameters)]
    try:
        for one in layers:
            tensor = one(tensor)
    except pc.ShapeError:
        return
    if x != tensor:
        graph, chain = pc.Graph(x, tensor), pc.Sequential(layers)
        for depth in None, 1:
            assert pc.diagram(graph, depth=depth) == pc.diagram(chain, shape, depth=depth)


# Pictures by hand


def test_a_long_skip_passes_over_two_merges() -> None:
    x = pc.Input(4, 8, 8)()
    stem = y = conv()(x)
    for _ in range(2):
        y = conv()(y) + y
    found = pc.diagram(pc.Graph(x, conv()(y) + stem))
    assert len({glyph.y for glyph in found.glyphs}) == 1
    middle = found.glyphs[0].y
    assert [(sign, y) for sign, _, y in signs(found)] == [("+", middle)] * 3
    (long,) = [line for line in lines(found) if line[-1][0] == signs(found)[2][1] != line[0][0]]
    start, up, along, down = long[0], long[1], long[2], long[3]
    assert start[1] == middle
    assert up[0] < found.glyphs[1].x
    assert along[1] < min(glyph.y - max(glyph.heights) / 2 for glyph in found.glyphs)
    assert down == (signs(found)[2][1], along[1])
    assert long[-1] == (signs(found)[2][1], middle - RADIUS)
    lanes = {line[2][1] for line in lines(found) if len(line) == 5}
    assert len(lanes) == 2  # The first two share theirs: it is the same tensor.


def test_two_inputs_start_with_their_names_and_shapes() -> None:
    tower = pc.Shared("tower", pc.Sequential(conv(), pc.Pool(2), pc.Flatten(), pc.Dense(None, 8)))
    left, right = pc.Input(1, 8, 8)(name="left"), pc.Input(1, 8, 8)(name="right")
    net = pc.Graph((left, right), pc.Dense(None, 1)(tower(left) * tower(right)))
    found = pc.diagram(net)
    places = texts(found)
    assert places["left"][0] == places["right"][0] < found.glyphs[0].x
    assert places["left"][1] < places["right"][1]
    assert [glyph.labels[0] for glyph in found.glyphs] == [
        *["conv2d 3×3", "pool 2×2", "flatten", "dense"] * 2, "dense",
    ]  # fmt: skip
    upper, lower = [{glyph.y for glyph in found.glyphs[at : at + 4]} for at in (0, 4)]
    assert len(upper) == len(lower) == 1
    ((sign, x, y),) = signs(found)
    assert sign == "×"
    assert {y} == upper == {found.glyphs[-1].y}
    assert [line[-1] for line in lines(found) if line[-1][0] == x] == [(x, y + RADIUS)]
    other = pc.diagram(net, {"left": (1, 10, 8), "right": (1, 8, 10)})
    assert {"1×10×8", "1×8×10"} <= {*texts(other)}
    assert [one for one in texts(found) if one.startswith("1×")] == ["1×8×8"]


def u_net() -> pc.Graph:
    x = pc.Input(1, 32, 32)()
    y, skips = x, list[pc.Tensor]()
    for size in 8, 16:
        skips.append(pc.Sequential(conv(size), RELU)(y))
        y = pc.Pool(2)(skips[-1])
    y = pc.Sequential(conv(32), RELU)(y)
    for size in 16, 8:
        y = pc.concat(skips.pop(), pc.ConvTranspose2d(None, size, 2, 2)(y))
        y = pc.Sequential(conv(size), RELU)(y)
    return pc.Graph(x, conv(2, 1)(y))


def test_the_skips_of_a_u_net_are_above_each_other() -> None:
    found = pc.diagram(u_net())
    row = [glyph for glyph in found.glyphs if glyph.x > 40]
    assert [sign for sign, _, _ in signs(found)] == ["‖", "‖"]
    inner, outer = [
        next(line for line in lines(found) if line[-1] == (x, y - RADIUS))
        for _, x, y in signs(found)
    ]
    assert outer[1][0] < inner[1][0] < inner[-1][0] < outer[-1][0]
    top = min(glyph.y - max(glyph.heights) / 2 for glyph in row if outer[0][1] == glyph.y)
    assert outer[2][1] + GAP <= inner[2][1] <= top


def test_several_outputs_end_with_their_names_and_shapes() -> None:
    x = pc.Input(3, 16, 16)()
    features = conv(8)(x, name="features")
    logits = pc.Dense(None, 10)(pc.Flatten()(features), name="logits")
    boxes = pc.Dense(None, 5)(pc.Flatten()(pc.Pool(2)(features)), name="boxes")
    found = pc.diagram(pc.Graph(x, (features, boxes, logits)))
    places = texts(found)
    of = {glyph.labels[-1]: glyph for glyph in found.glyphs}
    for name, shape, glyph in [
        ("features", "8×16×16", None),
        ("boxes", "5", of["2.6 k"]),
        ("logits", "10", of["20.5 k"]),
    ]:
        assert places[name][0] > found.glyphs[0].x
        assert places[shape][0] == places[name][0]
        if glyph:
            assert places[name][0] > glyph.x
            assert abs(places[name][1] - glyph.y) < 8
    assert "features" not in texts(pc.diagram(pc.Graph(x, features)))
    twice = pc.diagram(pc.Graph(x, (features, features, x)))
    labels = [node.text for node in picture(twice).iter() if node.tag.endswith("text")]
    assert labels.count("features") == 2
    assert "input" in labels


def test_graphs_and_chains_nest() -> None:
    net = pc.Sequential(pc.Add(u_net(), conv(2)), u_net().nodes[0][1], pc.Flatten())
    found = pc.diagram(net, (1, 32, 32))
    check_nothing_overlaps(found)
    check_no_line_crosses_a_glyph(found)
    assert [sign for sign, _, _ in signs(found)] == ["‖", "‖", "+"]
    closed = pc.diagram(net, (1, 32, 32), depth=2)
    assert closed.glyphs[0].labels == ("graph", "2×32×32", "14.3 k")
    x = pc.Input(4, 8, 8)()
    block = pc.Sequential(conv(), RELU)
    chain = pc.diagram(pc.Graph(x, block(block(x)) + x))
    assert [(glyph.path, glyph.count) for glyph in chain.glyphs] == [("[0][0]", 2), ("[0][1]", 2)]


def test_an_inner_graph_of_two_inputs_is_entered_at_both() -> None:
    left, right = pc.Input(4, 8, 8)(name="left"), pc.Input(4, 8, 8)(name="right")
    inner = pc.Graph((left, right), RELU(conv()(left) + conv()(right)))
    a, b = pc.Input(4, 8, 8)(name="a"), pc.Input(4, 8, 8)(name="b")
    found = pc.diagram(pc.Graph((a, b), conv()(inner(conv()(a), b, name="pair"))))
    places = texts(found)
    assert places["left"][1] == places["a"][1] + 13 / 2  # It has two lines of text.
    assert places["right"][1] > places["left"][1]
    assert "4×8×8" in places
    straight = [line[-1][1] for line in lines(found) if len({y for _, y in line}) == 1]
    assert places["right"][1] - 4 in straight
    folded = pc.diagram(pc.Graph((a, b), inner(a, b)), depth=1)
    (closed,) = folded.glyphs
    assert closed.labels[0] == "graph"
    both = [line[-1] for line in lines(folded)]
    assert len([y for x, y in both if abs(x - closed.x) < 0.01 and y != closed.y]) == 2


def test_a_network_inside_leaves_by_its_first_output() -> None:
    x = pc.Input(4, 8, 8)()
    early = conv()(x, name="early")
    inner = pc.Graph(x, (early, pc.Dense(None, 10)(pc.Flatten()(early), name="late")))
    nodes = {"both": (inner, "x"), "end": (conv(), "both")}
    found = pc.diagram(pc.Graph({"x": (4, 8, 8)}, "end", nodes))
    places, glyphs = texts(found), {glyph.path: glyph for glyph in found.glyphs}
    assert glyphs["end"].y == glyphs["both.early"].y != glyphs["both.late"].y
    assert glyphs["both.late"].x < places["early"][0] < glyphs["end"].x


def test_parameters_start_a_line_right_before_their_reader() -> None:
    x = pc.Input(3, 16, 16)()
    patches = pc.Permute((1, 0))(pc.Flatten(1)(pc.Conv2d(3, 8, 4, 4)(x)))
    tokens = pc.concat(pc.Parameters(token=(1, 8))(name="token"), patches)
    net = pc.Graph(x, RELU(tokens + pc.Parameters(positions=(17, 8))(name="positions")))
    found = pc.diagram(net)
    glyphs = {glyph.path: glyph for glyph in found.glyphs}
    (_, joined, _), (_, added, _) = signs(found)
    assert glyphs["token"].x < joined <= glyphs["positions"].x + GAP < added + GAP
    for name in "token", "positions":
        one = glyphs[name]
        assert not [line for line in lines(found) if line[-1][1] == one.y and line[-1][0] <= one.x]
    assert glyphs["token"].title == "token Parameters(token=(1, 8)): 1 × 8; 8 parameters"


def test_attention_is_entered_by_each_tensor_that_it_reads() -> None:
    x, memory = pc.Input(5, 8)(name="x"), pc.Input(7, 8)(name="memory")
    attention, dense = pc.MultiheadAttention(8, 2), pc.Dense(8, 8)
    keys = dense(memory)
    cases: list[tuple[list[pc.Tensor], list[pc.Tensor]]] = [
        ([x, memory], [x, memory]),
        ([x, memory], [dense(x), memory]),
        ([x, memory], [dense(x), keys, dense(memory)]),
        ([x, memory], [x, keys, keys]),
        ([x], [x, x]),
        ([x], [dense(x)]),
    ]
    for inputs, read in cases:
        found = pc.diagram(pc.Graph(inputs, RELU(attention(*read))))
        glyph = next(one for one in found.glyphs if one.kind == "sequence")
        ends = [line[-1] for line in lines(found) if abs(line[-1][0] - glyph.x) < 0.01]
        top, height = glyph.y - glyph.heights[0] / 2, glyph.heights[0]
        places = [top + height * at / (len(read) + 1) for at in range(1, len(read) + 1)]
        assert sorted([round(y, 9) for _, y in ends]) == [round(y, 9) for y in places]
        check_nothing_overlaps(found)
        check_no_line_crosses_a_glyph(found)


def test_a_sum_of_a_tensor_with_itself_has_two_lines() -> None:
    x = pc.Input(4)()
    found = pc.diagram(pc.Graph(x, x + x))
    ((_, x_of_sign, y),) = signs(found)
    ends = [line[-1] for line in lines(found) if line[0][0] < x_of_sign]
    assert ends == [(x_of_sign - RADIUS, y), (x_of_sign, y + RADIUS)]


def test_lines_that_change_places_turn_twice() -> None:
    a, b = pc.Input(8)(name="a"), pc.Input(8)(name="b")
    found = pc.diagram(pc.Graph((a, b), pc.Add()(a, a, a, b) * pc.Add()(a, b, a, a)))
    assert max(map(len, lines(found))) == 9
    nets = [Net(0, [20]), Net(20, [0])]
    lay(nets, [0, 20, 10])  # A third line passes in the middle.
    (rest,) = [net.rest for net in nets if net.rest]
    assert rest.y == 14
    assert sorted([rest.track, *[net.track for net in nets]]) == [0, 1, 2]


def test_identities_are_lines() -> None:
    x = pc.Input(4, 8, 8)()
    same = pc.Identity()(x)
    assert pc.diagram(pc.Graph(x, same)).glyphs == ()
    found = pc.diagram(pc.Graph(x, conv()(same) + pc.Sequential()(same)))
    assert len(found.glyphs) == len(signs(found)) == 1
    ((_, center, y),) = signs(found)
    assert {line[-1] for line in lines(found) if line[-1][0] in (center, center - RADIUS)} == {
        (center - RADIUS, y), (center, y - RADIUS),
    }  # fmt: skip


def test_signs_count_as_glyphs() -> None:
    x = y = pc.Input(4)()
    for _ in range(401):
        y = y + x
    net = pc.Graph(x, y)
    with pytest.raises(pc.ParamcalcError, match="more than 400 glyphs are too many"):
        pc.diagram(net)
    assert len(pc.diagram(net, depth=0).glyphs) == 1


def test_hostile_names_are_inert_in_a_graph() -> None:
    nodes: Any = {"y": (pc.Add(), "a", "b")}
    found = pc.diagram(pc.Graph({"a": (4,), "b": (4,)}, "y", nodes))
    tree = ET.fromstring(found.to_svg())  # noqa: S314  # of our own making
    assert [node.text for node in tree.iter("{http://www.w3.org/2000/svg}title")] == ["y Add: 4"]
