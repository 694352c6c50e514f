"""The layers, one file a family; and `Window`, which your own layers describe what they see by."""

from paramcalc.layers._windows import Window

__all__ = ["Window"]
