"""The base class of the layers of this library."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from paramcalc._checks import as_form, entries, name_of
from paramcalc.errors import ConfigError, show
from paramcalc.layers._base import Form, InputShape, Layer, Parameter, Shape, Sources, Window
from paramcalc.layers._fields import Spec, make, named_after, stored_defaults
from paramcalc.layers._saved import Saved


class Builtin(Layer):
    """A layer of this library: public methods check, private ones trust.

    Its class declares the fields and answers `_shape`, `_tensors`, `_params`, `_macs` and
    `_sources` for checked shapes; everything else follows.
    """

    __slots__ = ("_kept_hash",)
    _has_gaps = False
    _has_buffers = False
    _specs: Mapping[str, Spec] = MappingProxyType({})
    _has_own_init: bool = False
    _rank: int | None = None
    """The number of spatial axes, if the class fixes it."""

    def __init_subclass__(cls) -> None:
        """Refuse subclasses outside the library, whose fields could not be read or copied."""
        if not cls.__module__.startswith("paramcalc."):
            parent = cls.__mro__[1].__name__
            raise TypeError(
                f"{cls.__name__}: {parent} cannot be subclassed; "
                f"write a function that returns one, or a subclass of Layer"
            )
        init: Any = cls.__init__
        if "__init__" not in vars(cls) and getattr(init, "__signature__", None):
            made: Any = cls  # For type checkers, it overrides nothing.
            made.__init__ = named_after(cls, init)

    def output_shape(self, input_shape: InputShape | None = None) -> Shape:
        return self._shape(self._needed(self._checked(input_shape), "the output shape"))

    def parameters(self, input_shape: InputShape | None = None) -> tuple[Parameter, ...]:
        return self._tensors(self._fitting(input_shape))

    def num_params(self, input_shape: InputShape | None = None) -> int:
        return self._params(self._fitting(input_shape))

    def num_macs(self, input_shape: InputShape | None = None) -> int:
        shape = self._checked(input_shape)
        return self._macs(shape, None if shape is None else self._shape(shape))

    def sources(self, input_shape: Form) -> Sources:
        return self._sources(as_form(input_shape, self, self))

    def _fitting(self, input_shape: object) -> Shape | None:
        """The input shape, checked against the layer, if there is one."""
        shape = self._checked(input_shape)
        if shape is not None:
            self._shape(shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return ()

    def _params(self, shape: Shape | None) -> int:
        return 0

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return 0

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return ()

    def _sources(self, shape: Form) -> Sources:
        return tuple([(axis, Window()) for axis in range(len(shape))])

    def _period(self) -> int | None:
        return 1

    if TYPE_CHECKING:

        def _set(self, *values: Any, rank: int | None = None) -> None:
            """Read and store the fields, in order, for a number of axes; then check them."""
            ...

    def _check(self) -> None:
        """Refuse fields that do not go together."""

    def _check_divides(self, by: str, field: str) -> None:
        number, parts = getattr(self, field), getattr(self, by)
        if number is not None and number % parts:
            values = f"{by}={show(parts)}, {field}={show(number)}"
            raise ConfigError(f"{name_of(self)}: {by} must divide {field}, got {values}")

    def _stated(self, shape: Shape | None) -> int:
        """The length that a field states, or the input's if the field is None."""
        stated: int | None = getattr(self, self._stating)
        if stated is not None:
            return stated
        known = self._needed(shape, f"{self._stating} is None, so the number of parameters")
        return known[self._stated_axis()]

    def _stated_axis(self) -> int:
        return -1

    def _within(self, shape: Any) -> Any:
        """The shape that a layer in it gets."""
        return shape

    @property
    def _is_open(self) -> bool:
        """Whether its number of parameters depends on the input."""
        return getattr(self, self._stating, "") is None

    def _stated_rank(self) -> int | None:
        if self._rank is not None:
            return self._rank
        values = [getattr(self, name) for name, spec in self._specs.items() if spec.per_axis]
        return next((len(one) for one in map(entries, values) if one is not None), None)

    def __repr__(self) -> str:
        """The shortest call that makes an equal layer: defaults are left out."""
        return self._text()

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        cls: Any = type(self)
        usual = self._usual()
        shown: list[str] = []
        for position, name in enumerate(self._specs):
            value = getattr(self, name)
            is_taken = value is None and shape is not None and name == self._stating
            text = self._brief(value)
            if is_taken and shape:
                text = f"{shape[self._stated_axis()]}{mark}"
            if name not in usual:
                shown.append(text)
            elif value != usual[name] or is_taken:
                is_first = position == 0 and name in cls.__match_args__
                shown.append(("" if is_first else f"{name}=") + text)
        return f"{cls.__name__}({', '.join(shown)})"

    def _usual(self) -> Mapping[str, Any]:
        """The defaults of its fields, as they are stored."""
        cls: Any = type(self)
        return stored_defaults(cls)

    def _brief(self, value: Any) -> str:
        """The text of a field: one number for all axes of a fixed number, if they are equal."""
        sizes = entries(value) if self._rank else None
        alike = sizes and isinstance(sizes[0], int) and len({*sizes}) == 1
        return repr(sizes[0] if sizes and alike else value)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return make, (type(self), {name: getattr(self, name) for name in self._specs})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise dataclasses.FrozenInstanceError(
            f"{name_of(self)}: {name} cannot be changed; dataclasses.replace() makes a changed copy"
        )

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)
