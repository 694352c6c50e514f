"""The command line: what it prints, how it refuses, and that its help and pages are true."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import paramcalc as pc
from paramcalc import readers, zoo
from paramcalc._cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
LENET = "zoo:lenet5 --input 1x32x32"
SHAPE = (1, 32, 32)
KERAS = """{"class_name": "Sequential", "config": {"name": "net", "layers": [
    {"class_name": "InputLayer", "config": {"name": "an image", "batch_shape": [null, null, 8, 1]}},
    {"class_name": "Conv2D", "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3]}},
    {"class_name": "GlobalAveragePooling2D", "config": {"name": "pool"}}]}}"""
TORCH = """
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.head = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3)))
"""
ONNX = bytes.fromhex(
    "3a380a110a01780a017712017922064d61744d756c2a0908040803100142017"
    "75a130a0178120e0a0c080112080a0212000a02080462030a0179"
)


def run(command: str) -> int:
    """The exit status of a command, without the name of the program."""
    return main(shlex.split(command))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of each kind, in which the commands run."""
    texts = {
        "net.py": TORCH,
        "model.json": KERAS,
        "net.json": readers.to_json(zoo.lenet5()),
        "other.json": json.dumps(json.loads(readers.to_json(pc.Dense(4, 3))), sort_keys=True),
        "net.txt": repr(zoo.lenet5()),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "model.onnx").write_bytes(ONNX)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", KERAS.replace("null, null", "null, 8"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the reader of torch is called with."""
    found: list[Any] = []
    real = readers.torch

    def torch(source: str, call: str | None = None, *, input_shape: Any = None) -> pc.Layer:
        found.append((source, call, input_shape))
        return real(source, call, input_shape=input_shape)

    monkeypatch.setattr(readers, "torch", torch)
    return found


@pytest.mark.parametrize(
    ("command", "result"),
    [
        (f"summary {LENET}", pc.summary(zoo.lenet5(), SHAPE)),
        ("summary zoo:vgg11", pc.summary(zoo.vgg11())),
        ("summary zoo:vgg11 --depth 1", pc.summary(zoo.vgg11(), depth=1)),
        (f"explain {LENET}", pc.explain(zoo.lenet5(), SHAPE)),
        ("explain zoo:lenet5 [6] --input 1x32x32", pc.explain(zoo.lenet5(), SHAPE, at="[6]")),
        (f"explain {LENET} [6]", pc.explain(zoo.lenet5(), SHAPE, at="[6]")),
        (f"memory {LENET}", pc.memory(zoo.lenet5(), SHAPE)),
        (
            f"memory {LENET} --batch-size 8 --dtype float16 --optimizer adam",
            pc.memory(zoo.lenet5(), SHAPE, batch_size=8, dtype="float16", optimizer="adam"),
        ),
        (f"flops {LENET}", pc.flops(zoo.lenet5(), SHAPE)),
        (
            f"flops {LENET} --convention fvcore",
            pc.flops(zoo.lenet5(), SHAPE, convention="fvcore"),
        ),
        ("compare zoo:resnet18 zoo:resnet34", pc.compare(zoo.resnet18(), zoo.resnet34())),
        ("compare zoo:lenet5 61,706", pc.compare(zoo.lenet5(), 61_706)),
        ("compare zoo:lenet5 61.7K", pc.compare(zoo.lenet5(), 61_700)),
        (
            "summary zoo:siamese --input left=1x105x105 --input right=1x105x105",
            pc.summary(zoo.siamese(), {"left": (1, 105, 105), "right": (1, 105, 105)}),
        ),
    ],
)
def test_commands_print_what_verbs_return(
    command: str, result: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command) == 0
    assert capsys.readouterr() == (f"{result}\n", "")


def test_formats_are_those_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    result = pc.explain(zoo.lenet5(), SHAPE)
    outputs: dict[str, str] = {}
    for form in COMMANDS["explain"].forms.split():
        assert run(f"explain {LENET} --format {form}") == 0
        outputs[form] = capsys.readouterr().out
    assert json.loads(outputs["json"]) == result.to_records()
    assert outputs["json"].count("\n") == len(result.to_records())
    assert outputs["csv"] == result.to_csv()
    assert next(csv.DictReader(io.StringIO(outputs["csv"])))["value"] == "6"
    assert outputs["markdown"] == result.to_markdown() + "\n"
    head, meta, title, _, body = outputs["html"].split("\n", 4)
    assert (head, meta) == ("<!doctype html>", '<meta charset="utf-8">')
    assert title == "<title>explain zoo:lenet5</title>"
    assert body == result.to_html() + "\n"
    assert ET.fromstring(body).tag == "div"  # noqa: S314  # of our own making


@pytest.mark.usefixtures("files")
def test_a_picture_is_svg(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"diagram {LENET}") == 0
    picture = pc.diagram(zoo.lenet5(), SHAPE)
    assert capsys.readouterr().out == picture.to_svg() + "\n"
    assert run(f"diagram {LENET} -o net.svg") == run(f"diagram {LENET} -o net.html") == 0
    assert capsys.readouterr() == ("", "")
    assert Path("net.svg").read_text("utf-8") == picture.to_svg() + "\n"
    assert picture.to_html() in Path("net.html").read_text("utf-8")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("options", "start"),
    [
        ("-o out.txt", "name "),
        ("-o out.JSON", "[{"),
        ("-o out.csv", "name,layer"),
        ("-o out.md", "| name |"),
        ("-o out.html", "<!doctype html>"),
        ("--output out.log", "name "),
        ("--format csv -o out.txt", "name,layer"),
    ],
)
def test_the_name_of_the_output_says_its_format(
    options: str, start: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"summary {LENET} {options}") == 0
    assert capsys.readouterr() == ("", "")
    assert Path(options.split()[-1]).read_text("utf-8").startswith(start)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "num_params"),
    [
        ("net.json", 61_706),
        ("net.json --input 1x32x32", 61_706),
        ("other.json", 15),
        ("other.json --input 4", 15),
        ("net.txt", 61_706),
        ("net.txt --input 1x32x32", 61_706),
        ("model.onnx", 12),
        ("model.onnx --input 4", 12),
        ("model.onnx --input x=4", 12),
        ("model.keras", 40),
        ("model.keras --input 8x8x1", 40),
        ("model.keras --input 'an image=8x8x1'", 40),
        ("model.json --input 8x8x1", 40),
        ("model.json --input 'an image=8x8x1'", 40),
        ("./model.json --input 8x8x1", 40),
    ],
)
def test_files_of_all_kinds(
    arguments: str, num_params: int, capsys: pytest.CaptureFixture[str]
) -> None:
    is_known = "--input" in arguments or arguments.startswith("model")
    assert run(f"check {arguments} --max-params {num_params}") == 0
    assert f": {num_params:,} of {num_params:,} parameters\n" in capsys.readouterr().out
    assert run(f"check {arguments} --max-params {num_params - 1}") == 1
    assert run(f"check {arguments} --max-macs 1M") == (0 if is_known else 2)


@pytest.mark.usefixtures("files")
def test_source_of_torch_is_given_to_its_reader(
    calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bom.PY").write_text(TORCH, "utf-8-sig")
    assert run("check net.py --max-params 1226") == 0
    assert run("summary bom.PY --call 'Net(10)' --input 3x32x32") == 0
    assert "32 × 30 × 30" in capsys.readouterr().out
    assert run("check net.py --call 'Net(10)' --max-macs 1M --input x=3x32x32") == 0
    assert run("compare net.py zoo:lenet5 --call Net --input a=3x9x9 --input b=4") == 2
    assert calls == [
        (TORCH, None, None),
        (TORCH, "Net(10)", (3, 32, 32)),
        (TORCH, "Net(10)", {"x": (3, 32, 32)}),
        (TORCH, "Net", {"a": (3, 9, 9), "b": (4,)}),
    ]


@pytest.mark.usefixtures("files")
def test_two_networks_of_which_one_states_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare model.onnx net.txt") == 0
    assert run("compare net.txt model.onnx") == 0
    assert run("compare net.txt zoo:lenet5 --input 1x32x32") == 0
    assert "The networks do not differ." in capsys.readouterr().out


REFUSALS = """
summary | the following arguments are required: FILE; see paramcalc summary --help
summary zoo:lenet5 --inp 3 | unrecognized arguments: --inp 3; see paramcalc summary --help
summary zoo:lenet5 [1] | unrecognized arguments: [1]; see paramcalc summary --help
explain zoo:lenet5 --at=1 | unrecognized arguments: --at=1; see paramcalc explain --help
summary none.onnx | none.onnx: No such file or directory
summary none.keras | none.keras: No such file or directory
summary none | none: No such file or directory
summary . | .: a file without a suffix cannot be read: {KINDS}
summary weights.pt | weights.pt: .pt cannot be read: {KINDS}
summary latin.py | latin.py: it is not text in UTF-8
summary bad.json | bad.json: this is not JSON: Expecting value: line 1 column 1 (char 0)
summary bad.txt | bad.txt: line 1: 2 + 3 is not a number, a text, a tuple or a layer
summary bad.onnx | bad.onnx: byte 2: what stands here is no field of protobuf
summary model.json | model.json: an image: its shape is (None, 8, 1): give --input, as in --input \
3x224x224
summary model.onnx --input 5 | model.onnx: input x: --input (5,) is not that of the file, (4,)
summary model.onnx --input y=4 | onnx: --input must be NAME=SHAPE for each of 'x', got {'y': (4,)}
summary zoo:resnet5 | the zoo has no 'resnet5'; did you mean resnet50?
summary zoo: | the zoo has no ''; it has {ZOO}
summary zoo:lenet5 --call f | --call is for .py files: other files hold one network
summary zoo:lenet5 --input 3 | [0] Conv2d: expects (channels, height, width), got shape (3,)
summary zoo:lenet5 --input 1x0x32 | Sequential: --input must be at least 1 on every axis, got \
(1, 0, 32)
summary zoo:lenet5 --input 3x | argument --input: '3x' is not a shape: {SHAPE}; see paramcalc \
summary --help
summary zoo:lenet5 --input =3 | argument --input: '=3' is not a shape: {SHAPE}; see paramcalc \
summary --help
summary zoo:lenet5 --input a=1x32x32 | Sequential: --input has a name where there is one input: \
{'a': (1, 32, 32)}
summary net.py --call Net(10) --input 0x32x32 | torch: --input must be at least 1 on every axis, \
got (0, 32, 32)
summary zoo:siamese --input 1x105x105 | Graph: --input must be NAME=SHAPE for each of 'left' and \
'right', got (1, 105, 105)
summary zoo:siamese --input 1x9x9 --input 1x8x8 | {SEVERAL}
summary zoo:siamese --input a=1x9x9 --input a=1x8x8 | {SEVERAL}
summary zoo:siamese --input a=1x9x9 --input 1x8x8 | {SEVERAL}
summary zoo:lenet5 --format xml | summary is not written as xml: give --format {FORMATS}
summary zoo:lenet5 -o net.svg | summary is not written as svg: give --format {FORMATS}
diagram zoo:lenet5 --format csv | diagram is not written as csv: give --format svg, html or json
summary zoo:lenet5 -o none/a.csv | none/a.csv: No such file or directory
summary zoo:lenet5 --depth -1 | summary: depth must be at least 0, got -1
summary zoo:lenet5 --depth x | argument --depth: invalid int value: 'x'; see paramcalc summary \
--help
explain zoo:lenet5 none | PATH must name parts of the network, such as ('[0]', '[1]', '[2]', \
'[3]', '[4]', '[5]', '[6]', '[7]', '[8]', '[9]', ...), got 'none'
summary lambda.json | lambda.json: f: a Lambda is code, which is not run: give \
layers={'f': a layer} to the reader, in Python
flops zoo:lenet5 | [0] Conv2d: the output shape depends on the input: give --input, as in --input \
3x224x224
memory zoo:lenet5 --input 1x32x32 --batch-size 0 | --batch-size must be at least 1, got 0
memory zoo:lenet5 --input 1x32x32 --dtype int3 | memory: no dtype 'int3'; there are {DTYPES}
flops zoo:lenet5 --input 1x32x32 --convention x | flops: no convention 'x'; the conventions are \
{CONVENTIONS}
compare zoo:lenet5 5X | {COUNT}
compare zoo:lenet5 1.5 | '1.5' is not a whole number
compare zoo:lenet5 1e3 | 1e3: No such file or directory
check zoo:lenet5 | give a budget: --max-params, --max-macs or --max-memory
check zoo:lenet5 --max-params 5X | argument --max-params: {COUNT}; see paramcalc check --help
check zoo:lenet5 --max-macs 1G | [0] Conv2d: the number of multiply-accumulates depends on the \
input: give --input, as in --input 3x224x224
"""
WORDS = {
    "{KINDS}": ".py, .json, .keras, .onnx and .txt can be read, and zoo:NAME",
    "{ZOO}": ", ".join(zoo.__all__),
    "{SHAPE}": "lengths without the batch, as in 3x224x224 or image=3x224x224",
    "{SEVERAL}": "each of several inputs has a name of its own, as in --input image=3x224x224 "
    "--input mask=1x224x224",
    "{FORMATS}": "text, json, csv, markdown or html",
    "{COUNT}": "'5X' is not a number, plain or with one of k, K, M, G and T after it",
}


def words_of(pattern: str, call: Any) -> str:
    """The end of an error of the library, which lists the names in one of its tables."""
    with pytest.raises(pc.ParamcalcError) as caught:
        call()
    found = re.search(pattern, str(caught.value))
    assert found
    return found[1]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("line", REFUSALS.replace("\\\n", "").strip().splitlines())
def test_words_of_refusals(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, _, words = line.partition(" | ")
    for name in "bad.json", "bad.onnx", "weights.pt":
        Path(name).write_text("hello", "utf-8")
    code = KERAS.replace("null, null", "4, 4").replace("GlobalAveragePooling2D", "Lambda")
    Path("lambda.json").write_text(code.replace('"pool"', '"f"'), "utf-8")
    Path("bad.txt").write_text("Dense(4, 2 + 3)", "utf-8")
    Path("latin.py").write_bytes("é".encode("latin-1"))
    net: Any = zoo.lenet5()
    names: dict[str, Any] = {"dtype": "int3"}
    tool: dict[str, Any] = {"convention": "x"}
    known = WORDS | {
        "{DTYPES}": words_of("are (.*)", lambda: pc.memory(net, SHAPE, **names)),
        "{CONVENTIONS}": words_of("are (.*)", lambda: pc.flops(net, SHAPE, **tool)),
    }
    for key, value in known.items():
        words = words.replace(key, value)
    assert run(command) == 2
    assert capsys.readouterr() == ("", f"paramcalc: error: {words}\n")


@pytest.mark.parametrize("command", ["", "draw x"])
def test_without_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"paramcalc: error: .*COMMAND.*; see paramcalc --help\n", error)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("0", 0),
        ("5000000", 5_000_000),
        ("5,000,000", 5_000_000),
        ("5_000_000", 5_000_000),
        ("5M", 5_000_000),
        ("2.5M", 2_500_000),
        ("0.123456M", 123_456),
        ("1.10k", 1100),
        ("61.706K", 61_706),
        ("4.1G", 4_100_000_000),
        ("1T", 10**12),
        ("9007199.254740993G", 9_007_199_254_740_993),  # Not a float.
    ],
)
def test_numbers(given: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    most = f"--max-params {given}"
    count = zoo.lenet5().num_params()
    assert run(f"check zoo:lenet5 {most}") == (number < count)
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("7", 7),
        ("300B", 300),
        ("300kB", 300_000),
        ("2MB", 2_000_000),
        ("2GB", 2_000_000_000),
        ("1TB", 10**12),
        ("1KiB", 1024),
        ("1.5MiB", 3 * 2**19),
        ("2GiB", 2 * 2**30),
        ("1TiB", 2**40),
    ],
)
def test_numbers_of_bytes(given: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    used = pc.memory(zoo.lenet5(), SHAPE).inference_bytes
    assert run(f"check {LENET} --max-memory {given}") == (number < used)
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", capsys.readouterr().out)


PLAIN = "-5", "5m", "5MB", "5.M", ".5M", "1e6", "0x10", "٣", "1,5M", "1,50", "five", "0.1234567M"
BYTES = "2G", "5M", "2gib", "5Mb", "0.1GiB", "1,5GB"


@pytest.mark.parametrize(
    ("option", "given"),
    [("params", one) for one in PLAIN] + [("memory", one) for one in BYTES],
)
def test_numbers_that_are_none(option: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"check {LENET} --max-{option}={given}") == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        rf"paramcalc: error: argument --max-{option}: '{given}' is not a (whole )?number.*\n", error
    )


def test_lines_of_a_budget(capsys: pytest.CaptureFixture[str]) -> None:
    most = "--max-params 61,706 --max-macs 416,520 --max-memory 284.5kB"
    used = pc.memory(zoo.lenet5(), SHAPE).inference_bytes
    assert used == 284_456
    assert run(f"check {LENET} {most}") == 0
    assert capsys.readouterr().out == (
        "zoo:lenet5: within budget: 61,706 of 61,706 parameters; 416,520 of 416,520 MACs; "
        "284,456 of 284,500 bytes at inference\n"
    )
    assert run(f"check {LENET} --max-params 61,705 --max-macs 1M --max-memory 100kB") == 1
    assert capsys.readouterr().out == (
        "zoo:lenet5: 61,706 parameters, 1 over the budget of 61,705\n"
        "zoo:lenet5: 284,456 bytes at inference, 184,456 over the budget of 100,000\n"
    )


def test_memory_of_a_budget_has_a_batch_and_a_dtype() -> None:
    used = pc.memory(zoo.lenet5(), SHAPE, batch_size=9, dtype="int8").inference_bytes
    for most, status in (used, 0), (used - 1, 1):
        assert run(f"check {LENET} --max-memory {most} --batch-size 9 --dtype int8") == status


class Output(io.TextIOWrapper):
    """A terminal, or a file in some encoding."""

    def __init__(self, encoding: str = "utf-8", *, is_terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding, newline="\n")
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def written(self) -> str:
        self.seek(0)
        return self.read()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_has_a_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Output(is_terminal=True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    result = pc.explain(zoo.resnet18(), (3, 64, 64), at="stem")
    assert run("explain zoo:resnet18 stem --input 3x64x64") == 0
    text = result.to_text(width=columns)
    assert terminal.written() == text + "\n"
    assert (text == str(result)) == (columns == 80)
    assert max(map(len, text.splitlines())) <= columns


def test_tables_have_a_width() -> None:
    results: list[Any] = [verb(zoo.vgg11(), (3, 64, 64)) for verb in (pc.flops, pc.memory)]
    for result in results:
        for width in 64, 80, 120:
            assert max(map(len, result.to_text(width=width).splitlines())) <= width
        assert result.to_text(width=80) == str(result)
    for result in *results, pc.explain(zoo.lenet5()):
        with pytest.raises(pc.ConfigError, match="width must be at least 1, got 0"):
            result.to_text(width=0)


@pytest.mark.parametrize("form", COMMANDS["explain"].forms.split())
def test_an_output_that_lacks_some_signs(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in "cp1252", "ascii":
        output = Output(encoding)
        monkeypatch.setattr(sys, "stdout", output)
        assert run(f"explain {LENET} --format {form}") == 0
        assert output.written().isascii()
    if form == "html":
        body = output.written().split("\n", 4)[4]
        assert "".join(ET.fromstring(body).itertext()).count("×") > 20  # noqa: S314


@pytest.mark.usefixtures("files")
def test_a_name_that_an_output_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("网.txt").write_text("Dense(4, 3)", "utf-8")
    for encoding, name in ("utf-8", "网.txt"), ("cp1252", "\\u7f51.txt"):
        output = Output(encoding)
        monkeypatch.setattr(sys, "stdout", output)
        assert run("check 网.txt --max-params 15") == 0
        assert output.written() == f"{name}: within budget: 15 of 15 parameters\n"


def test_a_reader_that_has_had_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, status in (f"summary {LENET}", 0), ("check zoo:lenet5 --max-params 1", 1):
        read, write = os.pipe()
        os.close(read)
        with open(write, "w", encoding="utf-8") as output:  # noqa: PTH123  # a descriptor
            monkeypatch.setattr(sys, "stdout", output)
            assert run(command) == status


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_disk_that_is_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert run("summary zoo:lenet5") == 2
    assert capsys.readouterr().err == "paramcalc: error: No space left on device\n"


class Broken(io.StringIO):
    """An output that cannot be written to."""

    def write(self, _: str) -> int:
        raise OSError(9, "Bad file descriptor")


def test_outputs_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    for output, status in (None, 0), (Broken(), 2):
        monkeypatch.setattr(sys, "stdout", None)
        monkeypatch.setattr(sys, "stderr", output)
        assert run("summary zoo:lenet5") == 0
        assert run("summary none.py") == 2
        monkeypatch.setattr(sys, "stdout", output)
        assert run("summary zoo:lenet5") == status


def test_an_interrupt_is_no_error_and_a_fault_of_ours_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def summary(*_: object) -> None:
        raise raised

    monkeypatch.setattr(pc, "summary", summary)
    raised: BaseException = KeyboardInterrupt()
    assert run("summary zoo:lenet5") == 130
    for raised in TypeError("a fault"), ZeroDivisionError():
        with pytest.raises(type(raised)):
            run("summary zoo:lenet5")
    assert capsys.readouterr() == ("", "")


def process(*command: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A command, run as users do."""
    return subprocess.run(
        [sys.executable, "-m", "paramcalc", *command],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        check=False,
    )


def test_a_process() -> None:
    done = process("check", "zoo:lenet5", "--max-params", "1", PYTHONIOENCODING="cp1252")
    line = b"zoo:lenet5: 61,706 parameters, 61,705 over the budget of 1"
    assert (done.returncode, done.stdout.rstrip(), done.stderr) == (1, line, b"")
    done = process("summary", *LENET.split(), PYTHONIOENCODING="cp1252")
    assert done.stdout.decode("ascii").splitlines()[1] == "-" * 70
    done = process("summary", "none.py")
    text = done.stderr.decode().rstrip()
    assert (done.returncode, done.stdout) == (2, b"")
    assert text == "paramcalc: error: none.py: No such file or directory"


def test_a_process_whose_reader_has_had_enough() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "paramcalc", "summary", "zoo:resnet152", "--format", "html"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stderr
        assert running.stdout.readline().strip() == b"<!doctype html>"
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_it_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["paramcalc", "check", "zoo:lenet5", "--max-params", "1"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("paramcalc", run_name="__main__")
    assert caught.value.code == 1
    runpy.run_module("paramcalc.__main__")  # Nothing happens.
    assert capsys.readouterr().out.count("\n") == 1


def test_the_library_does_not_load_it() -> None:
    code = "import sys, paramcalc as pc; pc.summary(pc.Dense(2, 2)); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"paramcalc._cli", "paramcalc._cli_read", "argparse"}.isdisjoint(loaded)


def helped(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the help of a command says."""
    with pytest.raises(SystemExit) as caught:
        run(f"{command} --help")
    assert not caught.value.code
    return capsys.readouterr().out


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_the_help_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = helped(command, capsys)
    assert text.startswith(f"usage: paramcalc {command} ")
    assert COMMANDS[command].about in text
    examples = re.findall(r"(?m)^  paramcalc (.*)$", text.partition("\nexamples:\n")[2])
    assert examples
    for example in examples:
        assert example.startswith(f"{command} ")
        assert run(example) == 0, example
        out, error = capsys.readouterr()
        assert error == ""
        assert bool(out) != (" -o " in example)


def test_the_help_names_all_commands_and_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = helped("", capsys)
    for command in COMMANDS:
        assert f"\n    {command} " in text
        text += helped(command, capsys)
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--version")
    assert capsys.readouterr().out == f"paramcalc {pc.__version__}\n"


def examples_in(page: str) -> list[tuple[str, str]]:
    """The commands of a page, and what they print."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found: list[tuple[str, str]] = []
    for block in re.findall(r"(?ms)^```text\n(\$ paramcalc .*?)^```$", text):
        for part in re.split(r"(?m)^\$ paramcalc ", block)[1:]:
            command, _, out = part.partition("\n")
            found.append((command, out))
    return found


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("page", ["command_line.md", "check_a_budget.md"])
def test_examples_of_the_pages_are_true(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert examples_in(page)
    for command, out in examples_in(page):
        status = run(command)
        assert (command, "".join(capsys.readouterr())) == (command, out)
        assert status == (2 if "error: " in out else 1 if "over the budget" in out else 0)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the sdist has no hooks")
def test_the_hook_is_a_command(
    files: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    hook = dict(re.findall(r"(?m)^[- ] (\w+): (.*)$", text))
    assert hook["id"] == "paramcalc-check"
    assert hook["entry"] == "paramcalc check"
    assert (hook["language"], hook["pass_filenames"]) == ("python", "false")
    page = (ROOT / "docs" / "check_a_budget.md").read_text("utf-8")
    assert f"- id: {hook['id']}\n" in page
    assert f"\n- hook id: {hook['id']}\n- exit code: 1\n" in page
    assert f"\n{hook['name']}..." in page
    (files / "models").mkdir()
    (files / "net.py").rename("models/net.py")
    (arguments,) = re.findall(r"args: \[(.*)\]", page)
    assert main([*hook["entry"].split()[1:], *arguments.split(", ")]) == 1
    assert len(calls) == 1
    assert f"\n\n{capsys.readouterr().out}```\n" in page
