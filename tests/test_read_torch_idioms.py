"""Laws that hold for every network read from source code of torch."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from torch_sources import idioms

import paramcalc as pc

IDIOMS = idioms()
NAMES = {name: getattr(pc, name) for name in pc.__all__}


def read(name: str) -> Any:
    """The network of an idiom."""
    idiom = IDIOMS[name]
    first, *others = idiom.shapes.values()
    shapes: Any = idiom.shapes if others else first
    return pc.readers.torch(idiom.source, idiom.call or None, input_shape=shapes)


@pytest.mark.parametrize("name", IDIOMS)
def test_a_network_that_is_read_is_like_any_other(name: str) -> None:
    network = read(name)
    assert eval(repr(network), NAMES) == network  # noqa: S307
    assert pickle.loads(pickle.dumps(network)) == network
    assert str(pc.summary(network))
