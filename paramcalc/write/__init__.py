"""Networks as source code of a framework, to run or to paste.

A writer returns the whole source, with the names of the network, or raises an error that names the
layer that the framework has not.
"""

from paramcalc.write._keras import keras as keras
from paramcalc.write._torch import torch as torch

__all__ = ["keras", "torch"]
