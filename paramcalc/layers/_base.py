"""What every layer can be asked, and what a layer of the library is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

from paramcalc._checks import (
    as_answer,
    as_bool,
    as_form,
    as_lengths,
    as_shape,
    as_str,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, ShapeError, show
from paramcalc.formulas import Term
from paramcalc.layers import _fields
from paramcalc.layers._fields import Spec
from paramcalc.layers._windows import Sources as Sources, Window as Window

T = TypeVar("T")

Shape = tuple[int, ...]
"""The lengths of all axes but the batch axis, such as (channels, height, width)."""
Form = tuple[int | None, ...]
"""A shape, with None for each length that is not known."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that a layer keeps: its name, its shape, and whether it is trained.

    Args:
        name: what torch calls it: `weight`, `bias`, `running_mean`; in a network, after the
            path of its layer.
        shape: its axes as torch allocates them; `()` for a single value.
        trainable: False for a buffer, such as a running mean, and for frozen weights.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: an axis is shorter than 1.

    Example:
        >>> Parameter("weight", (5, 3, 5, 5)).size
        375
    """

    name: str
    shape: Shape
    trainable: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", as_str(self.name, self, "name"))
        shape = as_lengths(self.shape, self, "shape")
        pairs = zip(self.shape, shape, strict=True)  # A Term remembers how it was made.
        shape = tuple([own if isinstance(own, Term) else plain for own, plain in pairs])
        object.__setattr__(self, "shape", shape)
        as_bool(self.trainable, self, "trainable")

    @property
    def size(self) -> int:
        """How many values the tensor holds."""
        return prod(self.shape)


class Layer:
    """What all layers have in common, and the base class of your own layers.

    A subclass defines `output_shape` and, if it keeps tensors, `parameters`; the
    number of parameters follows. If it multiplies, it defines `num_macs` as well,
    which is 0 otherwise. Within a network these get a tuple of ints of at least 1,
    or None where parameters are counted without a shape.

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
    """How deep networks nest in it: 0 for a layer, at least 1 for a network."""
    _network_size: int = 1
    """How many layers there are in it, itself included."""
    _family: str = ""
    """What the axes of its input are: "spatial", "features", "sequence", or "plain" for axes with
    no meaning of their own; empty for the same as those of the layer before."""
    _family_after: str = ""
    """The same for its output, where that is another."""
    _axis_symbol: str = ""
    """What its channels or features are called in formulas."""
    _channels_last: bool = False
    _has_gaps: bool = True
    """Whether it may refuse a length between two that it takes."""
    _is_view: bool = False
    """Whether its output is its input's memory, when the network is run."""

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        """The output shape, without the batch axis.

        Args:
            input_shape: the input shape, without the batch axis; not needed if the
                network starts with an `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        raise TypeError(f"{name_of(self)}: a layer must define output_shape")

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        """The tensors that the layer keeps, trainable or not.

        Args:
            input_shape: the input shape; not needed where the channels and features
                are given.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return ()

    def num_params(self, input_shape: Shape | None = None) -> int:
        """How many values are trained: weights and biases, scales and shifts.

        Args:
            input_shape: the input shape; not needed where the channels and features
                are given.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return sum([one.size for one in Layer._tensors(self, input_shape) if one.trainable])

    def num_macs(self, input_shape: Shape | None = None) -> int:
        """How many multiply-accumulates one example costs.

        Those of convolutions, dense and recurrent layers, one for each use of a weight,
        and of the products of attention. Operations on single values, as by biases,
        normalizations, and gates, are not counted.

        Args:
            input_shape: the input shape; not needed if the network starts with an
                `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return 0

    def sources(self, input_shape: Form) -> Sources:
        """Where each axis of the output comes from: what receptive fields are computed from.

        An axis of the input that is the source of none is seen whole.

        Args:
            input_shape: the input shape; None for lengths that are not known.

        Returns:
            For each axis of the output the number of the input's axis it comes from and
            a `Window`; or None, if it comes from no single one.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints and None.
            ShapeError: it depends on a length that is not known, or the input does not
                have as many axes as the layer takes.
        """
        raise self._misfit("sources() must say which positions it sees, for a receptive field")

    # What networks and verbs ask. The shape was checked where it came in, and is None where
    # parameters are counted without one. The answers of a user's own layer are checked here.

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

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        """Add what the layer does, at `path`, to the output of node `source`; return its own node.

        Networks enter themselves among the `networks`, by their path.
        """
        nodes.append((path, self, source, (source,)))
        return len(nodes) - 1

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        """The layer as changed; of a network that holds layers, a copy with each changed."""
        return change(self)

    if TYPE_CHECKING:

        def _merge(self, outputs: list[Shape], shape: Shape | None) -> Shape:
            """The output of a network's branches, merged: what only those have."""
            ...

    def _checked(self, input_shape: object) -> Shape | None:
        """The shape a caller gives, checked; or the one that a leading `Input` states; or None."""
        return self._stated_shape() if input_shape is None else as_shape(input_shape, self)

    def _stated_shape(self) -> Shape | None:
        """The input shape, where an `Input` states it."""
        return None

    def _stated_form(self) -> Form | None:
        """The input shape that the layer states, with None for lengths it leaves open."""
        return self._stated_shape()

    def _stated_rank(self) -> int | None:
        """How many spatial axes there are, if a field says so."""
        return None

    def _period(self) -> int | None:
        """After how many positions what the layer does is repeated; None if that is not known."""
        return None

    def _needed(self, shape: Shape | None, what: str) -> Shape:
        """The shape; refused where there is none, naming `what` depends on it."""
        if shape is None:
            raise self._missing(what)
        return shape

    def _missing(self, what: str) -> ShapeError:
        """The error for a question that cannot be answered without the input shape."""
        return self._misfit(
            f"{what} depends on the input: give input_shape or start with Input(...)"
        )

    def _misfit(
        self, problem: str, shape: Form | None = None, *compared: tuple[int, int | None]
    ) -> ShapeError:
        """The error for an input that does not fit.

        Args:
            problem: the rule and the values.
            shape: the input shape.
            *compared: where another number would fit, pairs (got, wanted); (got, None), where
                several would.
        """
        known: Any = None if shape is None or None in shape else shape
        error = ShapeError(problem, layer=self, input_shape=known)
        error._compared = compared  # pyright: ignore[reportPrivateUsage]
        return error

    @property
    def _thawed(self) -> Layer:
        """The layer, or the one inside that is frozen."""
        return self


Node = tuple[str, Layer, int, tuple[int, ...]]
"""A layer in a network: its path, the layer, the node whose output is its input shape, and those
that it reads: several, where branches are merged. -1 is the network's input."""


class Builtin(Layer):
    """A layer of this library: checks what callers pass, and answers networks without.

    Its class declares its fields and answers `_shape`, `_tensors`, `_params`, `_macs` and
    `_sources` for shapes that were checked; everything else follows.
    """

    __slots__ = ()
    _has_gaps = False
    _specs: Mapping[str, Spec] = MappingProxyType({})
    """Its declared fields."""
    _reads: tuple[tuple[str, Callable[..., object], bool], ...] = ()
    """How each is read, for the hot path."""
    _stating: str = ""
    """The field that states a part of the input shape, if one does."""
    _has_own_init: bool = False
    _rank: int | None = None
    """The number of spatial axes, where it is fixed."""

    def __init_subclass__(cls) -> None:
        """Refuse subclasses outside the library: their fields could neither be read nor copied."""
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
        """The input shape, if there is one and the layer takes it."""
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

    # What follows from the declared fields.

    def __post_init__(self) -> None:
        for name, read, per_axis in self._reads:
            value = getattr(self, name)
            rank = (self._rank,) if per_axis else ()
            stored = read(value, self, name, *rank)
            if stored is not value:
                object.__setattr__(self, name, stored)
        self._check()

    def _set(self, *values: Any, rank: int | None = None) -> None:
        """Store the fields, in order, as they are read for a number of axes."""
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
        """The length that a field states; where the field is None, the input's."""
        stated: int | None = getattr(self, self._stating)
        if stated is not None:
            return stated
        known = self._needed(shape, f"{self._stating} is None, so the number of parameters")
        return known[self._stated_axis()]

    def _stated_axis(self) -> int:
        return -1

    def _stated_rank(self) -> int | None:
        if self._rank is not None:
            return self._rank
        values = [getattr(self, name) for name, spec in self._specs.items() if spec.per_axis]
        return next((len(one) for one in map(entries, values) if one is not None), None)

    def __repr__(self) -> str:
        """The shortest call that makes an equal layer: defaults are left out."""
        cls: Any = type(self)
        usual = defaults_of(cls)
        required = [name for name in self._specs if name not in usual]
        if self._has_own_init:  # Its defaults are stored in another form.
            plain = cls(*[getattr(self, name) for name in required])
            usual = {name: getattr(plain, name) for name in usual}
        shown = [self._brief(getattr(self, name)) for name in required]
        for position, name in enumerate(self._specs):
            value = getattr(self, name)
            if name in usual and value != usual[name]:
                is_first = position == 0 and name in cls.__match_args__
                shown.append(("" if is_first else f"{name}=") + self._brief(value))
        return f"{cls.__name__}({', '.join(shown)})"

    def _brief(self, value: Any) -> str:
        """What all axes have in common stands for them, where their number is fixed."""
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


@cache
def defaults_of(cls: type) -> dict[str, Any]:
    """The defaults of what a layer is made with."""
    return {
        name: one.default
        for name, one in signature(cls).parameters.items()
        if one.default is not one.empty
    }


def make(cls: Callable[..., T], fields: dict[str, object]) -> T:
    """A layer from its fields: what pickle calls, so that what it brings back has been checked."""
    return cls(**fields)


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(
        _fields.choice,
        _fields.count,
        _fields.data_format,
        _fields.declared,
        _fields.flag,
        _fields.integer,
        _fields.optional_count,
        _fields.padding,
        _fields.per_axis,
        _fields.sides,
    ),
)
def layer(cls: type[T]) -> type[T]:
    """Make a class with declared fields a slotted dataclass that reads what it is given."""
    own_init = "__init__" in vars(cls)
    made: Any = dataclass(init=not own_init, repr=False, frozen=True, slots=True)(cls)
    made._has_own_init = own_init
    del made.__setattr__, made.__delattr__  # `Builtin` has them, with better words.
    made._specs = {one.name: one.metadata["spec"] for one in dataclasses.fields(made)}
    made._reads = tuple([(name, one.read, one.per_axis) for name, one in made._specs.items()])
    for name, spec in made._specs.items():
        if spec.states:
            made._stating = name
            made._axis_symbol = "" if spec.states == "last axes" else spec.symbol
    return made  # type: ignore[no-any-return]
