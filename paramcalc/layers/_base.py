"""The base classes of layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from paramcalc._checks import (
    as_answer,
    as_form,
    as_shape,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, ShapeError, show
from paramcalc.layers._fields import Spec, make, stored_defaults
from paramcalc.layers._parameter import Form as Form, Parameter as Parameter, Shape as Shape
from paramcalc.layers._windows import Sources as Sources, Window as Window


class Layer:
    """The base class of all layers, and of your own.

    Shapes leave out the batch axis. `input_shape` is a tuple or list of ints. It may be left out
    after an `Input`, and by `parameters` and `num_params` where no channels or features are None.

    A subclass defines `output_shape` and, if it keeps tensors, `parameters`; the number of
    parameters follows. If it multiplies, it defines `num_macs` too. Inside a network these get a
    tuple of ints of at least 1, or None where parameters are counted without a shape.

    Raises:
        TypeError: a field or `input_shape` is of the wrong type.
        ConfigError: a field is out of range, or two fields do not go together.
        ShapeError: the input does not fit, or its shape is needed and missing.

    Example:
        >>> import paramcalc as pc
        >>> class Scale(pc.Layer):
        ...     def output_shape(self, input_shape=None):
        ...         return input_shape
        ...     def parameters(self, input_shape=None):
        ...         return (pc.Parameter("scale", ()),)
        >>> pc.Sequential(pc.Conv2d(3, 5, 5), Scale()).num_params()
        381
    """

    __slots__ = ("__weakref__",)

    _network_depth: int = 0
    """How deep networks nest in it; 0 for a layer."""
    _network_size: int = 1
    """The number of layers in it, itself included."""
    _family: str = ""
    """What the axes of its input are: "spatial", "features", "sequence", or "plain" for axes
    without a meaning of their own; empty for those of the layer before."""
    _family_after: str = ""
    """The same for its output, if that differs."""
    _format_after: str | None = None
    """The data format for the layers after it."""
    _is_frozen: bool = False
    _shared_name: str = ""
    _kind: str = ""
    """What a picture colors it as: a key of `COLORS` in render/svg.py."""
    _stating: str = ""
    """The field that states a part of the input shape."""
    _axis_symbol: str = ""
    """The symbol of its channels or features in formulas."""
    _channels_last: bool = False
    _has_gaps: bool = True
    """Whether it may refuse a length between two that it accepts."""
    _input_names: tuple[str, ...] = ("input",)
    """The names of what it must be given."""
    _most_inputs: int | None = 1
    """How many tensors it may be called on; None is any number."""
    _has_buffers: bool = True  # Or whatever a user's own layer keeps.
    _is_view: bool = False  # Whether its output is the memory of its input, at inference.

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        """The output shape."""
        raise TypeError(f"{name_of(self)}: a layer must define output_shape")

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        """The tensors that the layer keeps, trainable or not."""
        return ()

    def num_params(self, input_shape: Shape | None = None) -> int:
        """The number of trainable values: weights and biases, scales and shifts."""
        return sum([one.size for one in Layer._tensors(self, input_shape) if one.trainable])

    def num_macs(self, input_shape: Shape | None = None) -> int:
        """The number of multiply-accumulates for one example.

        Convolutions, dense and recurrent layers cost one per use of a weight; the products of
        attention count too. Biases, normalizations, gates and activations do not.
        """
        return 0

    def sources(self, input_shape: Form) -> Sources:
        """Where each axis of the output comes from: the basis of receptive fields.

        Lengths of `input_shape` may be None. Per output axis the answer is (input axis, `Window`),
        or None if it comes from no single axis. An input axis that is never named is seen whole.
        """
        raise self._misfit("a layer must define sources() for a receptive field")

    # What networks and verbs ask. The shape is checked, and None where parameters are counted
    # without one. The answers of a user's own layer are checked here.

    def _shape(self, shape: Shape) -> Shape:
        return as_shape(self.output_shape(shape), self, "output_shape()")

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        given = entries(tensors := self.parameters(shape))
        if given is None or not all(isinstance(one, Parameter) for one in given):
            raise TypeError(wrong(self, "parameters()", "be a tuple of Parameter", tensors))
        return given

    def _params(self, shape: Shape | None) -> int:
        return as_answer(self.num_params(shape), self, "num_params()")

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return as_answer(self.num_macs(shape), self, "num_macs()")

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        """Append the layer, at `path`, reading nodes `sources`; return the node of its output.

        Networks also enter themselves in `networks`, by path.
        """
        nodes.append((path, self, sources[0], sources))
        return len(nodes) - 1

    def _write_all(
        self, nodes: Nodes, networks: Networks, path: str, *sources: int
    ) -> tuple[int, ...]:
        """The same; return the nodes of all its outputs."""
        return (self._write(nodes, networks, path, *sources),)

    def _doubt(self, shape: Shape, layout: str) -> str:
        """Why it is likely not meant to read an input of this shape and layout, if so."""
        return ""

    def _with_format(self, data_format: str) -> Layer:
        """The layer with this data format, if it lacks one."""
        return self

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        """Its text in a table; a size that it takes from an input of this shape is marked."""
        return repr(self)

    def _parts(self, path: str = "") -> list[tuple[str, Layer]]:
        """The path and the layer of each layer that a container at `path` is made of."""
        return []

    def _inside(self) -> Layer:
        """The same as a network of its parts, if it has any."""
        return self

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        """The changed layer; of a network, a copy with each layer changed."""
        return change(self)

    if TYPE_CHECKING:

        def _merge(self, outputs: list[Shape], shape: Shape | None) -> Shape:
            """The output for several inputs; most layers have one."""
            ...

    def _checked(self, input_shape: object) -> Shape | None:
        """The shape from a caller, checked; else the one that an `Input` states; else None."""
        return self._stated_shape() if input_shape is None else as_shape(input_shape, self)

    def _stated_shape(self) -> Shape | None:
        """The input shape, if an `Input` states it."""
        return None

    def _stated_form(self) -> Form | None:
        """The input shape that the fields state, with None for open lengths."""
        return self._stated_shape()

    def _stated_rank(self) -> int | None:
        """The number of spatial axes, if a field states it."""
        return None

    def _period(self) -> int | None:
        """The number of positions after which the layer repeats itself; None if unknown."""
        return None

    def _needed(self, shape: Shape | None, what: str) -> Shape:
        """The shape; if there is none, an error that says `what` depends on it."""
        if shape is None:
            raise self._missing(what)
        return shape

    def _missing(self, what: str) -> ShapeError:
        return self._misfit(
            f"{what} depends on the input: give input_shape or start with Input(...)"
        )

    def _misfit(
        self, problem: str, shape: Form | None = None, *compared: tuple[int, int | None]
    ) -> ShapeError:
        """The error for an input that does not fit; `compared` as in `ParamcalcError._compared`."""
        known: Any = None if shape is None or None in shape else shape
        error = ShapeError(problem, layer=self, input_shape=known)
        error._compared = compared
        return error

    @property
    def _thawed(self) -> Layer:
        """The layer; the one inside, if it is frozen or shared."""
        return self


Node = tuple[str, Layer, int, tuple[int, ...]]
"""A layer in a network: its path, itself, the node that gives its input shape, and the nodes that
it reads: several for a merge. -1 is the network's input, -2 its second."""
Nodes = list[Node]
Networks = dict[str, Layer]
"""The networks in a network, by path."""


class Builtin(Layer):
    """A layer of this library: public methods check, private ones trust.

    Its class declares the fields and answers `_shape`, `_tensors`, `_params`, `_macs` and
    `_sources` for checked shapes; everything else follows.
    """

    __slots__ = ("_kept_hash",)
    _has_gaps = False
    _has_buffers = False
    _specs: Mapping[str, Spec] = MappingProxyType({})
    _reads: tuple[tuple[str, Callable[..., object], bool], ...] = ()
    """Name, reader and whether it is per axis of each field, for the hot path."""
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

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        return self._shape(self._needed(self._checked(input_shape), "the output shape"))

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        return self._tensors(self._fitting(input_shape))

    def num_params(self, input_shape: Shape | None = None) -> int:
        return self._params(self._fitting(input_shape))

    def num_macs(self, input_shape: Shape | None = None) -> int:
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

    def _sources(self, shape: Form) -> Sources:
        return tuple([(axis, Window()) for axis in range(len(shape))])

    def _period(self) -> int | None:
        return 1

    def __post_init__(self) -> None:
        for name, read, per_axis in self._reads:
            value = getattr(self, name)
            rank = (self._rank,) if per_axis else ()
            stored = read(value, self, name, *rank)
            if stored is not value:
                object.__setattr__(self, name, stored)
        self._check()

    def _set(self, *values: Any, rank: int | None = None) -> None:
        """Read and store the fields, in order, for a number of axes."""
        put, rank = object.__setattr__, rank or self._rank
        for (name, read, per_axis), value in zip(self._reads, values, strict=True):
            if per_axis:
                put(self, name, read(value, self, name, rank))
            else:
                put(self, name, read(value, self, name))
        self._check()

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
