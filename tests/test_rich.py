"""What the package rich prints: it asks `__rich_repr__` for the arguments of a call."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from networks import NESTED
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc import zoo


def printed(one: Any) -> str:
    """The call, as rich 14 makes it: a pair is a keyword, a third value its default."""
    items: Any = one
    if isinstance(one, dict):
        return f"{{{', '.join([f'{key!r}: {printed(value)}' for key, value in items.items()])}}}"
    if isinstance(one, tuple):
        return f"({''.join([f'{printed(value)}, ' for value in items])})"
    if not hasattr(one, "__rich_repr__"):
        return repr(one)
    texts: list[str] = []
    for given_one in one.__rich_repr__():
        if not isinstance(given_one, tuple):
            texts.append(printed(given_one))
        elif given_one[1] != (*given_one, None)[2]:
            texts.append(f"{given_one[0]}={printed(given_one[1])}")
    return f"{type(one).__name__}({', '.join(texts)})"


def check(network: pc.Layer) -> None:
    assert pc.readers.parse(printed(network)) == network


@given(networks_and_shapes())
def test_it_makes_an_equal_network(case: tuple[pc.Layer, Any]) -> None:
    check(case[0])


@pytest.mark.parametrize(
    "network",
    [
        NESTED,
        zoo.siamese(),
        pc.Shared("tower", pc.Sequential(pc.Dense(3, 3), pc.Dense(3, 3))),
        pc.TimeDistributed(pc.freeze(pc.Sequential(pc.Dense(3, 3)))),
        pc.Concat(pc.Identity(), pc.Dense(3, 3), dim=-1),
        pc.Concat(a=pc.Identity(), b=pc.Identity()),
    ],
    ids=str,
)
def test_it_makes_an_equal_network_of_any_form(network: pc.Layer) -> None:
    check(network)


def test_a_default_is_left_out() -> None:
    assert printed(pc.Concat(pc.Identity())) == "Concat(Identity())"
