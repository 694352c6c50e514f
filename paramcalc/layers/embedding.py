"""The embedding."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc.formulas import embedding_params
from paramcalc.layers._base import Form, Parameter, Shape, Sources
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import count, layer
from paramcalc.layers._saved import INT64, Saved


@layer
class Embedding(Builtin):
    """A table of vectors, one per index of the input.

    `V·E` parameters, for a table of V entries (`num_embeddings`) with E features
    (`embedding_dim`). The length of the input changes nothing, and nothing is multiplied.

    Source:
        torch 2.13 `torch.nn.Embedding`; Keras 3 `Embedding`.

    Example:
        >>> Embedding(50257, 768).output_shape((1024,)), Embedding(50257, 768).num_params()
        ((1024, 768), 38597376)
    """

    num_embeddings: int = count("V")
    embedding_dim: int = count("E")

    _family = "plain"
    _kind = "sequence"

    def _shape(self, shape: Shape) -> Shape:
        return (*shape, self.embedding_dim)

    def _sources(self, shape: Form) -> Sources:
        return (*Builtin._sources(self, shape), None)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self.num_embeddings, self.embedding_dim)),)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return (Saved(0, bits=INT64),)

    def _params(self, shape: Shape | None) -> int:
        return embedding_params(self.num_embeddings, self.embedding_dim)
