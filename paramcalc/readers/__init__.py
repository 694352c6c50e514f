"""Networks from what people have: models of Keras, files of ONNX, source code of torch, and text.

Nothing that is read is executed. A reader returns the whole network, with the names of the source,
or raises a `ReadError` that says where it stopped and what to do.
"""

from paramcalc.readers._keras import keras as keras
from paramcalc.readers._onnx import onnx as onnx
from paramcalc.readers._parse import from_json as from_json, parse as parse, to_json as to_json
from paramcalc.readers._torch.door import torch as torch

__all__ = ["from_json", "keras", "onnx", "parse", "to_json", "torch"]
