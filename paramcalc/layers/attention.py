"""Attention."""

from __future__ import annotations

from dataclasses import KW_ONLY

from paramcalc.formulas import attention_macs, attention_params
from paramcalc.layers._axes import SequenceLayer
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers._fields import count, flag, layer, optional_count


@layer
class MultiheadAttention(SequenceLayer):
    """Attention of a sequence: (length, features).

    Keys and values may come from another sequence of the same length. With the
    defaults there are `4·E² + 4·E` parameters: the projections of queries, keys, values and output,
    with biases. The number of heads changes
    nothing: they divide the features.

    Args:
        embed_dim: features of the input and of the output, E.
        num_heads: parts of the features; it must divide embed_dim.
        bias: whether the projections have biases.
        add_bias_kv: whether a trainable key and value are added.
        kdim: features of the keys, if they are of another sequence; None is embed_dim.
        vdim: features of the values, likewise.

    Source:
        torch 2.13 `torch.nn.MultiheadAttention`. In Keras 3 `MultiHeadAttention` the size of a head
        does not follow from the features.

    Example:
        >>> attention = MultiheadAttention(768, 12)
        >>> attention.output_shape((197, 768)), attention.num_params()
        ((197, 768), 2362368)
    """

    embed_dim: int = count("E", states="features")
    num_heads: int = count()
    _: KW_ONLY
    bias: bool = flag(default=True)
    add_bias_kv: bool = flag(default=False)
    kdim: int | None = optional_count("K", default=None)
    vdim: int | None = optional_count("V", default=None)

    def _check(self) -> None:
        for field in ("kdim", "vdim"):
            if getattr(self, field) == self.embed_dim:
                object.__setattr__(self, field, None)
        self._check_divides("num_heads", "embed_dim")

    def _dims(self) -> tuple[int, int, int]:
        """The features of queries, keys, and values."""
        return self.embed_dim, self.kdim or self.embed_dim, self.vdim or self.embed_dim

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        embed_dim, kdim, vdim = self._dims()
        if kdim == vdim == embed_dim:
            tensors = [Parameter("in_proj_weight", (3 * embed_dim, embed_dim))]
        else:
            dims = {"q": embed_dim, "k": kdim, "v": vdim}
            tensors = [
                Parameter(f"{one}_proj_weight", (embed_dim, dim)) for one, dim in dims.items()
            ]
        if self.bias:
            tensors.append(Parameter("in_proj_bias", (3 * embed_dim,)))
        if self.add_bias_kv:
            tensors += [Parameter(one, (1, 1, embed_dim)) for one in ("bias_k", "bias_v")]
        tensors.append(Parameter("out_proj.weight", (embed_dim, embed_dim)))
        if self.bias:
            tensors.append(Parameter("out_proj.bias", (embed_dim,)))
        return tuple(tensors)

    def _params(self, shape: Shape | None) -> int:
        return attention_params(*self._dims(), self.bias, self.add_bias_kv)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        length = self._needed(shape, "the number of multiply-accumulates")[0]
        return attention_macs(length, *self._dims(), self.add_bias_kv)
