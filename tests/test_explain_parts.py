"""Parts of an explanation: one layer within its network, the letters, the records."""

from __future__ import annotations

import pytest
from networks import ANSWER, NESTED

import paramcalc as pc


def test_one_layer_within_its_network() -> None:
    whole = pc.explain(ANSWER)
    for part, step in zip(whole.parts, pc.trace(ANSWER), strict=True):
        assert pc.explain(ANSWER, at=step.path).parts == (part,)
        alone = step.explain().parts[0]
        assert (alone.path, alone.lines[-1].value) == (step.path, part.lines[-1].value)
    assert str(pc.explain(ANSWER, at="[2]")).splitlines()[:2] == [
        "[2] Pool(2): 32 × 24 × 24 → 32 × 12 × 12",
        "  channels    C = 32",
    ]
    parts = pc.explain(NESTED, (3, 32, 32), at="features").parts
    assert [part.path for part in parts] == [
        "features[0]", "features[1]", "features[2][0]", "features[2][1]",
    ]  # fmt: skip
    merge = pc.trace(pc.Add(pc.Identity(), pc.Flatten()), (3,))[-1].explain()
    assert str(merge) == "Add: 3 → 3\n  parameters  0"
    with pytest.raises(pc.ParamcalcError, match="explain: at must name parts of the network"):
        pc.explain(ANSWER, at="[9]")
    with pytest.raises(TypeError, match="explain: at must be a str, got 3"):
        pc.explain(ANSWER, at=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_letters_are_explained_once_in_the_order_in_which_they_occur() -> None:
    network = pc.Sequential(pc.LSTM(8, 6), pc.Permute((1, 0)), pc.Conv1d(None, 4, 3))
    assert pc.explain(network, (5, 8))._below() == (  # pyright: ignore[reportPrivateUsage]
        (
            "where L = length, H = hidden_size, F = features, "
            "C_out = out_channels, k = kernel_size, C_in = in_channels"
        ),
    )
    norm = pc.explain(pc.LayerNorm(5), (3, 4, 5))._below()  # pyright: ignore[reportPrivateUsage]
    assert norm == ("where F = features",)
    slopes = pc.explain(pc.PReLU(), (3, 4, 4))._below()  # pyright: ignore[reportPrivateUsage]
    assert slopes == ("where C = channels, H = height, W = width",)
    assert pc.explain(pc.Activation("relu"))._below() == ()  # pyright: ignore[reportPrivateUsage]


def test_records_of_an_explanation() -> None:
    records = pc.explain(pc.Sequential(pc.Dense(4, 3), pc.Activation("relu")), (4,)).to_records()
    assert records[3] == {
        "path": "[0]",
        "layer": "Dense(4, 3)",
        "label": "parameters",
        "value": 15,
        "working": "(F_in + 1)·F_out = (4 + 1)·3",
    }
