"""A layer that is applied at each position of a leading axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from paramcalc._checks import name_of
from paramcalc.errors import ShapeError, show
from paramcalc.layers._base import Form, Layer, Parameter, Shape, Sources, Window
from paramcalc.layers._fields import declared, layer
from paramcalc.layers._saved import Saved
from paramcalc.layers.wrapper import Wrapper, of_the_layer_inside, read_layer


def beside_time(sources: Sources) -> Sources:
    """The same after a leading axis that stays as it is."""
    return ((0, Window()), *[one and (one[0] + 1, one[1]) for one in sources])


@layer
class TimeDistributed(Wrapper):
    """A layer applied at each position of a leading axis.

    The first axis, such as time, is before those of the layer, in the input and in the output. All
    T positions use the same tensors, and each costs the multiply-accumulates of the layer. Of
    several inputs, each has the axis. Errors show the shape of one position.

    Args:
        layer: the layer, or a network: then each layer inside is distributed, and each merge.

    Source:
        Keras 3 `TimeDistributed`. In torch, the axis is joined with the batch.

    Example:
        >>> import paramcalc as pc
        >>> layer = TimeDistributed(pc.Conv2d(3, 8, 3))
        >>> layer.output_shape((10, 3, 32, 32)), layer.num_params()
        ((10, 8, 30, 30), 224)
        >>> layer.num_macs((10, 3, 32, 32)) == 10 * pc.Conv2d(3, 8, 3).num_macs((3, 32, 32))
        True
    """

    layer: Layer = declared(read_layer)

    _wraps_merges = True
    _axis_symbol = of_the_layer_inside("_axis_symbol")
    _kind = of_the_layer_inside("_kind")
    _is_view = of_the_layer_inside("_is_view")
    _has_buffers = of_the_layer_inside("_has_buffers")

    @property
    def _family(self) -> str:  # type: ignore[override]
        return f"time {self.layer._family}"

    @property
    def _family_after(self) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        after = self.layer._family_after
        return after and f"time {after}"

    @property
    def _arity(self) -> tuple[int, int | None]:  # type: ignore[override]
        arity = self.layer._arity
        return (1, 1) if arity == (0, 0) else arity  # `Parameters` are repeated as often as it is.

    @property
    def _thawed(self) -> Layer:
        inside = self.layer._thawed
        return self if inside is self.layer else TimeDistributed(inside)

    def _around(self, layer: Layer, path: str) -> Layer:
        return TimeDistributed(layer)

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        return replace(self, layer=self.layer._map(change))

    def _within(self, shape: Any) -> Any:
        if shape and isinstance(shape[0], tuple):  # Of several inputs.
            return tuple(map(self._within, shape))
        return shape and shape[1:]

    def _check_axes(self, shape: Shape) -> None:
        if len(shape) < 2:
            wanted = f"expects an axis before those of {name_of(self.layer)}"
            raise self._misfit(f"{wanted}, got shape {show(shape)}", shape)

    def _shape(self, shape: Any) -> Shape:
        if isinstance(shape[0], tuple):
            return self._merge(shape, None)
        self._check_axes(shape)
        inside = shape[1:]
        try:
            output = self.layer._shape(inside)
        except ShapeError as error:
            error._hint = ""  # It would be about an input without the axis.
            raise
        return shape if output is inside else (shape[0], *output)

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first = outputs[0]
        for one in outputs:
            self._check_axes(one)
            if one[0] != first[0]:
                problem = "the first axes of all inputs must be equal"
                raise self._misfit(f"{problem}, got {show(first)} and {show(one)}")
        merged = self.layer._merge([one[1:] for one in outputs], self._within(shape))
        return (first[0], *merged)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return self.layer._tensors(self._within(shape))

    def _params(self, shape: Shape | None) -> int:
        return self.layer._params(self._within(shape))

    def _macs(self, shape: Any, output: Shape | None, *others: Shape) -> int:
        macs = self.layer._macs(*map(self._within, (shape, output, *others)))
        if not macs:
            return 0
        first = self._needed(shape, "the number of multiply-accumulates")
        inputs: Any = first if isinstance(first[0], tuple) else (first,)  # It may be of several.
        times: int = inputs[0][0]
        return times * macs

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """That of a batch of all positions."""
        times = output[0]
        return tuple(
            [
                one._replace(
                    source=None if one.size and times > 1 else one.source, size=times * one.size
                )
                for one in self.layer._saved(self._within(tuple(shapes)), output[1:])
            ]
        )

    def _sources(self, shape: Form) -> Sources:
        return beside_time(self.layer.sources(shape[1:]))

    def _covering(self, shape: Form) -> Sources:
        return beside_time(self.layer._covering(shape[1:]))

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        inside = self.layer._sources_of([one[1:] for one in before], self._within(output))
        return [None if one is None else beside_time(one) for one in inside]

    def _joined_dim(self, ranks: Sequence[int]) -> int | None:
        dim = self.layer._joined_dim([rank - 1 for rank in ranks])
        return None if dim is None else dim + 1

    def _stated_shape(self) -> Shape | None:
        return None

    def _stated_form(self) -> Form | None:
        form = self.layer._stated_form()
        return form and (None, *form)

    def _doubt(self, shape: Shape, layout: str) -> str:
        return self.layer._doubt(shape[1:], layout.removeprefix("time "))
