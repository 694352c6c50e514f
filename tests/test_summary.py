"""Summaries: columns, totals at every depth, and every face of the table, with hostile names."""

# ruff: noqa: E501  # tables have long lines

from __future__ import annotations

import copy
import csv
import dataclasses
import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st
from networks import ANSWER
from strategies import networks_and_shapes

import paramcalc as pc

NESTED = pc.Sequential(
    features=pc.Sequential(
        pc.Conv2d(3, 16, 3), pc.BatchNorm(), pc.Sequential(pc.Activation("relu"), pc.Pool(2))
    ),
    classifier=pc.Sequential(pc.Flatten(), pc.Dense(None, 10)),
)

ANSWER_TEXT = """\
name   layer                output        parameters  working
──────────────────────────────────────────────────────────────────────
[0]    Input(1, 28, 28)     1 × 28 × 28            0
[1]    Conv2d(None, 32, 5)  32 × 24 × 24         832  (5·5·1 + 1)·32
[2]    Pool(2)              32 × 12 × 12           0
[3]    Conv2d(None, 32, 3)  32 × 10 × 10       9,248  (3·3·32 + 1)·32
[4]    Pool(2)              32 × 5 × 5             0
[5]    Flatten()            800                    0
[6]    Dense(None, 256)     256              205,056  (32·5·5 + 1)·256
[7]    Dense(None, 10)      10                 2,570  (256 + 1)·10
──────────────────────────────────────────────────────────────────────
total                                        217,706"""

NESTED_TEXT = """\
name        layer               output        parameters  buffers     MACs
──────────────────────────────────────────────────────────────────────────
features    Sequential
  [0]       Conv2d(3, 16, 3)    16 × 30 × 30         448        0  388,800
  [1]       BatchNorm()         16 × 30 × 30          32       32        0
  [2]       Sequential
    [0]     Activation('relu')  16 × 30 × 30           0        0        0
    [1]     Pool(2)             16 × 15 × 15           0        0        0
classifier  Sequential
  [0]       Flatten()           3600                   0        0        0
  [1]       Dense(None, 10)     10                36,010        0   36,000
──────────────────────────────────────────────────────────────────────────
total                                             36,490       32  424,800"""

FOLDED_TEXT = """\
name        layer       output        parameters  buffers     MACs
──────────────────────────────────────────────────────────────────
features    Sequential  16 × 15 × 15         480       32  388,800
classifier  Sequential  10                36,010        0   36,000
──────────────────────────────────────────────────────────────────
total                                     36,490       32  424,800"""

COLUMNS = [
    *("path", "name", "layer", "input_shape", "output_shape", "num_params", "num_buffers"),
    *("num_macs", "receptive_field", "num_uncovered", "working", "shape_working"),
]
COUNTS = ("name", "layer", "output_shape", "num_params", "num_buffers", "num_macs")


def test_summary_of_the_answer_row_by_row() -> None:
    assert str(pc.summary(ANSWER)) == ANSWER_TEXT
    shown = pc.summary(ANSWER, columns=("output_shape", "shape_working", "num_params", "working"))
    rows = [tuple(record.values()) for record in shown.to_records()]
    assert rows == [
        ((1, 28, 28), "", 0, ""),
        ((32, 24, 24), "28 − 5 + 1", 832, "(5·5·1 + 1)·32"),
        ((32, 12, 12), "⌊(24 − 2)/2⌋ + 1", 0, ""),
        ((32, 10, 10), "12 − 3 + 1", 9_248, "(3·3·32 + 1)·32"),
        ((32, 5, 5), "⌊(10 − 2)/2⌋ + 1", 0, ""),
        ((800,), "32·5·5", 0, ""),
        ((256,), "", 205_056, "(32·5·5 + 1)·256"),
        ((10,), "", 2_570, "(256 + 1)·10"),
    ]
    assert shown.num_params == 217_706


def test_table_too_wide_for_a_terminal_wraps_its_widest_column() -> None:
    conv = pc.Conv2d(None, 256, 3, padding="same", data_format="channels_last")
    columns = ("layer", "output_shape", "num_params", "working")
    assert str(pc.summary(conv, (100, 100, 128), columns=columns)).splitlines()[:5] == [
        "layer                             output           parameters  working",
        "────────────────────────────────────────────────────────────────────────────────",
        "Conv2d(None, 256, 3,              100 × 100 × 256     295,168  (3·3·128 + 1)·256",
        "padding='same',",
        "data_format='channels_last')",
    ]
    wide = str(pc.summary(pc.Sequential(Hostile("x" * 100)), (3,), columns=("num_params", "layer")))
    assert max(map(len, wide.splitlines())) == 80


def test_summary_of_nested_networks_is_a_tree() -> None:
    assert str(pc.summary(NESTED, (3, 32, 32), columns=COUNTS)) == NESTED_TEXT


def test_summary_has_a_head_for_each_of_two_parts_of_the_same_name() -> None:
    network = pc.Sequential(
        pc.Sequential(pc.Sequential(pc.Flatten())), pc.Sequential(pc.Sequential(pc.Flatten()))
    )
    names = [line.split("  ")[0].strip() for line in str(pc.summary(network, (3,))).splitlines()]
    lines = [line.split()[:1] for line in str(pc.summary(network, (3,))).splitlines()[2:-2]]
    assert lines == [["[0]"], ["[0]"], ["[0]"], ["[1]"], ["[0]"], ["[0]"]]
    assert names[-1] == "total"


def test_depth_folds_the_networks_below_it() -> None:
    assert str(pc.summary(NESTED, (3, 32, 32), columns=COUNTS, depth=1)) == FOLDED_TEXT
    folded = pc.summary(NESTED, (3, 32, 32), depth=1, columns=("working", "shape_working"))
    assert folded.to_records() == [{"working": "", "shape_working": ""}] * 2
    (row,) = pc.summary(NESTED, (3, 32, 32), depth=0).rows
    assert (row.path, row.name, row.layer) == ("", "", NESTED)
    two = pc.summary(NESTED, (3, 32, 32), depth=2)
    assert [row.path for row in two.rows] == [
        "features[0]", "features[1]", "features[2]", "classifier[0]", "classifier[1]",
    ]  # fmt: skip
    assert pc.summary(NESTED, (3, 32, 32), depth=9).rows == pc.summary(NESTED, (3, 32, 32)).rows


@given(networks_and_shapes(), st.integers(0, 4))
def test_columns_add_up_to_what_the_network_says_at_every_depth(
    case: tuple[pc.Sequential, tuple[int, ...]], depth: int
) -> None:
    network, shape = case
    kept = [one for one in network.parameters(shape) if not one.trainable]
    for summary in pc.summary(network, shape, depth=depth), pc.summary(network, shape):
        assert sum(row.num_params for row in summary.rows) == network.num_params(shape)
        assert sum(row.num_macs or 0 for row in summary.rows) == network.num_macs(shape)
        assert sum(row.num_buffers for row in summary.rows) == sum(one.size for one in kept)
        assert summary.num_params == network.num_params(shape)
        assert summary.num_macs == network.num_macs(shape)
        assert summary.rows[0].input_shape == shape
        assert summary.rows[-1].output_shape == network.output_shape(shape)


def test_columns_are_in_the_order_asked_for() -> None:
    summary = pc.summary(ANSWER, columns=["num_params", "path"])
    assert list(summary.to_records()[1]) == ["num_params", "path"]
    assert str(summary).splitlines()[0] == "parameters  path"
    assert str(summary).splitlines()[-1] == "   217,706"


def test_record_of_all_columns() -> None:
    record = pc.summary(ANSWER, columns=COLUMNS).to_records()[1]
    assert record == {
        "path": "[1]",
        "name": "[1]",
        "layer": "Conv2d(None, 32, 5)",
        "input_shape": (1, 28, 28),
        "output_shape": (32, 24, 24),
        "num_params": 832,
        "num_buffers": 0,
        "num_macs": 460_800,
        "receptive_field": (5, 5),
        "num_uncovered": (0, 0),
        "working": "(5·5·1 + 1)·32",
        "shape_working": "28 − 5 + 1",
    }


def test_summary_without_an_input_has_counts_alone() -> None:
    summary = pc.summary(pc.Sequential(pc.Conv2d(3, 16, 3), pc.Dense(128, 64)), columns=COLUMNS)
    assert (summary.num_params, summary.num_macs) == (8_704, None)
    assert [row.output_shape for row in summary.rows] == [None, None]
    record = summary.to_records()[0]
    assert record["num_macs"] is record["input_shape"] is record["output_shape"] is None
    assert (record["working"], record["shape_working"]) == ("(3·3·3 + 1)·16", "")
    assert "None" not in str(summary) + summary.to_html() + summary.to_csv()


def test_summary_of_a_single_layer_and_of_an_empty_network() -> None:
    assert str(pc.summary(pc.Dense(4, 3), (4,))).splitlines()[2].split() == [
        "Dense(4,", "3)", "3", "15", "(4", "+", "1)·3",
    ]  # fmt: skip
    assert str(pc.summary(pc.Sequential(), (4,))).splitlines()[-1].split() == ["total", "0"]
    assert pc.summary(pc.Sequential(), (4,)).num_macs == 0
    assert ET.fromstring(pc.summary(pc.Sequential(), (4,)).to_html()).tag == "div"  # noqa: S314


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (
            {"columns": ("name", "flops")},
            pc.ParamcalcError,
            f"summary: no column 'flops'; the columns are {', '.join(COLUMNS)}",
        ),
        ({"columns": "name"}, TypeError, "summary: columns must be a tuple of names, got 'name'"),
        ({"columns": ()}, TypeError, "summary: columns must be a tuple of names, got ()"),
        ({"columns": (1,)}, TypeError, "summary: columns must be a tuple of names, got (1,)"),
        (
            {"columns": ("name", "layer", "name")},
            pc.ParamcalcError,
            "summary: columns must name each column once, got ('name', 'layer', 'name')",
        ),
        ({"depth": -1}, pc.ParamcalcError, "summary: depth must be at least 0, got -1"),
        ({"depth": 1.0}, TypeError, "summary: depth must be an int, got 1.0"),
        ({"depth": True}, TypeError, "summary: depth must be an int, got True"),
    ],
)
def test_words_of_refused_arguments_of_summary(
    arguments: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind) as caught:
        pc.summary(ANSWER, **arguments)
    assert str(caught.value) == words


def test_error_of_summary_says_where() -> None:
    with pytest.raises(pc.ShapeError, match=r"^a\[0\] Dense: in_features is None"):
        pc.summary(pc.Sequential(a=pc.Sequential(pc.Dense(None, 3))))
    with pytest.raises(pc.ShapeError, match=r"^\[0\] Pool: a window of 3 does not fit length 2"):
        pc.summary(pc.Sequential(pc.Pool(3)), (1, 2))
    with pytest.raises(TypeError, match="summary: network must be a Layer, got 5"):
        pc.summary(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


HOSTILE = "<b onclick='x()'>&amp;|\n\t\x00$\\x{_}^~%#*`[a](http://b.c)=1 @www.x.y"


class Hostile(pc.Layer):
    """A layer whose repr is what nobody wants in a table."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or (1,)


def printable(text: str) -> str:
    """With an escape for what cannot be printed, as repr has it."""
    return "".join([one if one.isprintable() else repr(one)[1:-1] for one in text])


def faces(text: str) -> dict[str, str]:
    summary = pc.summary(pc.Sequential(Hostile(text)), (3,), columns=("layer",))
    return {
        "text": str(summary),
        "markdown": summary.to_markdown(),
        "html": summary.to_html(),
        "latex": summary.to_latex(),
        "csv": summary.to_csv(),
        "explained": str(pc.explain(pc.Sequential(Hostile(text)), (3,))),
        "explained html": pc.explain(Hostile(text), (3,)).to_html(),
    }


class Tensors(pc.Layer):
    """A layer of which the tensor's and the field's names are hostile."""

    def __init__(self, text: str) -> None:
        self.text = text
        vars(self)[text] = 7

    def __repr__(self) -> str:
        return "Tensors()"

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return (vars(self)[self.text],)

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        return (pc.Parameter(self.text, self.output_shape()),)


@pytest.mark.parametrize("text", [HOSTILE, "<", "k_&", "a_\u202e", "\x1b[1m", "_width"])
def test_hostile_names_of_tensors_and_fields_are_inert(text: str) -> None:
    explanation = pc.explain(Tensors(text), (3,))
    for shown in str(explanation), explanation.to_text("ascii"), explanation.to_markdown():
        assert all(line.isprintable() for line in shown.splitlines())
        assert len(shown.splitlines()) <= 8
    tree = ET.fromstring(explanation.to_html())  # noqa: S314  # of our own making
    assert printable(text).replace("_", "") in "".join(tree.itertext()).replace("_", "")
    latex = explanation.to_latex()
    assert latex.isprintable() or latex.replace("\n", "").isprintable()
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert latex.count("&") - latex.count(r"\&") == 4


def test_hostile_names_are_inert_in_text() -> None:
    line = "<b onclick='x()'>&amp;|\\n\\t\\x00$\\x{_}^~%#*`[a](http://b.c)=1 @www.x.y"
    assert faces(HOSTILE)["text"].splitlines()[2] == line
    assert faces(HOSTILE)["explained"].splitlines()[0] == f"[0] {line}: 3 → 3"


def test_hostile_names_are_inert_in_markdown() -> None:
    assert faces(HOSTILE)["markdown"].splitlines()[2] == (
        r"| \<b onclick='x()'\>\&amp;\|\\n\\t\\x00\$\\x{\_}^\~%#\*\`\[a\](http\://b.c)=1 \@www\.x.y |"
    )


@pytest.mark.parametrize("text", [HOSTILE, "\x01\x7f\ud800\ufffe", "</style></table><script>"])
def test_hostile_names_are_inert_in_html(text: str) -> None:
    for face in "html", "explained html":
        page = faces(text)[face]
        tree = ET.fromstring(page)  # noqa: S314  # of our own making
        assert {node.tag for node in tree.iter()} <= {
            "div", "style", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "i", "sub",
        }  # fmt: skip
        assert printable(text) in "".join(tree.itertext())


def test_hostile_names_are_inert_in_latex() -> None:
    line = faces(HOSTILE)["latex"].splitlines()[4]
    assert line == (
        r"$<$b onclick='x()'$>$\&amp;$|$$\backslash$n$\backslash$t"
        r"$\backslash$x00\$$\backslash$x\{\_\}$\wedge$$\sim$\%\#*`"
        r"{[}a{]}(http://b.c)=1 @www.x.y \\"
    )


@pytest.mark.parametrize("start", "=+-@＝＠")
def test_hostile_names_are_no_formulas_in_a_spreadsheet(start: str) -> None:
    for before in "", " ":
        page = faces(before + start + HOSTILE)["csv"]
        rows = list(csv.reader(io.StringIO(page)))
        assert rows == [["layer"], ["'" + before + start + printable(HOSTILE)]]


def test_html_has_no_script_and_nothing_from_outside() -> None:
    for page in (
        pc.summary(NESTED, (3, 32, 32)).to_html(),
        pc.explain(NESTED, (3, 32, 32)).to_html(),
    ):
        for word in "script", "http", "url(", "import", "src", "href":
            assert word not in page.lower()


def test_html_sets_in_what_is_deeper_and_spans_titles_alone() -> None:
    tree = ET.fromstring(pc.summary(NESTED, (3, 32, 32)).to_html())  # noqa: S314
    cells = [next(iter(row)) for row in tree.findall("table/tbody/tr")]
    assert [cell.get("style") for cell in cells[:5]] == [
        None, "padding-left: 2.3em", "padding-left: 2.3em", "padding-left: 2.3em",
        "padding-left: 3.7em",
    ]  # fmt: skip
    explained = ET.fromstring(pc.explain(pc.Dense(4, 3)).to_html())  # noqa: S314
    spans = [cell.get("colspan") for cell in explained.iter("td")]
    assert spans[:3] == ["2", None, None]
    counts = pc.summary(NESTED, (3, 32, 32), columns=("num_params", "working")).to_html()
    assert "colspan" not in counts


def test_html_has_head_rows_and_a_total() -> None:
    tree = ET.fromstring(pc.summary(NESTED, (3, 32, 32)).to_html())  # noqa: S314
    heads = [row for row in tree.iter("tr") if row.get("class") == "head"]
    assert ["".join(row.itertext()) for row in heads] == [
        "featuresSequential", "[2]Sequential", "classifierSequential",
    ]  # fmt: skip
    foot = tree.find("table/tfoot")
    assert foot is not None
    assert "".join(foot.itertext()).split() == ["total36,490"]


def test_markdown_latex_and_csv_of_a_tree() -> None:
    summary = pc.summary(NESTED, (3, 32, 32), columns=("name", "layer", "num_params", "working"))
    assert summary.to_markdown().splitlines()[:4] == [
        "| name | layer | parameters | working |",
        "| --- | --- | ---: | --- |",
        "| **features** | **Sequential** |  |  |",
        r"| &emsp;\[0\] | Conv2d(3, 16, 3) | 448 | (3·3·3 + 1)·16 |",
    ]
    assert summary.to_latex().splitlines() == [
        r"\begin{tabular}{llrl}",
        r"\toprule",
        r"name & layer & parameters & working \\",
        r"\midrule",
        r"\textbf{features} & \textbf{Sequential} &  &  \\",
        r"\quad {[}0{]} & Conv2d(3, 16, 3) & 448 & $\left(3 \cdot 3 \cdot 3 + 1\right) \cdot 16$ \\",
        r"\quad {[}1{]} & BatchNorm() & 32 & $2 \cdot 16$ \\",
        r"\quad \textbf{{[}2{]}} & \textbf{Sequential} &  &  \\",
        r"\quad \quad {[}0{]} & Activation('relu') & 0 &  \\",
        r"\quad \quad {[}1{]} & Pool(2) & 0 &  \\",
        r"\textbf{classifier} & \textbf{Sequential} &  &  \\",
        r"\quad {[}0{]} & Flatten() & 0 &  \\",
        r"\quad {[}1{]} & Dense(None, 10) & 36,010 & $\left(16 \cdot 15 \cdot 15 + 1\right) \cdot 10$ \\",
        r"\midrule",
        r"\textbf{total} &  & \textbf{36,490} &  \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    shown = pc.summary(ANSWER, columns=("path", "output_shape", "num_params"))
    assert list(csv.reader(io.StringIO(shown.to_csv())))[:3] == [
        ["path", "output_shape", "num_params"],
        ["[0]", "1x28x28", "0"],
        ["[1]", "32x24x24", "832"],
    ]


def test_a_notebook_shows_what_the_methods_make() -> None:
    summary, explanation = pc.summary(ANSWER), pc.explain(ANSWER)
    for shown in summary, explanation:
        assert shown._repr_html_() == shown.to_html()  # pyright: ignore[reportPrivateUsage]
        assert shown._repr_markdown_() == shown.to_markdown()  # pyright: ignore[reportPrivateUsage]
        printer = Mock()
        shown._repr_pretty_(printer, cycle=False)  # pyright: ignore[reportPrivateUsage]
        printer.text.assert_called_once_with(str(shown))
    latex = explanation._repr_latex_()  # pyright: ignore[reportPrivateUsage]
    assert latex == f"$$\n{explanation.to_latex()}\n$$"


def test_repr_of_results_is_short_and_says_how_to_see_more() -> None:
    assert repr(pc.summary(ANSWER)) == "<Summary of 8 rows: print() shows it>"
    assert repr(pc.explain(ANSWER[1:2], (1, 28, 28))) == (
        "<Explanation of 1 layer: print() shows it>"
    )


def test_summary_and_explanation_are_values() -> None:
    for result in pc.summary(ANSWER), pc.explain(ANSWER):
        for again in copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result)):
            assert again == result
            assert hash(again) == hash(result)
            assert str(again) == str(result)
        for field in dataclasses.fields(result):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(result, field.name, None)


def test_explanations_in_markdown_html_and_latex() -> None:
    explanation = pc.explain(pc.Sequential(pc.Dense(4, 3), pc.Dense(3, 2, bias=False)))
    assert explanation.to_markdown().splitlines() == [
        "| layer | working |",
        "| --- | --- |",
        r"| **\[0\] Dense(4, 3)** |  |",
        r"| &emsp;weight | F\_out·F\_in = 3·4 = 12 |",
        r"| &emsp;bias | F\_out = 3 |",
        r"| &emsp;parameters | (F\_in + 1)·F\_out = (4 + 1)·3 = 15 |",
        r"| **\[1\] Dense(3, 2, bias=False)** |  |",
        r"| &emsp;weight | F\_out·F\_in = 2·3 = 6 |",
        r"| &emsp;parameters | F\_in·F\_out = 3·2 = 6 |",
        "| **total** |  |",
        "| &emsp;**parameters** | **15 + 6 = 21** |",
    ]
    assert explanation.to_latex().splitlines() == [
        r"\begin{aligned}",
        r"&\textbf{{[}0{]} Dense(4, 3)} \\",
        r"\text{weight} &= F_{\text{out}} \cdot F_{\text{in}} = 3 \cdot 4 = 12 \\",
        r"\text{bias} &= F_{\text{out}} = 3 \\",
        r"\text{parameters} &= \left(F_{\text{in}} + 1\right) \cdot F_{\text{out}} = \left(4 + 1\right) \cdot 3 = 15 \\",
        r"&\textbf{{[}1{]} Dense(3, 2, bias=False)} \\",
        r"\text{weight} &= F_{\text{out}} \cdot F_{\text{in}} = 2 \cdot 3 = 6 \\",
        r"\text{parameters} &= F_{\text{in}} \cdot F_{\text{out}} = 3 \cdot 2 = 6 \\",
        r"&\textbf{total} \\",
        r"\text{parameters} &= 15 + 6 = 21",
        r"\end{aligned}",
    ]
    cells = ["".join(row.itertext()) for row in ET.fromstring(explanation.to_html()).iter("tr")]  # noqa: S314
    assert cells[2] == "weightFout·Fin = 3·4 = 12"


def test_importing_paramcalc_does_not_import_the_renderers() -> None:
    code = """
import sys, paramcalc
late = [name for name in sys.modules if name.startswith("paramcalc.render")]
assert not late + [name for name in ("paramcalc._explain", "csv") if name in sys.modules], late
print(paramcalc.summary(paramcalc.Dense(4, 3), (4,)))
assert "paramcalc.render.text" in sys.modules
"""
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_records_go_into_data_frames(library: str) -> None:
    frames: Any = pytest.importorskip(library)
    frame = frames.DataFrame(pc.summary(ANSWER, columns=COLUMNS).to_records())
    assert frame["num_params"].sum() == 217_706
    assert list(frame["output_shape"][1]) == [32, 24, 24]
    assert frame["working"][1] == "(5·5·1 + 1)·32"
    counted = pc.summary(pc.Sequential(pc.Dense(4, 3)), columns=COLUMNS).to_records()
    assert frames.DataFrame(counted)["num_params"].sum() == 15


def test_parameters_of_ones_own_that_are_none_are_refused_in_a_summary() -> None:
    class Nonsense(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (1,)

        def num_params(self, input_shape: pc.Shape | None = None) -> int:
            return 0

        def parameters(self, input_shape: pc.Shape | None = None) -> Any:
            if input_shape is None:
                raise pc.ShapeError("needs a shape")
            return ["x"]

    network = pc.Sequential(a=Nonsense())
    with pytest.raises(TypeError, match="Nonsense: parameters\\(\\) must be a tuple of Parameter"):
        str(pc.summary(network, (3,), columns=("num_buffers",)))
    with pytest.raises(pc.ShapeError, match=r"^a Nonsense: needs a shape$"):
        str(pc.summary(network, columns=("num_buffers",)))


def test_repr_of_spaces_is_shown_in_a_summary() -> None:
    assert str(pc.summary(Hostile(" " * 100), (3,))).splitlines()[2].split() == ["3", "0"]


def test_results_have_no_repr_that_ipython_would_prefer() -> None:
    """A __repr__ of its own would come before what IPython is meant to show in a terminal."""
    for verb in pc.summary, pc.explain, pc.memory, pc.flops, pc.receptive_field:
        assert not {"__repr__", "_repr_pretty_"} & set(vars(type(verb(ANSWER))))
