"""Networks from the nodes that a reader found."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

import paramcalc as pc
from paramcalc.readers._build import Node, identifier, network_of

CONV = pc.Conv2d(4, 4, 3, padding=1)


def test_skips_that_are_no_branches_need_the_shape_of_the_input() -> None:
    nodes = [
        Node("a", CONV, ("x",)),
        Node("b", CONV, ("a",)),
        Node("c", pc.Add(), ("a", "b")),
        Node("d", pc.Add(), ("b", "c")),
    ]
    assert isinstance(network_of({"x": (4, 8, 8)}, nodes, ["d"]), pc.Graph)
    with pytest.raises(pc.ReadError) as caught:
        network_of({"x": None}, nodes, ["d"])
    assert str(caught.value) == (
        "input x: the network has skips that branches cannot say: give input_shape"
    )


def test_what_nests_too_deeply_for_branches_is_a_graph() -> None:
    nodes: list[Node] = []
    last = "x"
    for number in range(60):
        nodes.append(Node(f"a{number}", CONV, (last,)))
        last = f"a{number}"
    for number in reversed(range(59)):
        nodes.append(Node(f"s{number}", pc.Add(), (last, f"a{number}")))
        last = f"s{number}"
    assert isinstance(network_of({"x": (4, 8, 8)}, nodes, [last]), pc.Graph)


def test_layers_without_names_are_in_a_row() -> None:
    nodes = [Node("[0]", CONV, ("x",)), Node("[1]", CONV, ("[0]",))]
    assert network_of({"x": None}, nodes, ["[1]"]) == pc.Sequential(CONV, CONV)


def test_a_layer_of_several_inputs_is_in_a_graph() -> None:
    attention = pc.MultiheadAttention(8, 2)
    nodes = [Node("a", pc.Dense(8, 8), ("x",)), Node("y", attention, ("x", "a"))]
    assert isinstance(network_of({"x": (5, 8)}, nodes, ["y"]), pc.Graph)


@given(st.text(max_size=8))
def test_any_text_has_a_name(text: str) -> None:
    name = identifier(text)
    assert pc.Sequential(**{name: pc.Identity()}).names == (name,)
    assert identifier(name) == name


def test_the_input_of_a_row_is_stated_unless_it_is_inside() -> None:
    nodes = [Node("[3]", CONV, ("x",))]
    states = pc.Input(4, 8, 8)
    assert network_of({"x": (4, 8, 8)}, nodes, ["[3]"]) == pc.Sequential(states, CONV)
    assert network_of({"x": (4, 8, 8)}, nodes, ["[3]"], is_inside=True) == pc.Sequential(CONV)
    assert network_of({"x": (4, 8, 8)}, [], ["x"]) == pc.Sequential(x=states)
    named = network_of({"x": None}, [*nodes, Node("b", CONV, ("[3]",))], ["b"])
    assert named == pc.Sequential(n3_=CONV, b=CONV)
