"""Networks from what people have: source code of torch, files of Keras and ONNX, text.

Nothing that is read is executed. A reader returns the whole network, with the names of the source,
or raises a `ReadError` that says where it stopped and what to do.
"""

from paramcalc.readers._onnx import onnx as onnx

__all__ = ["onnx"]
