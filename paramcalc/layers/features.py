"""Layers to which the last axis is the features."""

from __future__ import annotations

from paramcalc.errors import ParamcalcError, counted, show
from paramcalc.layers._base import Builtin, Shape, Sources


class FeaturesLayer(Builtin):
    """A layer that works on the features at each place of the axes before."""

    __slots__ = ()

    def _wrong_features(self, features: int, shape: Shape, hint: str = "") -> ParamcalcError:
        expected = counted(features, "feature")
        return self._misfit(
            f"expects {expected} on the last axis, got shape {show(shape)}{hint}", shape
        )


class SequenceLayer(FeaturesLayer):
    """A layer that takes a sequence, (length, features), and sees all of it at each place."""

    __slots__ = ()

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return (None, None)

    def _check_rank(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) != 2:
            hint = "; leave out the batch axis" if len(shape) == 3 else ""
            raise self._misfit(f"expects (length, features), got shape {show(shape)}{hint}", shape)

    def _check_sequence(self, shape: Shape, features: int | None) -> None:
        self._check_rank(shape)
        if features is not None and shape[1] != features:
            raise self._wrong_features(features, shape)
