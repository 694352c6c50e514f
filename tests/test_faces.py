"""Every face of a table: text, Markdown, HTML, LaTeX and CSV, with hostile names as well."""

# ruff: noqa: E501  # tables have long lines

from __future__ import annotations

import copy
import csv
import dataclasses
import inspect
import io
import pickle
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from networks import ANSWER, NESTED

import paramcalc as pc

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
            "div", "style", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "i", "sub", "p",
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
    cells = [next(iter(row)) for row in tree.findall(".//tbody/tr")]
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
    foot = tree.find(".//tfoot")
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
        r"\quad {[}1{]} & BatchNorm(16*) & 32 & $2 \cdot 16$ \\",
        r"\quad \textbf{{[}2{]}} & \textbf{Sequential} &  &  \\",
        r"\quad \quad {[}0{]} & Activation('relu') & 0 &  \\",
        r"\quad \quad {[}1{]} & Pool(2) & 0 &  \\",
        r"\textbf{classifier} & \textbf{Sequential} &  &  \\",
        r"\quad {[}0{]} & Flatten() & 0 &  \\",
        r"\quad {[}1{]} & Dense(3600*, 10) & 36,010 & $\left(16 \cdot 15 \cdot 15 + 1\right) \cdot 10$ \\",
        r"\midrule",
        r"\textbf{total} &  & \textbf{36,490} &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        "All values:     36,522 (146.1 kB in float32)",
        "",
        "Trainable:      36,490",
        "",
        "Not trainable:      32 (0 frozen weights, 32 buffers)",
        "",
        "MACs:          424,800 (for one example)",
        "",
        "* taken from the input",
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
    latex = explanation._repr_latex_()  # pyright: ignore[reportPrivateUsage]
    assert latex == f"$$\n{explanation.to_latex()}\n$$"


def test_a_result_is_its_text_at_a_prompt() -> None:
    results: list[Any] = [
        pc.summary(ANSWER), pc.explain(ANSWER), pc.memory(ANSWER), pc.flops(ANSWER),
        pc.receptive_field(ANSWER[:4]), pc.trace(ANSWER), pc.compare(ANSWER, ANSWER[:-1]),
        pc.valid_inputs(ANSWER),
    ]  # fmt: skip
    for result in results:
        assert repr(result) == str(result) == result.to_text()
        assert result.to_text("ascii").isascii()
        assert result.to_html() == result._repr_html_()
        assert result.to_markdown() == result._repr_markdown_()
        assert result.to_latex().isprintable() or "\n" in result.to_latex()
        records = result.to_records()
        assert result.to_csv().splitlines()[0] == ",".join(records[0])
        with pytest.raises(pc.ParamcalcError, match="style must be 'unicode' or 'ascii'"):
            result.to_text("html")


def test_no_result_has_a_method_that_should_be_an_attribute() -> None:
    """What takes no argument and is no exporter is an attribute: nobody prints a bound method."""
    for name in pc.results.__all__:
        kind: type[Any] = getattr(pc.results, name)
        for key, member in vars(kind).items():
            if inspect.isfunction(member) and key[0] != "_" and not key.startswith("to_"):
                is_asked = len(inspect.signature(member).parameters) > 1
                assert is_asked or key == "explain", f"{name}.{key}"


def test_results_are_values() -> None:
    results: list[Any] = [pc.summary(ANSWER), pc.explain(ANSWER), pc.compare(ANSWER, 217_706)]
    results += [pc.memory(ANSWER, optimizer="adam"), pc.valid_inputs(ANSWER)]
    for result in results:
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
        "",
        r"where F\_out = out\_features, F\_in = in\_features",
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


def test_repr_without_spaces_is_wrapped_to_the_terminal() -> None:
    wide = str(pc.summary(pc.Sequential(Hostile("x" * 100)), (3,), columns=("num_params", "layer")))
    assert max(map(len, wide.splitlines())) == 80


def test_an_indented_cell_is_wrapped_in_its_margin() -> None:
    one = pc.Sequential(head=pc.Dense(8, 8))
    wide = str(pc.compare(one, pc.Sequential(head=Hostile("x " * 60))))
    lines = [line for line in wide.splitlines() if "x x" in line]
    assert len(lines) > 1
    assert all(line.startswith("  ") and not line.startswith("   ") for line in lines[1:])


def test_repr_of_spaces_is_shown_in_a_summary() -> None:
    assert str(pc.summary(Hostile(" " * 100), (3,))).splitlines()[2].split() == ["3", "0"]


def test_results_have_no_repr_that_ipython_would_prefer() -> None:
    """A __repr__ of its own would come before what IPython is meant to show in a terminal."""
    for verb in pc.summary, pc.explain, pc.memory, pc.flops, pc.receptive_field:
        assert not {"__repr__", "_repr_pretty_"} & set(vars(type(verb(ANSWER))))
