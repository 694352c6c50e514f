"""Pictures: what is drawn, where, and that nothing overlaps or escapes."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from layers import ROWS
from networks import ANSWER
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc import zoo
from paramcalc.render.svg import COLORS

SVG = "{http://www.w3.org/2000/svg}"
IMAGE = (3, 224, 224)


def picture(found: pc.results.Diagram) -> ET.Element:
    return ET.fromstring(found.to_svg())  # noqa: S314  # of our own making


def convs(before: int, after: int) -> list[pc.Layer]:
    relu = pc.Activation("relu")
    return [
        pc.Conv2d(before, after, 3, padding=1),
        relu,
        pc.Conv2d(after, after, 3, padding=1),
        relu,
    ]


def u_net() -> pc.Sequential:
    inner = convs(512, 1024)
    for size in 512, 256, 128, 64:
        way = pc.Sequential(pc.Pool(2), *inner, pc.ConvTranspose2d(2 * size, size, 2, 2))
        merged = pc.Concat(pc.Identity(), way)
        before = size // 2 if size > 64 else 1
        inner = [*convs(before, size), merged, *convs(2 * size, size)]
    return pc.Sequential(*inner, pc.Conv2d(64, 2, 1))


def encoder() -> pc.Sequential:
    return pc.Sequential(pc.Embedding(30_000, 512), *[pc.TransformerEncoderLayer(512, 8)] * 6)


def long_branch() -> pc.Add:
    layers = [pc.Dense(size, size + 1) for size in range(100, 130)]
    return pc.Add(pc.Sequential(layers), pc.Dense(100, 130))


NETWORKS: list[tuple[pc.Layer, pc.Shape | None]] = [
    *[(getattr(zoo, name)(), IMAGE) for name in ("resnet50", "googlenet", "vgg16", "densenet121")],
    (zoo.alexnet(), None),
    (ANSWER, None),
    (u_net(), (1, 256, 256)),
    (encoder(), (128,)),
    (long_branch(), (100,)),
    (pc.Sequential([pc.Dense(None, 10)]), (10,)),
    (pc.Sequential(), (3, 4, 5)),
]


def boxes(found: pc.results.Diagram) -> list[tuple[float, float, float, float]]:
    """The rectangles of all labels and glyphs: left, top, right, bottom."""
    places: list[tuple[float, float, float, float]] = []
    for node in picture(found).iter():
        if node.tag == f"{SVG}text" and node.text:
            x, y = float(node.get("x", 0)), float(node.get("y", 0))
            half = len(node.text) * 6.2 / 2  # A little less than what is left for it.
            places.append((x - half, y - 9, x + half, y + 2))
        elif node.tag == f"{SVG}polygon":
            points = [tuple(map(float, one.split(","))) for one in node.get("points", "").split()]
            columns = list(zip(*points, strict=True))
            places.append((min(columns[0]), min(columns[1]), max(columns[0]), max(columns[1])))
    return places


def check_nothing_overlaps(found: pc.results.Diagram) -> None:
    """All labels and glyphs are apart, and within the picture."""
    places = sorted(boxes(found))
    for number, (left, top, right, bottom) in enumerate(places):
        assert left >= 0 <= top
        assert right <= found.width
        assert bottom <= found.height
        for other in places[number + 1 :]:
            if other[0] >= right - 0.5:
                break
            assert other[1] >= bottom - 0.5 or other[3] <= top + 0.5, (places[number], other)


@pytest.mark.parametrize(("network", "shape"), NETWORKS)
def test_nothing_overlaps_and_all_is_within(network: pc.Layer, shape: pc.Shape | None) -> None:
    check_nothing_overlaps(pc.diagram(network, shape))


@given(networks_and_shapes())
def test_every_layer_has_a_glyph_or_is_a_line(case: tuple[pc.Sequential, tuple[int, ...]]) -> None:
    network, shape = case
    found = pc.diagram(network, shape)
    steps = {step.path: step for step in pc.trace(network, shape)}
    for glyph in found.glyphs:
        step = steps[glyph.path]
        assert glyph.title.startswith(f"{glyph.path} {glyph.layer}".lstrip())
        assert glyph.kind in (*COLORS, "")
        assert type(step.layer).__name__ in glyph.layer
        assert min(glyph.width, *glyph.heights) > 0
    drawn = {glyph.path for glyph in found.glyphs}
    for summary_row in pc.summary(network, shape, fold=True).rows:
        layer = summary_row.layer
        is_line = isinstance(layer, pc.Identity | pc.Add | pc.Multiply | pc.Concat | pc.Frozen)
        assert is_line or summary_row.path in drawn
    assert picture(found).tag == f"{SVG}svg"


def test_labels_and_colors_of_a_chain() -> None:
    found = pc.diagram(ANSWER)
    assert [(glyph.kind, glyph.labels) for glyph in found.glyphs] == [
        ("", ("input", "1×28×28")),
        ("convolution", ("conv2d 5×5", "32×24×24", "832")),
        ("pooling", ("pool 2×2", "32×12×12")),
        ("convolution", ("conv2d 3×3", "32×10×10", "9.2 k")),
        ("pooling", ("pool 2×2", "32×5×5")),
        ("", ("flatten", "800")),
        ("dense", ("dense", "256", "205.1 k")),
        ("dense", ("dense", "10", "2.6 k")),
    ]
    titles = [node.text for node in picture(found).iter(f"{SVG}title")]
    assert titles[1] == "[1] Conv2d(1, 32, 5): 1 × 28 × 28 → 32 × 24 × 24; 832 parameters"
    assert titles[-3:] == ["convolution", "dense", "pooling"]  # The legend.
    heights = [glyph.heights for glyph in found.glyphs]
    assert all(before[1] == after[0] for before, after in pairwise(heights[:5]))
    assert heights[1][0] > heights[1][1] > heights[6][0]


def test_sizes_follow_the_axes_whatever_the_format() -> None:
    first = pc.diagram(pc.Conv2d(3, 64, 3), (3, 32, 32)).glyphs[0]
    last = pc.diagram(pc.Conv2d(3, 64, 3, data_format="channels_last"), (32, 32, 3)).glyphs[0]
    assert (first.width, first.heights) == (last.width, last.heights)
    counted = pc.diagram(pc.Conv2d(3, 64, 3)).glyphs[0]
    assert counted.labels == ("conv2d 3×3", "1.8 k")
    assert counted.heights[0] == counted.heights[1]
    sequence = pc.diagram(pc.Dense(512, 2048), (8, 512)).glyphs[0]
    assert sequence.width > first.width


def test_branches_fork_and_merge_at_a_sign() -> None:
    for kind, sign in (pc.Add, "+"), (pc.Multiply, "×"), (pc.Concat, "‖"):
        found = picture(pc.diagram(kind(pc.Conv2d(3, 3, 1), pc.Identity()), (3, 8, 8)))
        (group,) = found.iter(f"{SVG}g")
        assert [node.text for node in group.iter(f"{SVG}text")] == [sign]
        assert f"{kind.__name__}: " in "".join(group.itertext())


def test_a_branch_that_reads_nothing_has_a_line_of_its_own() -> None:
    network = pc.Add(pc.Identity(), pc.Parameters(positions=(8, 4)))
    found = pc.diagram(network, (8, 4))
    (glyph,) = found.glyphs
    assert glyph.title == "[1] Parameters(positions=(8, 4)): 8 × 4; 32 parameters"
    assert glyph.heights[0] == glyph.heights[1]
    ends = [line[-1] for line in lines(found) if line[0] != line[-1]]
    assert not [x for x, y in ends if y == glyph.y and x <= glyph.x]
    read = pc.diagram(pc.Add(pc.Identity(), pc.Dense(4, 4)), (8, 4))
    assert len(lines(read)) == len(lines(found)) + 2  # Of the fork, and of the glyph.
    for one in found, read:  # The skip connection is a line in both.
        assert any(line[0][0] == 20 and line[-1][1] < glyph.y for line in lines(one))


def test_the_long_way_of_a_u_net_hangs_below_its_skip_connection() -> None:
    glyphs = {glyph.path: glyph for glyph in pc.diagram(u_net(), (1, 256, 256)).glyphs}
    outer, inner = glyphs["[0]"], glyphs["[4][1][1]"]
    assert inner.y > outer.y == glyphs["[9]"].y
    assert inner.x < glyphs["[5]"].x
    residual = pc.diagram(zoo.resnet50(), IMAGE).glyphs
    assert len({glyph.y for glyph in residual if glyph.path.startswith("layer1[2]")}) == 1


def test_blocks_that_repeat_are_drawn_once() -> None:
    found = pc.diagram(encoder(), (128,))
    assert [glyph.labels[0] for glyph in found.glyphs] == [
        "embedding", "multiheadattention", "layernorm", "dense", "activation", "dense", "layernorm",
    ]  # fmt: skip
    assert [node.text for node in picture(found).iter(f"{SVG}text")].count("× 6") == 1
    assert "stroke-dasharray" in found.to_svg()
    network = encoder()
    assert all(repr(network[glyph.path]) == glyph.layer for glyph in found.glyphs)
    assert len(pc.diagram(zoo.resnet152(), IMAGE).glyphs) == len(
        pc.diagram(zoo.resnet50(), IMAGE).glyphs
    )


def test_pictures_that_differ_are_not_equal() -> None:
    block = pc.Sequential(pc.Conv2d(8, 8, 3, padding=1), pc.Activation("relu"))
    twice, thrice = [pc.diagram(pc.Sequential([block] * n), (8, 9, 9)) for n in (2, 3)]
    assert twice != thrice
    assert [glyph.count for glyph in thrice.glyphs] == [3, 3]
    assert "3 × Conv2d" in str(thrice)
    added, multiplied = [
        pc.diagram(kind(block, block), (8, 9, 9)) for kind in (pc.Add, pc.Multiply)
    ]
    assert added != multiplied
    assert hash(added) == hash(pc.diagram(pc.Add(block, block), (8, 9, 9)))


def lines(found: pc.results.Diagram) -> list[list[tuple[float, float]]]:
    """The points of all lines, but not of frames."""
    return [list(line) for line in found._picture.lines]  # pyright: ignore[reportPrivateUsage]


@given(networks_and_shapes())
def test_no_line_enters_a_sign_or_runs_over_another(
    case: tuple[pc.Sequential, tuple[int, ...]],
) -> None:
    network, shape = case
    wide = [pc.Identity()] * 12
    same = pc.Sequential([pc.Activation(f"a{n}") for n in range(9)])
    nested = pc.Add(pc.Sequential(pc.Add(same, same), network), pc.Identity())
    for one in pc.Concat(network, pc.Identity(), network), pc.Add(*wide[:3]), nested:
        try:
            found = pc.diagram(one, shape)
        except pc.ShapeError:
            continue
        circles = found._picture.circles  # pyright: ignore[reportPrivateUsage]
        signs = [label for label, _ in circles]
        for line in lines(found):
            for x, y in (line[0], line[-1]):
                for sign in signs:
                    assert (x - sign.x) ** 2 + (y - sign.y) ** 2 >= 7.4**2


def test_a_hanging_branch_begins_before_its_fork_and_ends_after_it() -> None:
    def conv(before: int, after: int, size: int) -> pc.Conv2d:
        return pc.Conv2d(before, after, size, padding=size // 2)

    body = pc.Sequential(pc.Concat(conv(8, 4, 1), conv(8, 4, 3)), conv(8, 8, 3))
    others = [conv(8, 8, size) for size in (1, 3, 5, 7)]
    for place in 0, 2, 4:
        layers: list[pc.Layer] = [*others]
        layers.insert(place, pc.Add(body, pc.Identity()))
        found = pc.diagram(pc.Sequential(layers), (8, 32, 32))
        down, up = [line for line in lines(found) if len(line) == 4 and line[1][1] == line[2][1]][
            -2:
        ]
        assert down[2][0] <= down[1][0] < up[2][0] <= up[1][0]


def test_neighbors_meet_at_equal_heights() -> None:
    mlp = pc.Sequential(pc.Dense(512, 2048), pc.Activation("relu"), pc.Dense(2048, 512))
    heights = {height for glyph in pc.diagram(mlp, (8, 512)).glyphs for height in glyph.heights}
    assert len(heights) == 1
    last = pc.Sequential(pc.Conv2d(3, 512, 3, 2, 1), pc.Flatten(), data_format="channels_last")
    first = pc.Sequential(pc.Conv2d(3, 512, 3, 2, 1), pc.Flatten())
    pictures = pc.diagram(last, (28, 28, 3)), pc.diagram(first, (3, 28, 28))
    assert [[one.heights for one in found.glyphs] for found in pictures[:1]] == [
        [one.heights for one in found.glyphs] for found in pictures[1:]
    ]
    tokens = pc.diagram(pc.Embedding(1000, 64), (50,)).glyphs[0]
    assert tokens.heights[0] == tokens.heights[1]


def test_what_is_frozen_or_shared_is_said_and_not_multiplied() -> None:
    (glyph,) = pc.diagram(pc.Frozen(pc.Sequential(pc.Conv2d(3, 8, 1))), (3, 8, 8)).glyphs
    assert glyph.layer == "Frozen(Conv2d(3, 8, 1))"
    shared = pc.diagram(pc.Sequential([pc.Shared("a", pc.Dense(8, 8))] * 6), (4, 8))
    assert [(one.count, one.labels[2:]) for one in shared.glyphs] == [(1, ("72",)), (5, ())]


@pytest.mark.parametrize(
    ("count", "text"),
    [(999, "999"), (1_000, "1.0 k"), (999_949, "999.9 k"), (999_950, "1.0 M"), (10**12, "1.0 T")],
)
def test_counts_in_few_digits(count: int, text: str) -> None:
    assert pc.diagram(pc.Dense(count, 1, bias=False)).glyphs[0].labels[-1] == text


def test_depth_closes_networks() -> None:
    network = zoo.resnet50()
    assert [glyph.labels for glyph in pc.diagram(network, IMAGE, depth=1).glyphs] == [
        ("stem", "64×56×56", "9.5 k"),
        ("layer1", "256×56×56", "215.8 k"),
        ("layer2", "512×28×28", "1.2 M"),
        ("layer3", "1024×14×14", "7.1 M"),
        ("layer4", "2048×7×7", "15.0 M"),
        ("globalpool", "2048"),
        ("dense", "1000", "2.0 M"),
    ]
    (whole,) = pc.diagram(network, IMAGE, depth=0).glyphs
    assert whole.labels == ("sequential", "1000", "25.6 M")
    assert len(pc.diagram(pc.TransformerEncoderLayer(8, 2), (5, 8), depth=0).glyphs) == 1
    assert pc.diagram(pc.Sequential(), (5, 8), depth=0).glyphs[0].labels == ("sequential",)
    for depth, words in (-1, "depth must be at least 0, got -1"), (1.0, "depth must be an int"):
        with pytest.raises((TypeError, pc.ParamcalcError), match=words):
            pc.diagram(network, IMAGE, depth=depth)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_too_many_glyphs_ask_for_depth() -> None:
    layers = [pc.Dense(size, size + 1) for size in range(1, 402)]
    with pytest.raises(
        pc.ParamcalcError, match=r"diagram: more than 400 glyphs are .*; give depth"
    ):
        pc.diagram(pc.Sequential(layers))
    assert len(pc.diagram(pc.Sequential(layers[:400])).glyphs) == 400
    assert len(pc.diagram(pc.Sequential(layers), depth=0).glyphs) == 1


def test_hostile_names_are_inert_in_a_picture() -> None:
    class Hostile(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
            return input_shape

        def __repr__(self) -> str:
            return "</title><script>x()</script>&\x00\u202e"

    found = pc.diagram(pc.Sequential(Hostile(), pc.Activation("</svg>")), (3,))
    for text in found.to_svg(), found.to_html(), found._repr_svg_():  # pyright: ignore[reportPrivateUsage]
        assert "script>x" not in text
        tree = ET.fromstring(text)  # noqa: S314
        assert {node.tag.removeprefix(SVG) for node in tree.iter()} <= {
            "div", "svg", "style", "path", "polygon", "title", "text", "circle", "g",
        }  # fmt: skip
    assert "http" not in found.to_html().replace("http://www.w3.org/2000/svg", "")


def test_a_picture_is_a_value_with_the_exporters_of_all_results() -> None:
    found = pc.diagram(ANSWER)
    assert pickle.loads(pickle.dumps(found)) == found == pc.diagram(ANSWER)
    assert found.to_records()[1]["path"] == "[1]"
    assert str(found).splitlines()[3].split()[:2] == ["[1]", "Conv2d(1,"]
    assert found.to_csv().startswith("path,layer,kind,labels,title,x,y,width,heights,count\n")
    assert "prefers-color-scheme" in found.to_svg()
    assert "prefers-color-scheme" not in found.to_html()


def test_each_layer_of_the_library_has_a_kind_or_an_outline() -> None:
    outlines = {"Flatten", "Frozen", "Identity", "Input", "Parameters", "Permute", "Reshape"}
    outlines |= {"Shared", "Slice"}
    for row in ROWS:
        layer = row.examples()[0]
        if not layer._network_depth:
            assert layer._kind in COLORS or type(layer).__name__ in outlines, row.kind
