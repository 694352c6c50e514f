"""The layer that docs/contributing.md adds: its code works as it is written there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.render.svg import COLORS

PAGE = Path(__file__).parent.parent / "docs" / "contributing.md"


def test_the_layer_of_the_page_works() -> None:
    page = PAGE.read_text("utf-8")
    code = re.search(r"(?ms)^```python\n(from .*?)^```$", page)
    assert code
    names: dict[str, Any] = {"__name__": pc.Embedding.__module__}
    exec(compile(code[1], PAGE, "exec", dont_inherit=True), names)  # noqa: S102  # of our own making
    bag = names["EmbeddingBag"](1000, 64, mode="sum")
    assert repr(bag) == "EmbeddingBag(1000, 64, mode='sum')"
    assert bag.output_shape((20,)) == (64,)
    assert bag._kind in COLORS
    assert bag.num_params() == sum([one.size for one in bag.parameters()]) == 64_000
    assert str(pc.explain(names["EmbeddingBag"](1000, 64), (20,))) in page
    with pytest.raises(pc.ShapeError, match=r"^EmbeddingBag: expects \(length\), got shape"):
        bag.output_shape((20, 3))
