"""Summaries: rows, columns, and totals at every depth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st
from networks import ANSWER, NESTED, table_of
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc.results import ColumnName

ANSWER_TEXT = """\
name   layer               output        parameters  working
─────────────────────────────────────────────────────────────────────
[0]    Input(1, 28, 28)    1 × 28 × 28            0
[1]    Conv2d(1*, 32, 5)   32 × 24 × 24         832  (5·5·1 + 1)·32
[2]    Pool(2)             32 × 12 × 12           0
[3]    Conv2d(32*, 32, 3)  32 × 10 × 10       9,248  (3·3·32 + 1)·32
[4]    Pool(2)             32 × 5 × 5             0
[5]    Flatten()           800                    0
[6]    Dense(800*, 256)    256              205,056  (32·5·5 + 1)·256
[7]    Dense(256*, 10)     10                 2,570  (256 + 1)·10
─────────────────────────────────────────────────────────────────────
total                                       217,706
─────────────────────────────────────────────────────────────────────
All values:      217,706 (870.8 kB in float32)
Trainable:       217,706
Not trainable:         0
MACs:          1,589,760 (for one example)
* taken from the input"""

NESTED_TEXT = """\
name        layer               output        parameters  buffers     MACs
──────────────────────────────────────────────────────────────────────────
features    Sequential
  [0]       Conv2d(3, 16, 3)    16 × 30 × 30         448        0  388,800
  [1]       BatchNorm(16*)      16 × 30 × 30          32       32        0
  [2]       Sequential
    [0]     Activation('relu')  16 × 30 × 30           0        0        0
    [1]     Pool(2)             16 × 15 × 15           0        0        0
classifier  Sequential
  [0]       Flatten()           3600                   0        0        0
  [1]       Dense(3600*, 10)    10                36,010        0   36,000
──────────────────────────────────────────────────────────────────────────
total                                             36,490       32  424,800
──────────────────────────────────────────────────────────────────────────
All values:     36,522 (146.1 kB in float32)
Trainable:      36,490
Not trainable:      32 (0 frozen weights, 32 buffers)
MACs:          424,800 (for one example)
* taken from the input"""

FOLDED_TEXT = """\
name        layer       output        parameters  buffers     MACs
──────────────────────────────────────────────────────────────────
features    Sequential  16 × 15 × 15         480       32  388,800
classifier  Sequential  10                36,010        0   36,000
──────────────────────────────────────────────────────────────────
total                                     36,490       32  424,800"""

COLUMNS: list[ColumnName] = [
    *("path", "name", "layer", "input_shape", "output_shape", "num_params", "params_share"),
    *("num_frozen", "num_buffers", "num_macs", "macs_share", "memory_bytes", "output_bytes"),
    *("live_bytes", "receptive_field", "num_uncovered", "working", "shape_working"),
]
COUNTS: tuple[ColumnName, ...] = (
    "name",
    "layer",
    "output_shape",
    "num_params",
    "num_buffers",
    "num_macs",
)


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
    columns: tuple[ColumnName, ...] = ("layer", "output_shape", "num_params", "working")
    assert str(pc.summary(conv, (100, 100, 128), columns=columns)).splitlines()[:5] == [
        "layer                             output           parameters  working",
        "────────────────────────────────────────────────────────────────────────────────",
        "Conv2d(128*, 256, 3,              100 × 100 × 256     295,168  (3·3·128 + 1)·256",
        "padding='same',",
        "data_format='channels_last')",
    ]


def test_summary_of_nested_networks_is_a_tree() -> None:
    assert str(pc.summary(NESTED, (3, 32, 32), columns=COUNTS)) == NESTED_TEXT


def test_summary_has_a_head_for_each_of_two_parts_of_the_same_name() -> None:
    network = pc.Sequential(
        pc.Sequential(pc.Sequential(pc.Flatten())), pc.Sequential(pc.Sequential(pc.Flatten()))
    )
    names = [
        line.split("  ")[0].strip() for line in table_of(pc.summary(network, (3,))).splitlines()
    ]
    lines = [line.split()[:1] for line in table_of(pc.summary(network, (3,))).splitlines()[2:-2]]
    assert lines == [["[0]"], ["[0]"], ["[0]"], ["[1]"], ["[0]"], ["[0]"]]
    assert names[-1] == "total"


def test_depth_folds_the_networks_below_it() -> None:
    assert table_of(pc.summary(NESTED, (3, 32, 32), columns=COUNTS, depth=1)) == FOLDED_TEXT
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
    steps = pc.trace(network, shape)
    kept = [one for step in steps for one in step.parameters if not one.trainable]
    for summary in pc.summary(network, shape, depth=depth), pc.summary(network, shape):
        assert sum(row.num_params for row in summary.rows) == network.num_params(shape)
        assert sum(row.num_macs or 0 for row in summary.rows) == network.num_macs(shape)
        frozen = [row.num_frozen + row.num_buffers for row in summary.rows]
        assert sum(frozen) == sum(one.size for one in kept)
        assert sum(frozen) == summary.num_frozen + summary.num_buffers
        assert summary.num_params == network.num_params(shape)
        assert summary.num_macs == network.num_macs(shape)
        assert summary.rows[0].input_shape == shape
        assert summary.rows[-1].output_shape == network.output_shape(shape)


@given(networks_and_shapes(), st.integers(0, 3), st.integers(1, 4))
def test_folded_rows_add_up_and_name_the_first_of_their_layers(
    case: tuple[pc.Sequential, tuple[int, ...]], depth: int, times: int
) -> None:
    network, shape = case
    repeated = pc.Sequential(pc.Add([network] * times), [network][0])
    columns: tuple[ColumnName, ...] = (
        "name",
        "layer",
        "num_params",
        "live_bytes",
        "output_bytes",
        "working",
    )
    try:
        whole = pc.summary(repeated, shape, columns=columns)
    except (pc.ShapeError, pc.ConfigError):  # The second does not fit, or share.
        whole = pc.summary(repeated := pc.Sequential(repeated[0]), shape, columns=columns)
    for levels in None, depth:
        one = pc.summary(repeated, shape, columns=columns, fold=True, depth=levels)
        for field in "num_params", "num_macs", "num_buffers", "num_frozen", "notes":
            assert getattr(one, field) == getattr(whole, field)
        for field in "num_params", "num_macs", "num_buffers", "memory_bytes", "output_bytes":
            numbers = [getattr(row, field) for row in one.rows]
            rows = whole.rows if levels is None else pc.summary(repeated, shape, depth=levels).rows
            assert sum(numbers) == sum(getattr(row, field) for row in rows)
        assert str(one)
        assert max(row["live_bytes"] for row in one.to_records()) == max(
            row["live_bytes"] for row in whole.to_records()
        )
        if levels is None:
            assert sum(row.count for row in one.rows) == len(whole.rows)
            assert all(repeated[row.path] is row.layer for row in one.rows if row.path)


FOLDED_STACK = """\
name     layer                           parameters  working
────────────────────────────────────────────────────────────────────
stem     Conv2d(3, 8, 3)                        224  (3·3·3 + 1)·8
blocks   Sequential
  [0-2]  2 × Add                                  0
    [0]  2 × Conv2d(8, 8, 3, padding=1)       1,168  2·(3·3·8 + 1)·8
    [1]  2 × Identity()                           0
  [1-3]  2 × BatchNorm(8*)                       32  2·2·8
────────────────────────────────────────────────────────────────────
total                                         1,424"""


def test_equal_neighbors_share_a_row() -> None:
    block = pc.Add(pc.Conv2d(8, 8, 3, padding=1), pc.Identity()), pc.BatchNorm()
    network = pc.Sequential(stem=pc.Conv2d(3, 8, 3), blocks=pc.Sequential([*block] * 2))
    columns: tuple[ColumnName, ...] = ("name", "layer", "num_params", "working")
    summary = pc.summary(network, (3, 32, 32), fold=True, columns=columns)
    assert table_of(summary) == FOLDED_STACK
    rows = pc.summary(network, (3, 32, 32), fold=True, columns=("path", "layer")).to_records()
    assert rows[1] == {"path": "blocks[0][0]", "layer": "2 × Conv2d(8, 8, 3, padding=1)"}


def test_shares_and_bytes() -> None:
    network = pc.Sequential(
        pc.Dense(4, 3, bias=False), pc.Activation("relu"), pc.Dense(3, 4, False)
    )
    columns: tuple[ColumnName, ...] = (
        "params_share",
        "macs_share",
        "memory_bytes",
        "output_bytes",
        "live_bytes",
    )
    summary = pc.summary(network, (4,), columns=columns)
    assert [tuple(record.values()) for record in summary.to_records()] == [
        (0.5, 0.5, 48, 12, 28),
        (0.0, 0.0, 0, 12, 24),
        (0.5, 0.5, 48, 16, 28),
    ]
    assert table_of(summary).splitlines()[-1].split() == [
        "100.0",
        "%",
        "100.0",
        "%",
        "96",
        "40",
        "28",
    ]
    page = ET.fromstring(summary.to_html())  # noqa: S314
    assert [cell.get("style") for cell in page.iter("td")][:2] == ["--share: 50.0%"] * 2
    counted = pc.summary(pc.Sequential(pc.Dense(4, 4)), columns=("macs_share", "output_bytes"))
    assert counted._table().rows[-1].cells == ("", "")  # pyright: ignore[reportPrivateUsage]
    alone = pc.summary(pc.Sequential(pc.Flatten()), columns=columns)
    assert list(alone.to_records()[0].values()) == [0.0, None, 0, None, None]
    assert pc.summary(pc.Sequential(), (4,), columns=columns).to_records() == []


@pytest.mark.parametrize(
    ("count", "size"), [(10, "40 bytes"), (1_000, "4.0 kB"), (2_500_000, "10.0 MB")]
)
def test_size_of_all_values(count: int, size: str) -> None:
    network = pc.Dense(count, 1, bias=False)
    assert f"All values: {count:,} ({size} in float32)" in " ".join(
        str(pc.summary(network)).split()
    )


def test_columns_are_in_the_order_asked_for() -> None:
    summary = pc.summary(ANSWER, columns=["num_params", "path"])
    assert list(summary.to_records()[1]) == ["num_params", "path"]
    assert str(summary).splitlines()[0] == "parameters  path"
    assert table_of(summary).splitlines()[-1] == "   217,706"


def test_record_of_all_columns() -> None:
    record = pc.summary(ANSWER, columns=COLUMNS).to_records()[1]
    assert record == {
        "path": "[1]",
        "name": "[1]",
        "layer": "Conv2d(1, 32, 5)",
        "input_shape": (1, 28, 28),
        "output_shape": (32, 24, 24),
        "num_params": 832,
        "params_share": 832 / 217_706,
        "num_frozen": 0,
        "num_buffers": 0,
        "num_macs": 460_800,
        "macs_share": 460_800 / 1_589_760,
        "memory_bytes": 3_328,
        "output_bytes": 73_728,
        "live_bytes": 76_864,
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
    assert table_of(pc.summary(pc.Sequential(), (4,))).splitlines()[-1].split() == ["total", "0"]
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
        ({"fold": 1}, TypeError, "summary: fold must be True or False, got 1"),
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
