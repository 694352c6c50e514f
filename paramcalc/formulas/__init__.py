"""The reference arithmetic: one function per rule, integers in and integers out.

Formulas do not check their arguments; layers do. Lengths, sizes and counts are integers of at least
1, paddings of at least 0. The only division is `//`, so every result is exact. Pass a `Term` to a
formula to get its working.
"""

from paramcalc.formulas._counts import (
    attention_macs,
    attention_params,
    conv_lstm_macs,
    conv_lstm_params,
    conv_macs,
    conv_params,
    dense_macs,
    dense_params,
    embedding_params,
    grouped_attention_macs,
    grouped_attention_params,
    locally_connected_params,
    norm_params,
    recurrent_macs,
    recurrent_params,
)
from paramcalc.formulas._lengths import (
    center_cropping,
    dilated_kernel_size,
    same_length,
    same_padding,
    scaled_length,
    slice_length,
    transposed_length,
    window_length,
)
from paramcalc.formulas._term import Term

__all__ = [
    "Term",
    "attention_macs",
    "attention_params",
    "center_cropping",
    "conv_lstm_macs",
    "conv_lstm_params",
    "conv_macs",
    "conv_params",
    "dense_macs",
    "dense_params",
    "dilated_kernel_size",
    "embedding_params",
    "grouped_attention_macs",
    "grouped_attention_params",
    "locally_connected_params",
    "norm_params",
    "recurrent_macs",
    "recurrent_params",
    "same_length",
    "same_padding",
    "slice_length",
    "scaled_length",
    "transposed_length",
    "window_length",
]
