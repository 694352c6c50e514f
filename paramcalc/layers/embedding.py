"""The embedding."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc._checks import as_count
from paramcalc.formulas import embedding_params
from paramcalc.layers._base import Builtin, Parameter, Shape, Sources


@dataclass(frozen=True, slots=True, repr=False)
class Embedding(Builtin):
    """A table of vectors: each index that arrives becomes the vector that stands there.

    `V·E` values are learnt, however many indices arrive. It multiplies nothing.

    Args:
        num_embeddings: entries of the table, such as the words of a vocabulary, V.
        embedding_dim: features of each vector, E.

    Raises:
        TypeError: a field is not an int.
        ConfigError: a field is less than 1.

    Source:
        torch 2.13 `torch.nn.Embedding`; Keras 3 `Embedding`.

    Example:
        >>> Embedding(50257, 768).output_shape((1024,)), Embedding(50257, 768).num_params()
        ((1024, 768), 38597376)
    """

    num_embeddings: int
    embedding_dim: int

    def __post_init__(self) -> None:
        for field in ("num_embeddings", "embedding_dim"):
            object.__setattr__(self, field, as_count(getattr(self, field), self, field))

    def _shape(self, shape: Shape) -> Shape:
        return (*shape, self.embedding_dim)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return (*Builtin._sources(self, input_shape), None)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self.num_embeddings, self.embedding_dim)),)

    def _params(self, shape: Shape | None) -> int:
        return embedding_params(self.num_embeddings, self.embedding_dim)
