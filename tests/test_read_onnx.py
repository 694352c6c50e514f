"""Networks from ONNX files: what is read, what is refused and in which words, and damaged files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from onnx_rows import ROWS, Row
from onnx_writer import field, fields, ints, model, node, tensor, value, varint

import paramcalc as pc
from paramcalc.readers._protobuf import MAX_COST


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_file_is_read_or_refused_in_these_words(row: Row) -> None:
    try:
        found = repr(pc.readers.onnx(row.file, **row.options))
    except pc.ReadError as error:
        found = str(error)
    assert found == row.expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_read_answers(row: Row) -> None:
    try:
        network = pc.readers.onnx(row.file, **row.options)
    except pc.ReadError:
        return
    assert pc.summary(network).num_params == network.num_params()
    assert pc.trace(network) is not None
    if not isinstance(network, pc.Graph) or len(network.outputs) == 1:
        assert network.output_shape()


def test_names_of_rows_differ() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) > 250


def test_a_path_is_as_good_as_bytes(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    data = model([node("Relu", "x", "y")])
    path.write_bytes(data)
    assert pc.readers.onnx(path) == pc.readers.onnx(str(path)) == pc.readers.onnx(data)
    path.unlink()  # It is not held open.


def test_what_is_no_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.onnx"
    empty.touch()
    wrong: Any = 3
    cases: list[tuple[Path | str, str]] = [
        (tmp_path / "none.onnx", "there is no such file"),
        (tmp_path, "there is no such file"),
        (empty, "it is no ONNX file: there is no graph in it"),
        ("with\0zero", "there is no such file"),
    ]
    for path, problem in cases:
        with pytest.raises(pc.ReadError, match=problem):
            pc.readers.onnx(path)
    with pytest.raises(TypeError):
        pc.readers.onnx(wrong)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("not yours")

    path = tmp_path / "net.onnx"
    path.touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(pc.ReadError, match="it cannot be opened: not yours"):
        pc.readers.onnx(path)


def test_layers_must_be_layers() -> None:
    file = model([node("Foo", "x", "y")])
    wrong: Any = {"Foo": len}
    with pytest.raises(TypeError, match="onnx: what layers gives must be a Layer, got 0"):
        pc.readers.onnx(file, layers=wrong)


def test_input_twice() -> None:
    both = fields(
        (1, node("Relu", "x", "y")), *[(11, value("x", (1, 3)))] * 2, (12, value("y", None))
    )
    with pytest.raises(pc.ReadError, match="input x: is given twice"):
        pc.readers.onnx(field(7, both))


def test_an_opset_that_is_not_stated_is_the_first() -> None:
    graph = fields(
        (1, node("Reshape", "x", "y", shape=[-1, 3])),
        (11, value("x", (1, 3))),
        (12, value("y", None)),
    )
    assert repr(pc.readers.onnx(field(7, graph))) == "Sequential(x=Input(3))"


RELU = model([node("Relu", "x", "y")])
DAMAGED = {
    "it is no ONNX file: there is no graph in it": b"",
    "byte 0: a number does not end": b"\xff" * 11,
    "byte 0: a field is longer than what it stands in": varint(7 << 3 | 2) + varint(2**60),
    "byte 0: what stands here is no field of protobuf": varint(7 << 3 | 3) * 100_000,
    "byte 2: field 7 is of kind 0, where 2 is expected": fields((7, 3)),
    "field 7 is given 2 times, where one is expected": field(7, b"") * 2,
    "byte 6: a text is not UTF-8": field(7, field(1, field(4, b"\xff"))),
    "byte 9: a text has 2,001 bytes, where 2,000 are the most": field(
        7, field(1, field(4, "n" * 2001))
    ),
    "it has more than 500,000 fields beside its weights": field(7, fields((13, b"")) * 500_001),
    "it has 10,001 nodes, where 10,000 are the most": field(7, field(1, b"") * 10_001),
    "its nodes have more than 100,000 inputs and outputs": field(
        7, field(1, field(1, "") * 100_001)
    ),
}


@pytest.mark.parametrize("problem", DAMAGED)
def test_what_is_damaged(problem: str) -> None:
    with pytest.raises(pc.ReadError) as caught:
        pc.readers.onnx(DAMAGED[problem])
    assert str(caught.value) == problem


def test_fields_that_are_not_asked_for_are_passed_over() -> None:
    more = varint(99 << 3 | 1) + bytes(8) + varint(98 << 3 | 5) + bytes(4) + field(97, -1)
    assert pc.readers.onnx(RELU + more) == pc.readers.onnx(RELU)


def test_a_text_counts_as_what_it_is_long() -> None:
    with pytest.raises(pc.ReadError, match="more than 500,000 fields"):
        pc.readers.onnx(model([node("Relu", "x" * 1999, "y")] * (MAX_COST // 2000)))


@pytest.mark.parametrize("length", range(1, len(RELU)))
def test_a_file_cut_off_is_refused(length: int) -> None:
    """But where the version of the operators alone is cut, which has a default."""
    try:
        pc.readers.onnx(RELU[:length])
    except pc.ReadError:
        return
    assert length >= len(RELU) - 4


FILES = [row.file for row in ROWS if len(row.file) < 2000]


@settings(max_examples=500)
@given(st.data())
def test_a_file_with_other_bytes_is_read_or_refused(data: st.DataObject) -> None:
    file = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(file) - 1))
        match data.draw(st.sampled_from(["change", "remove", "repeat", "insert"])):
            case "change":
                file[at] = data.draw(st.integers(0, 255))
            case "remove":
                del file[at : at + data.draw(st.integers(1, 3))]
                file = file or bytearray(1)
            case "repeat":
                file[at:at] = file[at : at + data.draw(st.integers(1, 40))]
            case _:
                file[at:at] = data.draw(st.binary(min_size=1, max_size=4))
    try:
        pc.readers.onnx(bytes(file))
    except pc.ReadError as error:
        assert len(str(error)) < 1000  # noqa: PT017  # either is right


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(pc.ReadError):
        pc.readers.onnx(data)


def chain(op: str, number: int, **more: Any) -> list[bytes]:
    names = ["x", *[f"a{at}" for at in range(number - 1)], "y"]
    return [node(op, names[at], names[at + 1], **more) for at in range(number)]


def test_large_files_take_no_long_time() -> None:
    many = 10_000
    twice = [node("Concat", f"a{at} a{at}", f"a{at + 1}", axis=0) for at in range(many - 1)]
    files = [
        model(chain("Relu", many)),
        model(
            [node("Split", "x", " ".join([f"a{at}" for at in range(99_000)]), axis=1)], outputs="a0"
        ),
        model([*twice, node("Reshape", f"x a{many - 1}", "y")], [ints("a0", 1, 2)]),
        model(
            [node("Conv", f"a{at} w{at} b{at // 2}", f"a{at + 1}") for at in range(4000)],
            [tensor(f"w{at}", [4, 4, 1, 1]) for at in range(4000)]
            + [tensor(f"b{at}", [4]) for at in range(2000)],
            {"a0": ("n", 4, 8, 8)},
            "a4000",
        ),
        field(7, field(5, b"\x08\x01" * 200_000)),
    ]
    for file in files:
        start = process_time()
        with suppress(pc.ReadError):
            pc.readers.onnx(file)
        assert process_time() - start < 10, len(file)  # Of a slow machine; 2 seconds are meant.


def test_calculations_have_an_end() -> None:
    nodes = [node("Add", f"a{at} b", f"a{at + 1}") for at in range(300)]
    file = model([*nodes, node("Reshape", "x a300", "y")], [ints("a0", *[1] * 1024), ints("b", 1)])
    with pytest.raises(pc.ReadError, match="calculates with more than 200,000 numbers"):
        pc.readers.onnx(file)


def test_layers_have_an_end() -> None:
    parts = [node("Split", "x", " ".join([f"a{at}" for at in range(10_001)]), axis=1)]
    with pytest.raises(pc.ReadError, match="it has more than 10,000 layers"):
        pc.readers.onnx(model(parts, inputs={"x": ("n", 10_001, 2)}, outputs="a0"))
    convs = [node("Conv", f"a{at} w{at} b", f"a{at + 1}") for at in range(2501)]
    tensors = [tensor("b", [1]), *[tensor(f"w{at}", [1, 1, 1, 1]) for at in range(2501)]]
    with pytest.raises(pc.ReadError, match="it has more than 10,000 layers"):
        pc.readers.onnx(model(convs, tensors, {"a0": ("n", 1, 8, 8)}, "a2501"))


def test_branches_that_nest_too_deep_are_a_graph() -> None:
    nodes: list[bytes] = []
    for at in range(60):
        reads, makes = f"a{at - 1}" if at else "x", f"a{at}" if at < 59 else "y"
        nodes += [node("Relu", reads, f"b{at}"), node("Add", f"b{at} x", makes)]
    network = pc.readers.onnx(model(nodes))
    assert isinstance(network, pc.Graph)
    assert len(network) == 120


def test_the_weights_are_not_read() -> None:
    large = fields((1, 1000), (1, 1000), (2, 1), (8, "w"), (9, bytes(4_000_000)))
    file = model([node("MatMul", "x w", "y")], [large], {"x": ("n", 1000)})
    assert pc.readers.onnx(file).num_params() == 1_000_000
    torn = model([node("MatMul", "x w", "y")], [tensor("w", [1000, 10])], {"x": ("n", 1000)})
    assert pc.readers.onnx(torn).num_params() == 10_000
