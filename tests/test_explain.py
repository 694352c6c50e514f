"""The documents' counts and lengths explained to the letter, and all layers by property."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from evaluate import evaluate
from hypothesis import given
from networks import ANSWER
from oracle import windows
from strategies import layers_and_shapes, networks_and_shapes

import paramcalc as pc

CHAPTER = [
    pc.Conv2d(3, 5, 5), pc.Pool(3, stride=2), pc.Conv2d(5, 12, 3), pc.Pool(5, stride=2),
    pc.Flatten(), pc.Dense(192, 128), pc.Dense(128, 10),
]  # fmt: skip

COUNTS = [
    # A. Raschka, chapter 11.
    (pc.Conv2d(1, 1, 5), "(5·5·1 + 1)·1 = 26"),
    (pc.Conv2d(3, 1, 5), "(5·5·3 + 1)·1 = 76"),
    (pc.Conv2d(3, 5, 5), "(5·5·3 + 1)·5 = 380"),
    (pc.Conv2d(5, 12, 3), "(3·3·5 + 1)·12 = 552"),
    (pc.Dense(5, 3), "(5 + 1)·3 = 18"),
    (pc.Dense(192, 128), "(192 + 1)·128 = 24,704"),
    (pc.Dense(128, 10), "(128 + 1)·10 = 1,290"),
    # B. The tutorial.
    (pc.Conv2d(3, 32, 3), "(3·3·3 + 1)·32 = 896"),
    (pc.Dense(128, 64), "(128 + 1)·64 = 8,256"),
    (pc.BatchNorm(64), "2·64 = 128"),
    (pc.Conv2d(3, 16, 3), "(3·3·3 + 1)·16 = 448"),
    (pc.BatchNorm(16), "2·16 = 32"),
    (pc.Conv2d(16, 32, 3), "(3·3·16 + 1)·32 = 4,640"),
    (pc.Conv3d(3, 16, 3), "(3·3·3·3 + 1)·16 = 1,312"),
    (pc.Conv3d(16, 32, 3), "(3·3·3·16 + 1)·32 = 13,856"),
    # C. The question.
    (pc.Conv2d(128, 256, 3, bias=False), "3·3·128·256 = 294,912"),
    (pc.Conv2d(128, 256, 3), "(3·3·128 + 1)·256 = 295,168"),
    (pc.Dense(128, 256, bias=False), "128·256 = 32,768"),
    (pc.Dense(128, 256), "(128 + 1)·256 = 33,024"),
    (pc.Conv1d(7, 32, 5), "(5·7 + 1)·32 = 1,152"),
    # D. The answer.
    (pc.Conv2d(1, 32, 5), "(5·5·1 + 1)·32 = 832"),
    (pc.Conv2d(32, 32, 3), "(3·3·32 + 1)·32 = 9,248"),
    (pc.Dense(800, 256), "(800 + 1)·256 = 205,056"),
    (pc.Dense(256, 10), "(256 + 1)·10 = 2,570"),
]
SYMBOLS: dict[type[pc.Layer], str] = {
    pc.Conv1d: "(k·C_in + 1)·C_out",
    pc.Conv2d: "(k_h·k_w·C_in + 1)·C_out",
    pc.Conv3d: "(k_d·k_h·k_w·C_in + 1)·C_out",
    pc.Dense: "(F_in + 1)·F_out",
    pc.BatchNorm: "2·C",
}


def as_latex(formula: str) -> str:
    """The LaTeX of a formula without fractions, written down by other rules than the library's."""
    for symbol, latex in {
        "(": r"\left(",
        ")": r"\right)",
        "·": r" \cdot ",
        ",": "{,}",
        "_in": r"_{\text{in}}",
        "_out": r"_{\text{out}}",
        "k_d": "k_{d}",
        "k_h": "k_{h}",
        "k_w": "k_{w}",
        "−": "-",
    }.items():
        formula = formula.replace(symbol, latex)
    return formula


@pytest.mark.parametrize(("layer", "numbers"), COUNTS, ids=[str(layer) for layer, _ in COUNTS])
def test_explained_counts_of_the_documents(layer: pc.Layer, numbers: str) -> None:
    line = pc.explain(layer).parts[0].lines[-1]
    symbols = SYMBOLS[type(layer)]
    if "bias=False" in repr(layer):
        symbols = symbols.replace("(", "").replace(" + 1)", "")
    assert line.label == "parameters"
    assert str(line) == f"{symbols} = {numbers}"
    assert " = ".join(line.steps("latex")) == as_latex(str(line))
    assert " = ".join(line.steps("ascii")) == str(line).replace("·", "*")


def test_explained_lengths_of_the_chapter() -> None:
    explanation = pc.explain(pc.Sequential(CHAPTER), (3, 32, 32))
    assert [[str(line) for line in part.lengths] for part in explanation.parts] == [
        ["C_out = 5", "H − k_h + 1 = 32 − 5 + 1 = 28", "W − k_w + 1 = 32 − 5 + 1 = 28"],
        [
            "C = 5",
            "⌊(H − k)/s⌋ + 1 = ⌊(28 − 3)/2⌋ + 1 = 13",
            "⌊(W − k)/s⌋ + 1 = ⌊(28 − 3)/2⌋ + 1 = 13",
        ],
        ["C_out = 12", "H − k_h + 1 = 13 − 3 + 1 = 11", "W − k_w + 1 = 13 − 3 + 1 = 11"],
        [
            "C = 12",
            "⌊(H − k)/s⌋ + 1 = ⌊(11 − 5)/2⌋ + 1 = 4",
            "⌊(W − k)/s⌋ + 1 = ⌊(11 − 5)/2⌋ + 1 = 4",
        ],
        ["C·H·W = 12·4·4 = 192"],
        ["F_out = 128"],
        ["F_out = 10"],
    ]
    pooled = explanation.parts[1].lengths[1]
    assert pooled.steps("latex") == [
        r"\left\lfloor \frac{H - k}{s} \right\rfloor + 1",
        r"\left\lfloor \frac{28 - 3}{2} \right\rfloor + 1",
        "13",
    ]
    assert explanation.parts[4].lengths[0].steps("latex") == [
        r"C \cdot H \cdot W", r"12 \cdot 4 \cdot 4", "192",
    ]  # fmt: skip
    assert str(explanation.parts[5].lines[-2]) == "(F_in + 1)·F_out = (12·4·4 + 1)·128 = 24,704"


def test_working_of_flatten_passes_layers_that_change_no_shape() -> None:
    network = pc.Sequential(pc.Flatten(), pc.Activation("relu"), pc.BatchNorm(), pc.Dense(None, 3))
    activation, norm, dense = pc.explain(network, (2, 3, 4)).parts[1:]
    assert str(activation.lengths[0]) == "F = 2·3·4 = 24"
    assert str(norm.lines[-1]) == "2·C = 2·2·3·4 = 48"
    assert str(dense.lines[-2]) == "(F_in + 1)·F_out = (2·3·4 + 1)·3 = 75"


def test_explained_lengths_and_totals_in_latex() -> None:
    """By other rules than the library's, which know no fraction but that of a pooling."""
    pooling = [
        (r"⌊(H − k)/s⌋", r"\left\lfloor \frac{H - k}{s} \right\rfloor"),
        (r"⌊(W − k)/s⌋", r"\left\lfloor \frac{W - k}{s} \right\rfloor"),
        *[
            (f"⌊({n} − {k})/2⌋", rf"\left\lfloor \frac{{{n} - {k}}}{{2}} \right\rfloor")
            for n, k in [(28, 3), (11, 5), (24, 2), (10, 2)]
        ],
    ]
    explanations = [
        pc.explain(pc.Sequential(CHAPTER), (3, 32, 32)),
        pc.explain(TUTORIAL, (3, 6, 6)),
        pc.explain(ANSWER),
    ]
    lines = [
        line for explanation in explanations for part in explanation.parts for line in part.lines
    ] + [line for explanation in explanations for line in explanation.totals]
    assert len(lines) > 100
    for line in lines:
        expected = str(line)
        for text, latex in pooling:
            expected = expected.replace(text, latex.replace("(", "<").replace(")", ">"))
        assert " = ".join(line.steps("latex")) == as_latex(expected)


def test_explanation_of_a_grouped_convolution() -> None:
    (part,) = pc.explain(pc.Conv2d(4, 6, 3, groups=2), (4, 5, 5)).parts
    assert str(part.lines[-2]) == "(k_h·k_w·C_in/g + 1)·C_out = (3·3·4/2 + 1)·6 = 114"
    assert str(part.parameters[0]) == "C_out·(C_in/g)·k_h·k_w = 6·(4/2)·3·3 = 108"


def test_explained_totals_of_the_chapter() -> None:
    whole, convolutions, dense = (
        str(pc.explain(pc.Sequential(layers), shape).totals[0])
        for layers, shape in [
            (CHAPTER, (3, 32, 32)),
            (CHAPTER[:4], (3, 32, 32)),
            (CHAPTER[5:], None),
        ]
    )
    assert whole == "380 + 552 + 24,704 + 1,290 = 26,926"
    assert convolutions == "380 + 552 = 932"
    assert dense == "24,704 + 1,290 = 25,994"


def test_explained_totals_of_the_tutorial_without_an_input() -> None:
    net = pc.Sequential(
        pc.Conv2d(3, 16, 3), pc.BatchNorm(16), pc.Conv2d(16, 32, 3), pc.BatchNorm(32),
        pc.Dense(128, 64),
    )  # fmt: skip
    explanation = pc.explain(net)
    assert str(explanation.totals[0]) == "448 + 32 + 4,640 + 64 + 8,256 = 13,440"
    assert explanation.num_params == 13_440
    assert explanation.num_macs is None
    assert len(explanation.totals) == 1
    in_3_d = pc.Sequential(
        pc.Conv3d(3, 16, 3), pc.BatchNorm(16), pc.Conv3d(16, 32, 3), pc.BatchNorm(32),
        pc.Dense(128, 64),
    )  # fmt: skip
    assert str(pc.explain(in_3_d).totals[0]) == "1,312 + 32 + 13,856 + 64 + 8,256 = 23,520"


TUTORIAL = pc.Sequential(
    pc.Conv2d(3, 16, 3), pc.BatchNorm(16), pc.Conv2d(16, 32, 3), pc.BatchNorm(32), pc.Flatten(),
    pc.Dense(128, 64),
)  # fmt: skip


def test_explained_lengths_of_the_tutorial_on_an_input_that_fits() -> None:
    parts = pc.explain(TUTORIAL, (3, 6, 6)).parts
    assert [str(line) for part in parts for line in part.lengths if part.path != "[1]"] == [
        "C_out = 16", "H − k_h + 1 = 6 − 3 + 1 = 4", "W − k_w + 1 = 6 − 3 + 1 = 4",
        "C_out = 32", "H − k_h + 1 = 4 − 3 + 1 = 2", "W − k_w + 1 = 4 − 3 + 1 = 2",
        "C = 32", "H = 2", "W = 2",
        "C·H·W = 32·2·2 = 128",
        "F_out = 64",
    ]  # fmt: skip
    assert str(parts[-1].lines[-2]) == "(F_in + 1)·F_out = (32·2·2 + 1)·64 = 8,256"


def test_explanation_of_same_padding_of_the_question() -> None:
    conv = pc.Conv2d(128, 256, 3, padding="same", data_format="channels_last")
    (part,) = pc.explain(conv, (100, 100, 128)).parts
    assert [(line.label, str(line)) for line in part.lengths] == [
        ("height", "H = 100"),
        ("width", "W = 100"),
        ("channels", "C_out = 256"),
    ]
    strided = pc.explain(pc.Conv2d(None, 8, 3, stride=2, padding="same"), (3, 33, 33)).parts[0]
    assert str(strided.lengths[1]) == "⌈H/s_h⌉ = ⌈33/2⌉ = 17"


ANSWER_TEXT = """\
[1] Conv2d(None, 32, 5): 1 × 28 × 28 → 32 × 24 × 24
  channels    C_out = 32
  height      H − k_h + 1 = 28 − 5 + 1 = 24
  width       W − k_w + 1 = 28 − 5 + 1 = 24
  weight      C_out·C_in·k_h·k_w = 32·1·5·5 = 800
  bias        C_out = 32
  parameters  (k_h·k_w·C_in + 1)·C_out = (5·5·1 + 1)·32 = 832
  MACs        H_out·W_out·k_h·k_w·C_in·C_out = 24·24·5·5·1·32 = 460,800

[2] Pool(2): 32 × 24 × 24 → 32 × 12 × 12; ⌊(24 − 2)/2⌋ + 1 = 12
"""
ANSWER_END = """\
[5] Flatten(): 32 × 5 × 5 → 800; 32·5·5 = 800

[6] Dense(None, 256): 800 → 256
  features    F_out = 256
  weight      F_out·F_in = 256·32·5·5 = 204,800
  bias        F_out = 256
  parameters  (F_in + 1)·F_out = (32·5·5 + 1)·256 = 205,056
  MACs        F_in·F_out = 32·5·5·256 = 204,800

[7] Dense(None, 10): 256 → 10
  features    F_out = 10
  weight      F_out·F_in = 10·256 = 2,560
  bias        F_out = 10
  parameters  (F_in + 1)·F_out = (256 + 1)·10 = 2,570
  MACs        F_in·F_out = 256·10 = 2,560

total
  parameters  832 + 9,248 + 205,056 + 2,570 = 217,706
  MACs        460,800 + 921,600 + 204,800 + 2,560 = 1,589,760
where C = channels, H = height, W = width, C_out = out_channels,
k = kernel_size, C_in = in_channels, s = stride, F_out = out_features,
F_in = in_features"""


def test_text_of_the_explained_answer() -> None:
    text = str(pc.explain(ANSWER))
    assert ANSWER_TEXT in text
    assert text.endswith(ANSWER_END)
    assert max(map(len, text.splitlines())) <= 80


def test_text_of_an_explanation_in_ascii() -> None:
    text = pc.explain(ANSWER).to_text("ascii")
    assert text.isascii()
    assert "[2] Pool(2): 32 x 24 x 24 -> 32 x 12 x 12; floor((24 - 2)/2) + 1 = 12\n" in text
    alone = pc.explain(ANSWER, at="[2]").to_text("ascii")
    assert "  height      floor((H - k)/s) + 1 = floor((24 - 2)/2) + 1 = 12\n" in alone


def test_a_line_too_long_breaks_before_its_signs_of_equality() -> None:
    conv = pc.Conv2d(64, 128, 7, stride=2, padding=3, dilation=2, groups=2)
    assert str(pc.explain(conv, (64, 224, 224))).splitlines()[3:6] == [
        "  height      ⌊(H + 2·p_h − d_h·(k_h − 1) − 1)/s_h⌋ + 1",
        "              = ⌊(224 + 2·3 − 2·(7 − 1) − 1)/2⌋ + 1",
        "              = 109",
    ]


def test_the_shapes_of_a_title_too_long_stand_in_a_line_of_their_own() -> None:
    conv = pc.Conv2d(None, 256, 3, padding="same", data_format="channels_last")
    assert str(pc.explain(conv, (100, 100, 128))).splitlines()[:2] == [
        "Conv2d(None, 256, 3, padding='same', data_format='channels_last'):",
        "  100 × 100 × 128 → 100 × 100 × 256",
    ]
    network = pc.Sequential(pc.Activation("x" * 100))
    assert str(pc.explain(network)).splitlines()[0] == f"[0] Activation('{'x' * 100}')"


def test_explanation_of_uneven_padding_and_of_a_window_for_any_number_of_axes() -> None:
    (conv,) = pc.explain(pc.Conv1d(7, 32, 5, padding=((1, 2),)), (7, 100)).parts
    assert str(conv.lengths[1]) == "L + p_1 + p_2 − k + 1 = 100 + 1 + 2 − 5 + 1 = 99"
    (conv,) = pc.explain(pc.Conv2d(1, 1, 3, 2, ((0, 1), (0, 1))), (1, 8, 8)).parts
    assert str(conv.lengths[1]) == ("⌊(H + p_h2 − k_h)/s_h⌋ + 1 = ⌊(8 + 1 − 3)/2⌋ + 1 = 4")
    (pool,) = pc.explain(pc.Pool(2), (1, 4, 4, 4, 4)).parts
    assert str(pool.lengths[2]) == "⌊(n_2 − k)/s⌋ + 1 = ⌊(4 − 2)/2⌋ + 1 = 2"
    assert pool.lengths[2].label == "axis 2"


def test_tensors_that_are_not_trainable_are_marked() -> None:
    (norm,) = pc.explain(pc.BatchNorm(), (64, 5, 5)).parts
    assert [line.label for line in norm.parameters] == [
        "weight", "bias", "running_mean (not trainable)", "running_var (not trainable)",
    ]  # fmt: skip
    assert str(norm.lines[-1]) == "2·C = 2·64 = 128"


def test_a_long_total_is_not_written_as_a_sum() -> None:
    network = pc.Sequential([pc.Dense(3, 3)] * 13)
    assert [str(line) for line in pc.explain(network).totals] == ["156"]
    assert str(pc.explain(network[:12]).totals[0]) == "12 + " * 11 + "12 = 144"


@given(layers_and_shapes())
def test_every_explanation_has_the_value_and_evaluates_to_it(
    case: tuple[pc.Layer, tuple[int, ...]],
) -> None:
    parts = pc.explain(*case).parts
    for part, step in zip(parts, pc.trace(*case), strict=True):
        layer, shape = step.layer, step.input_shape
        assert part.num_params == step.num_params
        assert part.num_macs == step.num_macs
        assert tuple(line.value for line in part.lengths) == step.output_shape
        for line in part.lines:
            check_that_every_text_has_its_value(line)
        if isinstance(layer, pc.Add):
            continue  # Within a layer that is made of layers.
        sizes = [one.size for one in layer.parameters(shape)]
        assert [line.value for line in part.parameters] == sizes
        if not isinstance(layer, pc.Reshape):  # That states its lengths.
            assert all(isinstance(line.value, pc.formulas.Term) for line in part.lengths)
        if part.num_params > 1:  # PReLU's only one is just that.
            assert isinstance(part.num_params, pc.formulas.Term)


def check_that_every_text_has_its_value(line: Any) -> None:
    for style in "unicode", "ascii", "latex":
        *formulas, value = line.steps(style)
        assert evaluate(value) == line.value
        if len(formulas) > 1:  # The last is in numbers.
            assert evaluate(formulas[-1]) == line.value


@given(networks_and_shapes())
def test_explanations_of_networks_add_up(case: tuple[pc.Sequential, tuple[int, ...]]) -> None:
    network, shape = case
    explanation = pc.explain(network, shape)
    assert explanation.num_params == network.num_params(shape)
    assert explanation.num_macs == network.num_macs(shape)
    assert [(part.path, part.output_shape) for part in explanation.parts] == [
        (step.path, step.output_shape) for step in pc.trace(network, shape)
    ]


def test_layer_norm_has_the_symbols_of_the_axes_of_its_input() -> None:
    norm = pc.LayerNorm((3, 4))
    alone, before = pc.explain(norm), pc.explain(norm, (2, 3, 4))
    assert str(alone.parts[0].lines[-1]) == "2·n_1·n_2 = 2·3·4 = 24"
    assert str(before.parts[0].lines[-1]) == "2·n_2·F = 2·3·4 = 24"
    assert str(pc.explain(pc.LayerNorm(4)).parts[0].lines[-1]) == "2·n = 2·4 = 8"


def test_long_lines_break_after_a_sign() -> None:
    lstm = pc.LSTM(128, 64, num_layers=2, bidirectional=True, proj_size=32)
    assert str(pc.explain(lstm)).splitlines()[-6:-1] == [
        "  parameters            2·(4·H·(F + P + 2) + H·P +",
        "                            (N − 1)·(4·H·(2·P + P + 2) + H·P))",
        "                        = 2·(4·64·(128 + 32 + 2) + 64·32 +",
        "                            (2 − 1)·(4·64·(2·32 + 32 + 2) + 64·32))",
        "                        = 141,312",
    ]


def test_an_exact_division_has_no_floor() -> None:
    assert str(pc.explain(pc.Reshape((4, -1)), (8, 5)).parts[0].lengths[1]) == "C·L/4 = 8·5/4 = 10"
    shuffled = pc.explain(pc.PixelShuffle(2), (8, 5, 5)).parts[0]
    assert str(shuffled.lengths[0]) == "C/(r·r) = 8/(2·2) = 2"


def test_frozen_layer_is_explained_as_its_layer_but_for_the_counts() -> None:
    for layer, shape in [(pc.LSTM(4, 3), (5, 4)), (pc.Conv2d(3, 8, 3), (3, 9, 9))]:
        (part,) = pc.explain(layer, shape).parts
        (frozen,) = pc.explain(pc.Frozen(layer), shape).parts
        assert list(map(str, frozen.lengths)) == list(map(str, part.lengths))
        assert [line.label for line in frozen.lengths] == [line.label for line in part.lengths]
        assert str(frozen.lines[-1]) == str(part.lines[-1])
        assert [line.label for line in frozen.parameters] == [
            f"{line.label} (not trainable)" for line in part.parameters
        ]
        assert frozen.num_params == 0


def test_axes_of_a_sequence_have_letters_and_others_numbers() -> None:
    class Outer(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            assert input_shape is not None
            return (2, *input_shape)

    net = pc.Sequential(pc.MultiheadAttention(8, 2), Outer(), Outer())
    names = [[line.label for line in part.lengths] for part in pc.explain(net, (5, 8)).parts]
    numbered = ["axis 1", "axis 2", "axis 3"]
    assert names == [["length", "features"], numbered, [*numbered, "axis 4"]]
    assert str(pc.explain(net[0], (5, 8)).parts[0].lengths[0]) == "L = 5"
    assert str(pc.explain(net, (5, 8)).parts[1].lengths[1]) == "L = 5"
    assert str(pc.explain(net, (5, 8)).parts[2].lengths[2]) == "n_2 = 5"


DROPS = "ceil_mode drops the last window, which would start"
RULE = "a window must start inside the input or the padding before it"


def test_explanation_says_which_window_ceil_mode_drops() -> None:
    """That of which the oracle, without its rule of where windows start, has one more."""
    for size, step, padding, length in product(range(1, 6), range(1, 7), range(3), range(1, 12)):
        if 2 * padding > size:
            continue
        pool = pc.Pool((size,), step, padding, ceil_mode=True)
        counted = windows(length, size, step, (padding, padding), ceil_mode=True)
        # With stride - 1 more positions after the axis, the last window fits whole.
        more = windows(length, size, step, (padding, padding + step - 1))
        if not counted:
            continue
        explanation = pc.explain(pool, (1, length))
        notes: list[str] = []
        if len(more) > len(counted):
            (start, *_) = more[-1]
            assert start >= length
            notes = [f"Pool: {DROPS} at length {start}: {RULE}"]
        assert list(explanation.notes) == notes
        (working,) = explanation.parts
        assert working.lengths[1].value == len(counted)


def test_text_of_a_pooling_that_drops_a_window() -> None:
    net = pc.Sequential(pc.Pool((2, 2), 3, ceil_mode=True), pc.Pool(3, 4, 1, ceil_mode=True))
    assert str(pc.explain(net, (1, 9, 8))).splitlines() == [
        "[0] Pool((2, 2), stride=(3, 3), ceil_mode=True): 1 × 9 × 8 → 1 × 3 × 3",
        "  ⌈9/3⌉ = 3, ⌈(8 − 2)/3⌉ + 1 = 3",
        "[1] Pool(3, stride=4, padding=1, ceil_mode=True): 1 × 3 × 3 → 1 × 1 × 1",
        "  ⌈(3 + 1)/4⌉ = 1",
        "",
        "total",
        "  parameters  0",
        f"[0] Pool: {DROPS} at height 9: a",
        "window must start inside the input or the padding before it",
        f"[1] Pool: {DROPS} at height 3 and",
        "width 3: a window must start inside the input or the padding before it",
        "where C = channels, H = height, s = stride, W = width, k = kernel_size,",
        "p = padding",
    ]
    (first, _) = pc.trace(net, (1, 9, 8))
    assert "\n  height      ⌈H/s_h⌉ = ⌈9/3⌉ = 3\n" in str(first.explain())
    note = f"Pool: {DROPS} at height 9: {RULE}"
    assert first.explain().notes == (f"[0] {note}",)
    assert pc.explain(net[0], (1, 9, 8)).notes == (note,)
    assert not pc.explain(pc.Pool(2, 3, "same", ceil_mode=True), (1, 3, 3)).notes
