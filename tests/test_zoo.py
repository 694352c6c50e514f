"""The zoo against published figures; its tensors are compared in conformance/."""

from __future__ import annotations

from decimal import Decimal
from inspect import signature

import pytest

import paramcalc as pc
from paramcalc import zoo
from paramcalc.layers import Window
from paramcalc.zoo.swin import WindowAttention

# torchvision 0.21, the metadata of its weights: num_params, _ops in units of 10^9, and between them
# the exact count of multiply-accumulates of convolutions, linear layers and attention. inception_v3
# is published with its auxiliary classifier: 27,161,264, of which it has 3,326,696.
FIGURES = {
    "alexnet": (61_100_840, 714_188_480, "0.714"),
    "vgg11": (132_863_336, 7_609_090_048, "7.609"),
    "vgg13": (133_047_848, 11_308_466_176, "11.308"),
    "vgg16": (138_357_544, 15_470_264_320, "15.47"),
    "vgg16_bn": (138_365_992, 15_470_264_320, "15.47"),
    "vgg19": (143_667_240, 19_632_062_464, "19.632"),
    "resnet18": (11_689_512, 1_814_073_344, "1.814"),
    "resnet34": (21_797_672, 3_663_761_408, "3.664"),
    "resnet50": (25_557_032, 4_089_184_256, "4.089"),
    "resnet101": (44_549_160, 7_801_405_440, "7.801"),
    "resnet152": (60_192_808, 11_513_626_624, "11.514"),
    "resnext50_32x4d": (25_028_904, 4_230_479_872, "4.23"),
    "wide_resnet50_2": (68_883_240, 11_398_021_120, "11.398"),
    "squeezenet1_0": (1_248_424, 818_924_576, "0.819"),
    "squeezenet1_1": (1_235_496, 349_151_936, "0.349"),
    "mobilenet_v2": (3_504_872, 300_774_272, "0.301"),
    "densenet121": (7_978_856, 2_834_161_664, "2.834"),
    "googlenet": (6_624_904, 1_498_376_192, "1.498"),
    "mobilenet_v3_large": (5_483_032, 216_589_760, "0.217"),
    "mobilenet_v3_small": (2_542_856, 56_510_400, "0.057"),
    "efficientnet_b0": (5_288_548, 385_814_752, "0.386"),
    "inception_v3": (23_834_568, 5_713_216_096, "5.713"),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992, "0.145"),
    "convnext_tiny": (28_589_128, 4_455_531_264, "4.456"),
    "vit_b_16": (86_567_656, 17_563_828_224, "17.564"),
    "swin_t": (28_288_354, 4_490_566_656, "4.491"),
}
GRAPHS = ["nasnet_large", "siamese"]
SIZES = {"inception_v3": 299}
"""The length of an image's sides, where it is not 224."""
DOCUMENTS = {
    "raschka_chapter_11": (26_926, (10,)),
    "parameters_tutorial": (13_440, (64,)),
    "parameters_tutorial_3d": (23_520, (64,)),
    "cross_validated_question": (295_168, (100, 100, 256)),
    "stack_overflow_answer": (217_706, (10,)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_shape_parameters_and_macs_of_published_networks(name: str) -> None:
    network: pc.Sequential = getattr(zoo, name)()
    params, macs, ops = FIGURES[name]
    size = SIZES.get(name, 224)
    shape = (3, size, size)
    assert network.output_shape(shape) == (1000,)
    assert network.num_params() == network.num_params(shape) == params
    assert network.num_macs(shape) == macs
    assert round(Decimal(macs) / 10**9, 3) == Decimal(ops)


@pytest.mark.parametrize("name", [*FIGURES, "nasnet_large"])
def test_num_classes_and_in_channels_change_the_first_and_last_layer_alone(name: str) -> None:
    """The first convolution and the last layer change, and nothing else."""
    make = getattr(zoo, name)
    few, usual = make(num_classes=10, in_channels=1), make()
    assert few.output_shape((1, 224, 224)) == (10,)
    pairs = zip(few.parameters(), usual.parameters(), strict=True)
    changed = [(one, other) for one, other in pairs if one != other]
    assert [one.name for one, _ in changed][:1] == [usual.parameters()[0].name]
    assert changed[0][0].shape[1:2] == (1,)
    assert changed[0][1].shape[1:2] == (3,)
    assert [one.shape[0] for one, _ in changed[1:]] == [10, 10]
    assert [other.shape[0] for _, other in changed[1:]] == [1000, 1000]


# What modules of torchvision 0.21 give, in this order, read off a run: channels, and the length of
# both sides.
STAGES = {
    "mobilenet_v3_large": [(16, 112), (24, 56), (40, 28), (80, 14), (112, 14), (160, 7), (960, 7)],
    "mobilenet_v3_small": [(16, 112), (16, 56), (24, 28), (40, 14), (48, 14), (96, 7), (576, 7)],
    "efficientnet_b0": [
        *[(32, 112), (16, 112), (24, 56), (40, 28), (80, 14), (112, 14), (192, 7), (320, 7)],
        (1280, 7),
    ],
    "inception_v3": [
        *[(32, 149), (32, 147), (64, 147), (64, 73), (80, 73), (192, 71), (192, 35)],
        *[(256, 35), (288, 35), (768, 17), (1280, 8), (2048, 8)],
    ],
    "shufflenet_v2_x1_0": [(24, 112), (24, 56), (116, 28), (232, 14), (464, 7), (1024, 7)],
    "convnext_tiny": [(96, 56), (192, 28), (384, 14), (768, 7)],
}


@pytest.mark.parametrize("name", STAGES)
def test_stages_have_the_shapes_of_torchvisions(name: str) -> None:
    size = SIZES.get(name, 224)
    outputs = [step.output_shape for step in pc.trace(getattr(zoo, name)(), (3, size, size))]
    places = [outputs.index((channels, side, side)) for channels, side in STAGES[name]]
    assert places == sorted(places)
    assert len({*places}) == len(places)


def test_stages_of_transformers_have_the_shapes_of_torchvisions() -> None:
    swin, vit = zoo.swin_t(), zoo.vit_b_16()
    shape: pc.Shape = (3, 224, 224)
    stages: list[pc.Shape] = []
    for part in swin:
        shape = part.output_shape(shape)
        stages.append(shape)
    lengths = [(56, 56, 96), (28, 28, 192), (14, 14, 384), (7, 7, 768)]
    assert [one for one in lengths if one not in stages] == []
    shape = vit[:3].output_shape((3, 224, 224))
    assert shape == vit[:6].output_shape((3, 224, 224)) == (197, 768)


def test_inception_v3_is_published_with_an_auxiliary_classifier() -> None:
    convs = 768 * 128 + 128 * 768 * 5 * 5  # Of 1 by 1, and of 5 by 5.
    norms = 2 * 128 + 2 * 768
    assert convs + norms + (768 + 1) * 1000 == 27_161_264 - FIGURES["inception_v3"][0]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_counts_and_shapes_of_the_documents_networks(name: str) -> None:
    network: pc.Sequential = getattr(zoo, name)()
    assert (network.num_params(), network.output_shape()) == DOCUMENTS[name]


def test_gpt2_has_the_values_of_its_published_weights() -> None:
    network = zoo.gpt2()
    assert network.num_params() == network.num_params((1024,)) == 124_439_808
    assert network.num_params() + 50_257 * 768 == 163_037_184  # With a head of its own.
    assert network.output_shape((7,)) == (7, 50_257)
    sizes = {one.name: one.size for one in network.parameters()}
    block = sum(size for name, size in sizes.items() if name.startswith("h[3]."))
    # torch's names: c_attn, c_proj, c_fc and c_proj with biases, and two normalizations.
    assert block == 768 * 2304 + 2304 + 768 * 769 + 768 * 3072 + 3072 + 3072 * 768 + 768 + 4 * 768
    assert (sizes["embedding.wte.weight"], sizes["embedding.wpe.weight"]) == (38_597_376, 786_432)
    assert [name for name in sizes if name.startswith("head")] == []
    assert pc.memory(network, (8,), optimizer="adam").optimizer_bytes == 2 * 4 * 124_439_808
    rows = pc.summary(network, (8,), fold=True, columns=("layer",)).to_records()
    assert "shared with embedding.wte" in rows[-1]["layer"]


def test_lenet5_is_the_papers_but_for_what_its_docstring_says() -> None:
    network = zoo.lenet5()
    assert network.output_shape((1, 32, 32)) == (10,)
    assert network.num_params() == 61_706
    shapes = [step.output_shape for step in pc.trace(network, (1, 32, 32))]
    layers = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,)]
    assert set(layers) <= set(shapes)
    # Its table 1 connects 6 maps to 3, 9 to 4 and 1 to all 6 of those below.
    connected = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + (6 * 25 + 1)
    all_of_them = pc.Conv2d(6, 16, 5).num_params()
    assert 61_706 - all_of_them + connected + 2 * 6 + 2 * 16 - (84 + 1) * 10 == 60_000


def test_window_attention_is_attention_in_each_window() -> None:
    layer, whole = WindowAttention(96, 3), pc.MultiheadAttention(96, 3)
    distances = {
        (x - v, y - w) for x in range(7) for y in range(7) for v in range(7) for w in range(7)
    }
    assert layer.num_params() == whole.num_params() + len(distances) * 3
    assert layer.num_macs((64, 49, 96)) == 64 * whole.num_macs((49, 96))
    assert layer.sources((64, 49, 96)) == ((0, Window()), None, None)
    network = pc.Sequential(attention=layer)
    for shape in (64, 49), (64, 48, 96), (64, 49, 95):
        with pytest.raises(pc.ShapeError) as caught:
            network.output_shape(shape)
        words = f"attention WindowAttention: expects (windows, 49, 96), got shape {shape}"
        assert str(caught.value) == words
    with pytest.raises(pc.ShapeError, match="give input_shape"):
        layer.num_macs()


def test_unet_has_the_maps_of_the_papers_figure() -> None:
    """The lengths and channels that stand beside the maps of its figure 1."""
    network = zoo.unet()
    assert network.num_params() == 31_030_658
    steps = {step.path: step.output_shape for step in pc.trace(network, (1, 572, 572))}
    convs = [step for path, step in steps.items() if path[-3:] in {"[0]", "[2]"}]
    down = [(64, 570, 568), (128, 282, 280), (256, 138, 136), (512, 66, 64), (1024, 30, 28)]
    up = [(512, 54, 52), (256, 102, 100), (128, 198, 196), (64, 390, 388)]
    lengths = [(channels, one, one) for channels, *pair in down + up for one in pair]
    assert convs == lengths
    merged = [step for path, step in steps.items() if path.endswith("merge")]
    assert merged == [(1024, 56, 56), (512, 104, 104), (256, 200, 200), (128, 392, 392)]
    assert network.output_shape((1, 572, 572)) == (2, 388, 388)
    # Its skips are cropped alike on both sides.
    assert pc.CenterCrop(392).output_shape((64, 568, 568)) == pc.Crop(88).output_shape(
        (64, 568, 568)
    )


def test_unet_takes_images_that_halve_evenly() -> None:
    network = zoo.unet(num_classes=3, in_channels=3)
    assert pc.smallest_input(network, (3, None, None)) == (3, 188, 188)
    for length in range(188, 300):
        if (length - 188) % 16:
            with pytest.raises(pc.ShapeError):
                network.output_shape((3, length, length))
        else:
            assert network.output_shape((3, length, length)) == (3, length - 184, length - 184)


# What the cells of Keras 3.15 NASNetLarge give, in their order, read off a run.
CELLS = [
    *[(168, 83), (336, 42), *[(1008, 42)] * 6],
    *[(1344, 21), *[(2016, 21)] * 6],
    *[(2688, 11), *[(4032, 11)] * 6],
]


def cells(network: pc.Graph, shape: pc.Shape) -> list[pc.Shape]:
    """What each cell of a NASNet gives, without its stem and its head."""
    return [one.output_shape or () for one in pc.summary(network, shape, depth=1).rows[1:-1]]


def test_nasnet_has_the_counts_of_its_paper_and_the_cells_of_keras() -> None:
    """Table 2: 88.9 million parameters, 23.8 billion multiply-accumulates."""
    network = zoo.nasnet_large()
    assert sum(one.size for one in network.parameters()) == 88_949_818
    assert round(Decimal(network.num_macs()) / 10**9, 1) == Decimal("23.8")
    assert cells(network, (3, 331, 331)) == [(channels, n, n) for channels, n in CELLS]
    assert network.output_shape() == (1000,)


@pytest.mark.parametrize(
    ("size", "lengths"),
    [
        ((32, 32), [(8, 8), (4, 4), (2, 2), (1, 1)]),
        ((131, 200), [(33, 50), (17, 25), (9, 13), (5, 7)]),
    ],
)
def test_nasnet_takes_other_images_as_keras_does(
    size: tuple[int, int], lengths: list[tuple[int, int]]
) -> None:
    """The lengths of Keras's cells for an `input_shape`, read off a run."""
    network = zoo.nasnet_large()
    assert network.num_params((3, *size)) == network.num_params()
    assert [*dict.fromkeys([one[1:] for one in cells(network, (3, *size))])] == lengths


def test_siamese_has_one_tower_for_both_images() -> None:
    """The parameters that implementations report, and the maps of figure 4."""
    network = zoo.siamese()
    steps = pc.trace(network)
    counts = [step.num_params for step in steps if step.num_params]
    assert counts == [6_464, 401_536, 262_272, 524_544, 37_752_832, 4_097]
    assert network.num_params() == sum(counts) == 38_951_745
    maps = [(64, 96), (64, 48), (128, 42), (128, 21), (128, 18), (128, 9), (256, 6)]
    shapes = [step.output_shape for step in steps]
    found = [*dict.fromkeys([shape for shape in shapes if len(shape) == 3])]
    assert found == [(channels, n, n) for channels, n in maps]
    assert network.num_macs() == 2 * network["a"].num_macs((1, 105, 105)) + 4096
    assert network.output_shape() == (1,)
    smallest: object = pc.smallest_input(network)
    assert smallest == {"left": (1, 105, 105), "right": (1, 105, 105)}


def test_every_network_of_the_zoo_is_compared_and_documented() -> None:
    assert set(zoo.__all__) == {*FIGURES, *DOCUMENTS, "gpt2", "lenet5", *GRAPHS, "unet"}
    assert zoo.__all__ == sorted(zoo.__all__)
    for name in zoo.__all__:
        document = getattr(zoo, name).__doc__
        assert ">>>" in document, name
        assert "Source:" in document, name
        options = list(signature(getattr(zoo, name)).parameters)
        if name in {*FIGURES, "nasnet_large"}:
            assert options == ["num_classes", "in_channels"]


def test_networks_of_the_zoo_survive_being_written() -> None:
    names = {name: getattr(pc, name) for name in pc.__all__} | {"WindowAttention": WindowAttention}
    for name in [*FIGURES, *GRAPHS]:
        network = getattr(zoo, name)()
        assert eval(repr(network), names) == network  # noqa: S307  # what repr promises
