"""The reference arithmetic: one function a rule, integers in and integers out.

The functions compute and do not check: lengths, sizes, and counts are integers of at
least 1, paddings integers of at least 0. The layers make sure of that before they
call; if you call a formula directly, you must. The only division is `//` and there
are no floats, so every result is exact. `Term` is an int that remembers how it was
made: pass Terms to a formula to get its working.
"""

from paramcalc.formulas._counts import (
    attention_macs,
    attention_params,
    conv_macs,
    conv_params,
    dense_macs,
    dense_params,
    embedding_params,
    norm_params,
    recurrent_macs,
    recurrent_params,
)
from paramcalc.formulas._lengths import (
    dilated_kernel_size,
    same_length,
    same_padding,
    transposed_length,
    window_length,
)
from paramcalc.formulas._term import Term

__all__ = [
    "Term",
    "attention_macs",
    "attention_params",
    "conv_macs",
    "conv_params",
    "dense_macs",
    "dense_params",
    "dilated_kernel_size",
    "embedding_params",
    "norm_params",
    "recurrent_macs",
    "recurrent_params",
    "same_length",
    "same_padding",
    "transposed_length",
    "window_length",
]
