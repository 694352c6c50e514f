"""The networks of torchvision that its source is read for: files and calls, and no code."""

from __future__ import annotations

from typing import NamedTuple

MISC, UTILS, DEPTH = "ops/misc.py", "models/_utils.py", "ops/stochastic_depth.py"
IMAGE = (3, 224, 224)


class Published(NamedTuple):
    """A network of torchvision.

    Args:
        files: those of its source, in the installed package.
        call: how it is made.
        options: the arguments of torchvision's function of the same name.
    """

    files: tuple[str, ...]
    call: str
    shape: tuple[int, ...] = IMAGE
    options: dict[str, bool] = {}  # noqa: RUF012


def published() -> dict[str, Published]:
    """The networks of torchvision that classify images, by name."""
    found: dict[str, Published] = {"alexnet": Published(("models/alexnet.py",), "AlexNet()")}
    for number, letter in ((11, "A"), (13, "B"), (16, "D"), (19, "E")):
        for suffix, has_norm in (("", False), ("_bn", True)):
            call = f"_vgg({letter!r}, {has_norm}, None, True)"
            found[f"vgg{number}{suffix}"] = Published(("models/vgg.py",), call)
    for name, arguments in RESNETS.items():
        found[name] = Published(("models/resnet.py",), f"ResNet({arguments})")
    for version in ("1_0", "1_1"):
        call = f"SqueezeNet({version!r})"
        found[f"squeezenet{version}"] = Published(("models/squeezenet.py",), call)
    for number, arguments in DENSENETS.items():
        found[f"densenet{number}"] = Published(("models/densenet.py",), f"DenseNet({arguments})")
    bare = {"aux_logits": False, "init_weights": False}
    call = "Inception3(aux_logits=False)"
    found["inception_v3"] = Published(("models/inception.py",), call, (3, 299, 299), bare)
    call = "GoogLeNet(aux_logits=False)"
    found["googlenet"] = Published(("models/googlenet.py",), call, IMAGE, bare)
    for group, (files, calls) in OTHERS.items():
        for name, call in calls.items():
            size = 256 if "swin_v2" in name else 224
            found[f"{group}{name}"] = Published(files, call, (3, size, size))
    return found


RESNETS = {
    "resnet18": "BasicBlock, [2, 2, 2, 2]",
    "resnet34": "BasicBlock, [3, 4, 6, 3]",
    "resnet50": "Bottleneck, [3, 4, 6, 3]",
    "resnet101": "Bottleneck, [3, 4, 23, 3]",
    "resnet152": "Bottleneck, [3, 8, 36, 3]",
    "resnext50_32x4d": "Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4",
    "resnext101_32x8d": "Bottleneck, [3, 4, 23, 3], groups=32, width_per_group=8",
    "resnext101_64x4d": "Bottleneck, [3, 4, 23, 3], groups=64, width_per_group=4",
    "wide_resnet50_2": "Bottleneck, [3, 4, 6, 3], width_per_group=128",
    "wide_resnet101_2": "Bottleneck, [3, 4, 23, 3], width_per_group=64 * 2",
}
DENSENETS = {
    121: "32, (6, 12, 24, 16), 64",
    161: "48, (6, 12, 36, 24), 96",
    169: "32, (6, 12, 32, 32), 64",
    201: "32, (6, 12, 48, 32), 64",
}


def convnext(widths: tuple[int, ...], depths: tuple[int, ...]) -> str:
    """The call of a ConvNeXt."""
    pairs = zip(widths, (*widths[1:], None), depths, strict=True)
    return f"ConvNeXt([{', '.join([f'CNBlockConfig{one}' for one in pairs])}])"


def regnet(depths: str, widths: str, group: int, ratio: float | None = None) -> str:
    """The call of a RegNet with these stages."""
    return (
        f"RegNet(BlockParams({depths}, {widths}, [{group}] * 4, [1.0] * 4, [2] * 4, "
        f"se_ratio={ratio}))"
    )


def vit(patch: int, layers: int, heads: int, hidden: int) -> str:
    """The call of a vision transformer."""
    sizes = f"patch_size={patch}, num_layers={layers}, num_heads={heads}, hidden_dim={hidden}"
    return f"_vision_transformer({sizes}, mlp_dim={4 * hidden}, weights=None, progress=True)"


def swin(width: int, depths: str, heads: str, window: int = 7, more: str = "") -> str:
    """The call of a Swin transformer."""
    return f"SwinTransformer([4, 4], {width}, {depths}, {heads}, [{window}] * 2{more})"


def efficientnet(number: int, width: float, depth: float) -> str:
    """The call of an EfficientNet."""
    name = f"efficientnet_b{number}"
    conf = f"_efficientnet_conf({name!r}, width_mult={width}, depth_mult={depth})[0]"
    return f"EfficientNet({conf}, dropout=0.2)"


SECOND = ", block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2"
SMALL, LARGE = "[2, 2, 6, 2]", "[2, 2, 18, 2]"
OTHERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "mobilenet_v": (
        (MISC, UTILS, "models/mobilenetv2.py"),
        {"2": "MobileNetV2()"},
    ),
    "mobilenet_v3_": (
        (MISC, UTILS, "models/mobilenetv3.py"),
        {
            size: f"MobileNetV3(*_mobilenet_v3_conf('mobilenet_v3_{size}'))"
            for size in ("large", "small")
        },
    ),
    "shufflenet_v2_x": (
        ("models/shufflenetv2.py",),
        {
            "0_5": "ShuffleNetV2([4, 8, 4], [24, 48, 96, 192, 1024])",
            "1_0": "ShuffleNetV2([4, 8, 4], [24, 116, 232, 464, 1024])",
            "1_5": "ShuffleNetV2([4, 8, 4], [24, 176, 352, 704, 1024])",
            "2_0": "ShuffleNetV2([4, 8, 4], [24, 244, 488, 976, 2048])",
        },
    ),
    "mnasnet": (
        ("models/mnasnet.py",),
        {"0_5": "MNASNet(0.5)", "0_75": "MNASNet(0.75)", "1_0": "MNASNet(1.0)"}
        | {"1_3": "MNASNet(1.3)"},
    ),
    "efficientnet_": (
        (MISC, DEPTH, UTILS, "models/efficientnet.py"),
        {
            "b0": efficientnet(0, 1.0, 1.0),
            "b1": efficientnet(1, 1.0, 1.1),
            "b2": efficientnet(2, 1.1, 1.2),
            "b3": efficientnet(3, 1.2, 1.4),
            "b4": efficientnet(4, 1.4, 1.8),
            "b5": efficientnet(5, 1.6, 2.2),
            "b6": efficientnet(6, 1.8, 2.6),
            "b7": efficientnet(7, 2.0, 3.1),
            **{
                f"v2_{size}": f"EfficientNet(_efficientnet_conf('efficientnet_v2_{size}')[0], 0.2, "
                "last_channel=1280)"
                for size in "sml"
            },
        },
    ),
    "regnet_": (
        (MISC, UTILS, "models/regnet.py"),
        {
            "y_400mf": regnet("[1, 3, 6, 6]", "[48, 104, 208, 440]", 8, 0.25),
            "x_400mf": regnet("[1, 2, 7, 12]", "[32, 64, 160, 400]", 16),
            "y_8gf": regnet("[2, 4, 10, 1]", "[224, 448, 896, 2016]", 56, 0.25),
            "x_32gf": regnet("[2, 7, 13, 1]", "[336, 672, 1344, 2520]", 168),
            "y_800mf": "RegNet(BlockParams.from_init_params(14, 56, 38.84, 2.4, 16, 1.0, 0.25))",
        },
    ),
    "convnext_": (
        (MISC, DEPTH, "models/convnext.py"),
        {
            "tiny": convnext((96, 192, 384, 768), (3, 3, 9, 3)),
            "small": convnext((96, 192, 384, 768), (3, 3, 27, 3)),
            "base": convnext((128, 256, 512, 1024), (3, 3, 27, 3)),
            "large": convnext((192, 384, 768, 1536), (3, 3, 27, 3)),
        },
    ),
    "vit_": (
        (MISC, "models/vision_transformer.py"),
        {
            "b_16": vit(16, 12, 12, 768),
            "b_32": vit(32, 12, 12, 768),
            "l_16": vit(16, 24, 16, 1024),
            "l_32": vit(32, 24, 16, 1024),
            "h_14": vit(14, 32, 16, 1280),
        },
    ),
    "swin_": (
        (MISC, DEPTH, "models/swin_transformer.py"),
        {
            "t": swin(96, SMALL, "[3, 6, 12, 24]"),
            "s": swin(96, LARGE, "[3, 6, 12, 24]"),
            "b": swin(128, LARGE, "[4, 8, 16, 32]"),
            "v2_t": swin(96, SMALL, "[3, 6, 12, 24]", 8, SECOND),
            "v2_s": swin(96, LARGE, "[3, 6, 12, 24]", 8, SECOND),
            "v2_b": swin(128, LARGE, "[4, 8, 16, 32]", 8, SECOND),
        },
    ),
    "maxvit_": (
        (MISC, DEPTH, "models/maxvit.py"),
        {
            "t": "MaxVit((224, 224), stem_channels=64, block_channels=[64, 128, 256, 512], "
            "block_layers=[2, 2, 5, 2], head_dim=32, stochastic_depth_prob=0.2, partition_size=7)"
        },
    ),
}
TORCHVISION = published()
REFUSED = {
    "regnet_y_800mf": "line 824: [0] is no tensor that is known",
    **{f"swin_v2_{size}": "line 441: an index <weight> is not known" for size in "tsb"},
}
"""The networks of torchvision that the reader refuses, and what it says."""
