"""Write the tensors of torchvision's networks: python tests/conformance/make_torchvision.py.

It needs torch 2.13.0 and torchvision 0.21.0; the tests need neither.
"""

from __future__ import annotations

import gzip
import json
from importlib import import_module
from pathlib import Path
from typing import Any

NETWORKS = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x1_0",
    "squeezenet1_0",
    "squeezenet1_1",
    "swin_t",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vit_b_16",
    "wide_resnet50_2",
]
AUXILIARY = ["googlenet", "inception_v3"]
"""Those with classifiers for training alone, which are left out."""


def load_torchvision() -> Any:
    """torchvision, also one built for another device than torch is.

    Such a one has no compiled operators here; the networks need none.
    """
    torch: Any = import_module("torch")
    register = torch.library.register_fake
    torch.library.register_fake = unregistered
    torchvision = import_module("torchvision")
    torch.library.register_fake = register
    return torchvision


def unregistered(*_: Any, **__: Any) -> Any:
    """A decorator that does nothing."""

    def same(function: Any) -> Any:
        return function

    return same


def main() -> None:
    """Make each network on the meta device, which holds shapes and no values."""
    torch: Any = import_module("torch")
    torchvision = load_torchvision()
    golden: dict[str, Any] = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "networks": {},
    }
    for name in NETWORKS:
        options = {"aux_logits": False, "init_weights": False} if name in AUXILIARY else {}
        with torch.device("meta"):
            network = getattr(torchvision.models, name)(**options)
        buffers = [(key, one) for key, one in network.named_buffers() if "tracked" not in key]
        golden["networks"][name] = {
            "parameters": [[key, list(one.shape)] for key, one in network.named_parameters()],
            "buffers": [[key, list(one.shape)] for key, one in buffers],
        }
    text = json.dumps(golden, indent=None, separators=(",", ":"))
    path = Path(__file__).with_name("torchvision.json.gz")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
