"""Published networks as values: `from paramcalc import zoo`.

Each is a function that returns an ordinary network, with options for the number of
classes and of input channels. Counts are those that torchvision publishes;
strides and poolings are placed as in its models. They take images of (3, 224, 224),
`inception_v3` of (3, 299, 299) and `unet` of (1, 572, 572); `gpt2` takes token indices.
`nasnet_large` is that of Keras, for (3, 331, 331), and `siamese` takes two of (1, 105, 105).

Example:
    >>> from paramcalc import zoo
    >>> zoo.resnet50().num_params(), zoo.resnet50(num_classes=10, in_channels=1).num_params()
    (25557032, 23522250)
    >>> zoo.resnet50().output_shape((3, 224, 224))
    (1000,)
"""

from paramcalc.zoo.alexnet import alexnet
from paramcalc.zoo.convnext import convnext_tiny
from paramcalc.zoo.densenet import densenet121
from paramcalc.zoo.documents import (
    cross_validated_question,
    parameters_tutorial,
    parameters_tutorial_3d,
    raschka_chapter_11,
    stack_overflow_answer,
)
from paramcalc.zoo.efficientnet import efficientnet_b0
from paramcalc.zoo.googlenet import googlenet
from paramcalc.zoo.gpt import gpt2
from paramcalc.zoo.inception import inception_v3
from paramcalc.zoo.lenet import lenet5
from paramcalc.zoo.mobilenet import mobilenet_v2, mobilenet_v3_large, mobilenet_v3_small
from paramcalc.zoo.nasnet import nasnet_large
from paramcalc.zoo.resnet import (
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    resnext50_32x4d,
    wide_resnet50_2,
)
from paramcalc.zoo.shufflenet import shufflenet_v2_x1_0
from paramcalc.zoo.siamese import siamese
from paramcalc.zoo.squeezenet import squeezenet1_0, squeezenet1_1
from paramcalc.zoo.swin import swin_t
from paramcalc.zoo.unet import unet
from paramcalc.zoo.vgg import vgg11, vgg13, vgg16, vgg16_bn, vgg19
from paramcalc.zoo.vit import vit_b_16

__all__ = [
    "alexnet",
    "convnext_tiny",
    "cross_validated_question",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "gpt2",
    "inception_v3",
    "lenet5",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "nasnet_large",
    "parameters_tutorial",
    "parameters_tutorial_3d",
    "raschka_chapter_11",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x1_0",
    "siamese",
    "squeezenet1_0",
    "squeezenet1_1",
    "stack_overflow_answer",
    "swin_t",
    "unet",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vit_b_16",
    "wide_resnet50_2",
]
