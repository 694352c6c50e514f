"""Attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import prod

from paramcalc._checks import name_of
from paramcalc.errors import ConfigError, counted, show
from paramcalc.formulas import (
    attention_macs,
    attention_params,
    grouped_attention_macs,
    grouped_attention_params,
)
from paramcalc.layers._axes import SequenceLayer
from paramcalc.layers._base import Form, Parameter, Shape, Sources, Window
from paramcalc.layers._fields import count, flag, layer, optional_count
from paramcalc.layers._saved import FLOAT32, WEIGHTS, Saved, own


@layer
class MultiheadAttention(SequenceLayer):
    """Attention of a sequence: (length, features).

    With the defaults there are `4·E² + 4·E` parameters: the projections of queries, keys, values
    and output, with biases. The number of heads changes nothing: they divide the features. In a
    `Graph` it is called on one tensor, on queries and another sequence, or on queries, keys and
    values: `attention(x, memory)`.

    With any of the last three fields, heads have a size of their own, or share keys and values
    (grouped-query attention; with one key and value head, multi-query). There are
    `E·H·D + K·G·D + V·G·D_v + E·H·D_v` weights, for G key and value heads.

    Args:
        embed_dim: features of the input and of the output, E.
        num_heads: heads of the queries, H; without head_dim it must divide embed_dim.
        bias: whether the projections have biases.
        add_bias_kv: whether a trainable key and value are added.
        kdim: features of the keys, if they are of another sequence; None is embed_dim.
        vdim: features of the values, likewise.
        num_kv_heads: heads of the keys and values, G, which divide num_heads; None is as many.
        head_dim: features of a head of the queries and keys, D; None is embed_dim / num_heads.
        value_dim: features of a head of the values, D_v; None is head_dim.

    Source:
        torch 2.13 `torch.nn.MultiheadAttention`. The last three fields: Keras 3
        `MultiHeadAttention` and `GroupQueryAttention`; in torch `scaled_dot_product_attention` with
        `enable_gqa`, between four `torch.nn.Linear`, whose tensors these are.

    Example:
        >>> attention = MultiheadAttention(768, 12)
        >>> attention.output_shape((197, 768)), attention.num_params()
        ((197, 768), 2362368)
        >>> MultiheadAttention(4096, 32, bias=False, num_kv_heads=8).num_params()
        41943040
    """

    embed_dim: int = count("E", states="features")
    num_heads: int = count("H", divides=True)
    _: KW_ONLY
    bias: bool = flag(default=True)
    add_bias_kv: bool = flag(default=False)
    kdim: int | None = optional_count("K", default=None)
    vdim: int | None = optional_count("V", default=None)
    num_kv_heads: int | None = optional_count("G", default=None)
    head_dim: int | None = optional_count("D", default=None)
    value_dim: int | None = optional_count("D_v", default=None)

    def _check(self) -> None:
        if self.head_dim is None:
            self._check_divides("num_heads", "embed_dim")
        if self.num_kv_heads is not None:
            self._check_divides("num_kv_heads", "num_heads")
        size, rest = divmod(self.embed_dim, self.num_heads)
        usual = {
            "kdim": self.embed_dim,
            "vdim": self.embed_dim,
            "num_kv_heads": self.num_heads,
            "value_dim": self.head_dim or size,
            "head_dim": None if rest else size,
        }
        for field, value in usual.items():
            if getattr(self, field) == value:
                object.__setattr__(self, field, None)
        if self.add_bias_kv and self._is_projected:
            fields = "num_kv_heads, head_dim or value_dim"
            raise ConfigError(f"{name_of(self)}: add_bias_kv does not go with {fields}")

    @property
    def _is_projected(self) -> bool:
        """Whether it has other heads than `torch.nn.MultiheadAttention`."""
        return (self.num_kv_heads, self.head_dim, self.value_dim) != (None, None, None)

    def _heads(self) -> tuple[int, int, int, int]:
        """The heads of queries, and of keys and values; the features of their heads."""
        head_dim = self.embed_dim // self.num_heads if self.head_dim is None else self.head_dim
        groups, value_dim = self.num_kv_heads or self.num_heads, self.value_dim or head_dim
        return self.num_heads, groups, head_dim, value_dim

    def _dims(self) -> tuple[int, int, int]:
        """The features of queries, keys, and values."""
        return self.embed_dim, self.kdim or self.embed_dim, self.vdim or self.embed_dim

    _arity = 1, 3

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        query, *others = outputs
        key, value = others[0], others[-1]
        for one, features in (key, self._dims()[1]), (value, self._dims()[2]):
            self._check_sequence(one)
            if one[1] != features:
                problem = f"expects {counted(features, 'feature')} of keys or values"
                raise self._misfit(f"{problem}, got shape {show(one)}", one)
        if key[0] != value[0]:
            problem = f"keys and values must be of one length, got {show(key)} and {show(value)}"
            raise self._misfit(problem)
        return self._shape(query)

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        """Each position is made of its query and of all keys and values."""
        if len(before) == 1:
            return SequenceLayer._sources_of(self, before, output)
        return [((0, Window()), None), *[(None, None)] * (len(before) - 1)]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        embed_dim, kdim, vdim = self._dims()
        if self._is_projected:
            heads, groups, head_dim, value_dim = self._heads()
            sizes = {
                "q_proj": (heads * head_dim, embed_dim),
                "k_proj": (groups * head_dim, kdim),
                "v_proj": (groups * value_dim, vdim),
                "out_proj": (embed_dim, heads * value_dim),
            }
            pairs = [
                (Parameter(f"{name}.weight", size), Parameter(f"{name}.bias", size[:1]))
                for name, size in sizes.items()
            ]
            return tuple([one for pair in pairs for one in pair[: 1 + self.bias]])
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
        if self._is_projected:
            return grouped_attention_params(*self._dims(), *self._heads(), self.bias)
        return attention_params(*self._dims(), self.bias, self.add_bias_kv)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """As with `need_weights=False`: queries, keys, values, their product and its logarithms.

        No weights of attention: torch's `scaled_dot_product_attention` computes them again. For
        the weights, the sequences too, which a batch transposes.
        """
        heads, groups, head_dim, value_dim = self._heads()
        first, last = min(1, len(shapes) - 1), len(shapes) - 1
        length, keys = shapes[0][0], shapes[first][0]
        queries, product = length * heads * head_dim, length * heads * value_dim
        if self._is_projected:
            inputs = [Saved(at, wanted=(WEIGHTS,)) for at in range(len(shapes))]
            if value_dim != head_dim:
                weights = keys * (head_dim + value_dim) + length * keys
                return (*inputs, own(queries + heads * weights), own(product, WEIGHTS))
            pairs = keys * groups * (head_dim + value_dim)
        else:
            is_packed = {*self._dims()} == {self.embed_dim}
            read = range(len(shapes)) if is_packed else (0, first, last)
            inputs = [
                Saved(at, prod(shapes[at]) * (shapes[at][0] > 1), wanted=(WEIGHTS,)) for at in read
            ]
            pairs = 2 * (keys + self.add_bias_kv) * self.embed_dim
            if self.add_bias_kv and is_packed and not last:  # Queries stand in one with the others.
                pairs += 2 * keys * self.embed_dim
        logarithms = own(length * heads, bits=FLOAT32)
        return (*inputs, own(queries + pairs + product), logarithms)

    def _macs(self, shape: Shape | None, output: Shape | None, *others: Shape) -> int:
        length = self._needed(shape, "the number of multiply-accumulates")[0]
        keys = others[0][0] if others else None
        if self._is_projected:
            return grouped_attention_macs(length, *self._dims(), *self._heads(), keys)
        return attention_macs(length, *self._dims(), self.add_bias_kv, keys)
