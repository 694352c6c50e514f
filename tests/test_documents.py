"""Every number of the four documents the project started from."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from networks import ANSWER

import paramcalc as pc
from paramcalc import formulas

CHAPTER = pc.Sequential(
    features=pc.Sequential(
        pc.Conv2d(3, 5, 5), pc.Pool(3, stride=2), pc.Conv2d(5, 12, 3), pc.Pool(5, stride=2)
    ),
    flatten=pc.Flatten(),
    classifier=pc.Sequential(pc.Dense(192, 128), pc.Dense(128, 10)),
)


class TestChapter:
    """A. Raschka, "Machine Learning Q and AI", chapter 11."""

    def test_single_layers(self) -> None:
        assert pc.Conv2d(1, 1, 5).num_params() == 26
        assert pc.Conv2d(3, 1, 5).num_params() == 76
        assert pc.Conv2d(3, 5, 5).num_params() == 380
        assert pc.Conv2d(5, 12, 3).num_params() == 12 * (3 * 3 * 5) + 12 == 552
        assert pc.Dense(5, 3).num_params() == 18
        assert pc.Dense(192, 128).num_params() == 24_704
        assert pc.Dense(128, 10).num_params() == 1_290

    def test_network(self) -> None:
        assert CHAPTER["features"].num_params() == 932
        assert CHAPTER["classifier"].num_params() == 25_994
        assert CHAPTER.num_params() == 26_926

    def test_network_chains_from_3_32_32(self) -> None:
        shapes = [step.output_shape for step in pc.trace(CHAPTER, (3, 32, 32))]
        assert shapes == [
            (5, 28, 28),
            (5, 13, 13),
            (12, 11, 11),
            (12, 4, 4),
            (192,),
            (128,),
            (10,),
        ]
        assert CHAPTER.num_params((3, 32, 32)) == 26_926

    def test_exercise_11_1_adam_keeps_two_more_values_for_each_parameter(self) -> None:
        assert 2 * CHAPTER.num_params() == 53_852

    def test_exercise_11_2_batch_norm_adds_290(self) -> None:
        features, classifier = CHAPTER["features"], CHAPTER["classifier"]
        assert isinstance(features, pc.Sequential)
        assert isinstance(classifier, pc.Sequential)
        normed = pc.Sequential(
            features[0], pc.BatchNorm(), features[1], features[2], pc.BatchNorm(), features[3],
            pc.Flatten(), classifier[0], pc.BatchNorm(), classifier[1],
        )  # fmt: skip
        assert normed.num_params((3, 32, 32)) - CHAPTER.num_params() == 2 * (5 + 12 + 128) == 290


class TestTutorial:
    """B. "How to calculate the number of parameters in CNN"."""

    def test_single_layers(self) -> None:
        assert pc.Conv2d(3, 32, 3).num_params() == 896
        assert pc.Dense(128, 64).num_params() == 8_256
        assert pc.BatchNorm(64).num_params() == 128

    def test_network_counts_without_an_input_size(self) -> None:
        net = pc.Sequential(
            pc.Conv2d(3, 16, 3), pc.BatchNorm(16), pc.Conv2d(16, 32, 3), pc.BatchNorm(32),
            pc.Dense(128, 64),
        )  # fmt: skip
        assert [layer.num_params() for layer in net] == [448, 32, 4_640, 64, 8_256]
        assert net.num_params() == 13_440

    def test_network_with_3_d_convolutions(self) -> None:
        net = pc.Sequential(
            pc.Conv3d(3, 16, 3), pc.BatchNorm(16), pc.Conv3d(16, 32, 3), pc.BatchNorm(32),
            pc.Dense(128, 64),
        )  # fmt: skip
        assert [layer.num_params() for layer in net] == [1_312, 32, 13_856, 64, 8_256]
        assert net.num_params() == 23_520

    def test_it_does_not_chain_as_written_and_does_from_3_6_6_with_a_flatten(self) -> None:
        layers = [
            pc.Conv2d(3, 16, 3), pc.BatchNorm(16), pc.Conv2d(16, 32, 3), pc.BatchNorm(32),
            pc.Dense(128, 64),
        ]  # fmt: skip
        with pytest.raises(pc.ShapeError) as caught:
            pc.Sequential(layers).output_shape((3, 6, 6))
        assert str(caught.value) == (
            "[4] Dense: expects 128 features on the last axis, got shape (32, 2, 2); "
            "32 × 2 × 2 = 128, so a Flatten() before it would fit"
        )
        mended = pc.Sequential(*layers[:4], pc.Flatten(), layers[4])
        assert mended.output_shape((3, 6, 6)) == (64,)
        assert mended.num_params((3, 6, 6)) == 13_440

    @given(st.integers(1, 9), st.integers(0, 9))
    def test_stride_and_padding_change_no_count(self, stride: int, padding: int) -> None:
        assert pc.Conv2d(3, 32, 3, stride, padding).num_params() == 896


class TestQuestion:
    """C. Cross Validated, "number of parameters of a convolution layer"."""

    def test_convolution_on_channels_last(self) -> None:
        conv = pc.Conv2d(128, 256, 3, padding="same", data_format="channels_last")
        assert conv.output_shape((100, 100, 128)) == (100, 100, 256)
        assert conv.num_params() == 295_168
        assert pc.Conv2d(128, 256, 3, bias=False).num_params() == 294_912

    def test_dense_has_its_biases_on_the_output_side(self) -> None:
        assert pc.Dense(128, 256, bias=False).num_params() == 32_768
        assert pc.Dense(128, 256).num_params() == 33_024 != 128 * (256 + 1) == 32_896

    def test_conv1d_has_its_biases_on_the_output_side(self) -> None:
        assert pc.Conv1d(7, 32, 5).num_params() == 1_152 != 7 * (5 * 32 + 1) + 28 == 1_155


class TestAnswer:
    """D. Stack Overflow, "How to calculate the number of parameters for [a] CNN?"."""

    @pytest.mark.parametrize(
        ("row", "shape", "params"),
        [
            (0, (1, 28, 28), 0),
            (1, (32, 24, 24), (5 * 5 * 1 + 1) * 32),
            (2, (32, 12, 12), 0),
            (3, (32, 10, 10), (3 * 3 * 32 + 1) * 32),
            (4, (32, 5, 5), 0),
            (6, (256,), (32 * 5 * 5 + 1) * 256),
            (7, (10,), (256 + 1) * 10),
        ],
    )
    def test_lasagne_table(self, row: int, shape: tuple[int, ...], params: int) -> None:
        step = pc.trace(ANSWER)[row]
        assert step.output_shape == shape
        assert step.layer.num_params(step.input_shape) == params

    def test_totals(self) -> None:
        counts = [step.layer.num_params(step.input_shape) for step in pc.trace(ANSWER)]
        assert counts == [0, 832, 0, 9_248, 0, 0, 205_056, 2_570]
        assert ANSWER.num_params() == sum(counts) == 217_706

    @given(
        st.integers(1, 64),
        st.integers(1, 64),
        st.integers(1, 11),
        st.tuples(st.integers(1, 300), st.integers(1, 300)),
    )
    def test_stride_2_is_stride_1_and_a_pool_of_2(
        self, in_channels: int, out_channels: int, kernel_size: int, lengths: tuple[int, int]
    ) -> None:
        shape = (in_channels, *lengths)
        strided = pc.Conv2d(in_channels, out_channels, kernel_size, stride=2, padding="same")
        pooled = pc.Sequential(
            pc.Conv2d(in_channels, out_channels, kernel_size, padding="same"),
            pc.Pool(2, padding="same"),
        )
        assert strided.output_shape(shape) == pooled.output_shape(shape)
        assert strided.num_params() == pooled.num_params()

    @given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 9), st.integers(1, 9))
    def test_its_size_formula_where_the_window_fits_exactly(
        self, size: int, padding: int, stride: int, steps: int
    ) -> None:
        length = size + stride * steps - 2 * padding
        if length > 0:
            exact = (length + 2 * padding - size) // stride + 1
            assert formulas.window_length(length, size, stride, padding) == exact == steps + 1


def test_four_documents_script_prints_every_network(capsys: pytest.CaptureFixture[str]) -> None:
    script = Path(__file__).parent.parent / "docs" / "four_documents.py"
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    totals = [line.removeprefix("total ") for line in lines if line.startswith("total")]
    assert totals == ["26,926", "13,440", "23,520", "295,168", "217,706"]
    assert "Conv2d(1, 32, 5) 32 × 24 × 24 832 (5·5·1 + 1)·32" in lines
    assert max(map(len, printed.splitlines())) <= 80
