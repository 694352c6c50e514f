"""Attention, and the layer of a transformer made with it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import as_bool, as_count, as_optional_count, name_of
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import (
    attention_macs,
    attention_params,
    dense_macs,
    dense_params,
    norm_params,
)
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers.features import SequenceLayer


def check_heads(layer: object, heads: str, features: str) -> None:
    """Refuse a number of heads that does not divide the features."""
    if getattr(layer, features) % getattr(layer, heads):
        values = [f"{field}={show(getattr(layer, field))}" for field in (heads, features)]
        raise ConfigError(
            f"{name_of(layer)}: {heads} must divide {features}, got {', '.join(values)}"
        )


def attention_tensors(
    embed_dim: int, kdim: int, vdim: int, bias: bool, bias_kv: bool = False
) -> list[tuple[str, Shape]]:
    """The names and shapes of what attention learns."""
    if kdim == vdim == embed_dim:
        tensors: list[tuple[str, Shape]] = [("in_proj_weight", (3 * embed_dim, embed_dim))]
    else:
        dims = {"q": embed_dim, "k": kdim, "v": vdim}
        tensors = [(f"{one}_proj_weight", (embed_dim, dim)) for one, dim in dims.items()]
    if bias:
        tensors.append(("in_proj_bias", (3 * embed_dim,)))
    if bias_kv:
        tensors += [("bias_k", (1, 1, embed_dim)), ("bias_v", (1, 1, embed_dim))]
    tensors.append(("out_proj.weight", (embed_dim, embed_dim)))
    if bias:
        tensors.append(("out_proj.bias", (embed_dim,)))
    return tensors


@dataclass(frozen=True, slots=True, repr=False)
class MultiheadAttention(SequenceLayer):
    """Attention of a sequence to itself, or to another of its length: (length, features).

    `4·E² + 4·E` values are learnt: projections of queries, keys, values and of what
    comes out, with their biases. The number of heads changes nothing: they divide
    the features.

    Args:
        embed_dim: features that must arrive and that leave, E.
        num_heads: parts the features are divided into; embed_dim must be a multiple
            of it.
        bias: whether the projections have biases.
        add_bias_kv: whether a key and a value are learnt and added to the others.
        kdim: features of the keys, if these are of another sequence; None is
            embed_dim.
        vdim: features of the values, likewise.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a size is less than 1, or num_heads does not divide embed_dim.
        ShapeError: what arrives is not (length, embed_dim).

    Source:
        torch 2.13 `torch.nn.MultiheadAttention`. Keras 3 `MultiHeadAttention` has
        the sizes of the heads apart from that of the features.

    Example:
        >>> attention = MultiheadAttention(768, 12)
        >>> attention.output_shape((197, 768)), attention.num_params()
        ((197, 768), 2362368)
    """

    embed_dim: int
    num_heads: int
    _: KW_ONLY
    bias: bool = True
    add_bias_kv: bool = False
    kdim: int | None = None
    vdim: int | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "embed_dim", as_count(self.embed_dim, self, "embed_dim"))
        put(self, "num_heads", as_count(self.num_heads, self, "num_heads"))
        as_bool(self.bias, self, "bias")
        as_bool(self.add_bias_kv, self, "add_bias_kv")
        for field in ("kdim", "vdim"):
            dim = as_optional_count(getattr(self, field), self, field)
            put(self, field, None if dim == self.embed_dim else dim)
        check_heads(self, "num_heads", "embed_dim")

    def _dims(self) -> tuple[int, int, int]:
        """The features of queries, keys and values."""
        return self.embed_dim, self.kdim or self.embed_dim, self.vdim or self.embed_dim

    def _shape(self, shape: Shape) -> Shape:
        self._check_sequence(shape, self.embed_dim)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        tensors = attention_tensors(*self._dims(), self.bias, self.add_bias_kv)
        return tuple([Parameter(*one) for one in tensors])

    def _params(self, shape: Shape | None) -> int:
        return attention_params(*self._dims(), self.bias, self.add_bias_kv)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        length = self._needed(shape, "the number of multiply-accumulates")[0]
        return attention_macs(length, *self._dims(), self.add_bias_kv)


@dataclass(frozen=True, slots=True, repr=False)
class TransformerEncoderLayer(SequenceLayer):
    """A layer of a transformer's encoder: attention, two dense layers, two normalizations.

    `(4·E² + 4·E) + (E + 1)·F + (F + 1)·E + 2·2·E` values are learnt, with E for d_model
    and F for dim_feedforward. It is (length, features) that arrives and that leaves.

    Args:
        d_model: features that must arrive and that leave.
        nhead: heads of the attention; d_model must be a multiple of it.
        dim_feedforward: features between the two dense layers.
        bias: whether dense layers, projections and normalizations have biases.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a size is less than 1, or nhead does not divide d_model.
        ShapeError: what arrives is not (length, d_model).

    Source:
        torch 2.13 `torch.nn.TransformerEncoderLayer`; whether it normalizes first or last
        changes nothing here.

    Example:
        >>> layer = TransformerEncoderLayer(512, 8)
        >>> layer.output_shape((100, 512)), layer.num_params()
        ((100, 512), 3152384)
    """

    d_model: int
    nhead: int
    dim_feedforward: int = 2048
    _: KW_ONLY
    bias: bool = True

    def __post_init__(self) -> None:
        for field in ("d_model", "nhead", "dim_feedforward"):
            object.__setattr__(self, field, as_count(getattr(self, field), self, field))
        as_bool(self.bias, self, "bias")
        check_heads(self, "nhead", "d_model")

    def _shape(self, shape: Shape) -> Shape:
        self._check_sequence(shape, self.d_model)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        features, inner = self.d_model, self.dim_feedforward
        attention = attention_tensors(features, features, features, self.bias)
        tensors = [(f"self_attn.{part}", size) for part, size in attention]
        weights: dict[str, Shape] = {
            "linear1": (inner, features),
            "linear2": (features, inner),
            "norm1": (features,),
            "norm2": (features,),
        }
        for part, weight in weights.items():
            tensors.append((f"{part}.weight", weight))
            if self.bias:
                tensors.append((f"{part}.bias", weight[:1]))
        return tuple([Parameter(*one) for one in tensors])

    def _params(self, shape: Shape | None) -> int:
        features, inner = self.d_model, self.dim_feedforward
        attention = attention_params(features, features, features, self.bias)
        dense = dense_params(features, inner, self.bias) + dense_params(inner, features, self.bias)
        return attention + dense + 2 * norm_params(features, self.bias)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        length = self._needed(shape, "the number of multiply-accumulates")[0]
        features, inner = self.d_model, self.dim_feedforward
        dense = dense_macs(features, inner, length) + dense_macs(inner, features, length)
        return attention_macs(length, features, features, features) + dense
