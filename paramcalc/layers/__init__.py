"""The layers, one file per family. `Window` says which positions a layer of your own sees."""

from paramcalc.layers._windows import Window

__all__ = ["Window"]
