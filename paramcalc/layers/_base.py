"""What every layer can be asked, and how the question reaches it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from paramcalc._checks import (
    as_answer,
    as_bool,
    as_form,
    as_int,
    as_lengths,
    as_shape,
    as_str,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError
from paramcalc.formulas import Term

TYPE_CHECKING = False  # Importing typing would be a tenth of the import of all this.
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeVar

    T = TypeVar("T")


Shape = tuple[int, ...]
"""The lengths of all axes but the batch's, such as (channels, height, width)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that a layer keeps.

    Args:
        name: what torch calls it: `weight`, `bias`, `running_mean`; behind the
            path of its layer, in a network.
        shape: its axes as torch allocates them; `()` for a single value.
        trainable: False for what is not learnt, such as a running mean.

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


@dataclass(frozen=True, slots=True)
class Window:
    """Which positions of an axis a position of the output sees.

    Position j sees each position i for which `spacing·i` is one of
    `stride·j − padding + dilation·t`, with t from 0 to kernel_size − 1. Spacing is
    1 but where an axis becomes longer, as in a transposed convolution.

    Args:
        kernel_size: taps.
        stride: steps from one window to the next; 0, if all are the same.
        padding: positions that the first window begins before the axis; negative, if
            it begins on it.
        dilation: steps from one tap to the next.
        spacing: steps from one position of the axis to the next.

    Raises:
        TypeError: a field is not an int.
        ConfigError: a field is out of its range.

    Example:
        >>> Window(3, stride=2, padding=1)
        Window(kernel_size=3, stride=2, padding=1, dilation=1, spacing=1)
    """

    kernel_size: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    spacing: int = 1

    def __post_init__(self) -> None:
        least = {"kernel_size": 1, "stride": 0, "padding": None, "dilation": 1, "spacing": 1}
        for field, smallest in least.items():
            number = as_int(getattr(self, field), self, field)
            if smallest is not None and number < smallest:
                raise ConfigError(wrong(self, field, f"be at least {smallest}", number))
            object.__setattr__(self, field, number)


Sources = tuple[tuple[int, Window] | None, ...]
"""For each axis that leaves a layer the axis it comes from, and by which window; None, if it comes
from no single one, such as channels do that are made of all."""


class Layer:
    """What all layers have in common, and where a layer of your own starts.

    A subclass gives `output_shape` and, if it keeps tensors, `parameters`; the
    number of parameters follows. If it multiplies, it gives `num_macs` as well,
    which is 0 otherwise. Within a network they are handed a tuple of ints of at
    least 1, or None where the network is only counted.

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
    _network_size: int = 1
    _is_view: bool = False
    """Whether its output is its input's memory, when the network is run."""

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        """The shape that leaves the layer, without the batch axis.

        Args:
            input_shape: the shape that arrives, without the batch axis; not
                needed if the network starts with an `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        raise TypeError(f"{name_of(self)}: a layer must define output_shape")

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        """The tensors the layer keeps, learnt or not.

        Args:
            input_shape: the shape that arrives; not needed where the channels
                and features are given.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return ()

    def num_params(self, input_shape: Shape | None = None) -> int:
        """How many values are learnt: weights and biases, scales and shifts.

        Args:
            input_shape: the shape that arrives; not needed where the channels
                and features are given.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        parameters = as_parameters(self.parameters(input_shape), self)
        return sum([one.size for one in parameters if one.trainable])

    def num_macs(self, input_shape: Shape | None = None) -> int:
        """How many multiply-accumulates one example costs.

        Those of convolutions, dense and recurrent layers, one for each use of a weight,
        and of the products of attention. What is done to each value by itself, as by
        biases, normalizations and gates, is not counted.

        Args:
            input_shape: the shape that arrives; not needed if the network
                starts with an `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return 0

    def sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        """Where each axis that leaves comes from: what receptive fields are worked out by.

        An axis that arrives and is the source of none is seen whole.

        Args:
            input_shape: the shape that arrives; None for lengths that are not known.

        Returns:
            For each axis that leaves the number of the axis it comes from and a `Window`;
            or None, if it comes from no single one.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints and None.
            ShapeError: it is not known, or depends on a length that is not; or the input has not
                as many axes as the layer takes.
        """
        raise self._misfit("sources() must say which positions it sees, for a receptive field")

    # What networks ask. The shape has been checked, and is None where it is not known. The answers
    # of a layer that is not of this library have not been, and are checked here.

    def _shape(self, shape: Shape) -> Shape:
        return as_shape(self.output_shape(shape), self, "output_shape()")

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return as_parameters(self.parameters(shape), self)

    def _params(self, shape: Shape | None) -> int:
        return as_answer(self.num_params(shape), self, "num_params()")

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return as_answer(self.num_macs(shape), self, "num_macs()")

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        """Add what the layer does, at `path` and from node `source` on; return the node of its end.

        Networks enter themselves among the `networks`, by their path.
        """
        nodes.append((path, self, source, (source,)))
        return len(nodes) - 1

    def _map(self, change: Callable[[Layer], Layer]) -> Layer:
        """The layer as changed; of a network, a copy with each layer in it changed."""
        return change(self)

    @property
    def _thawed(self) -> Layer:
        """The layer, or the one inside that is frozen."""
        return self

    def _arriving(self, input_shape: object) -> Shape | None:
        """The shape a caller gives, checked; or the one a leading `Input` gives; or None."""
        return self._stated_shape() if input_shape is None else as_shape(input_shape, self)

    def _stated_shape(self) -> Shape | None:
        """The shape that a leading `Input` gives."""
        return None

    def _needed(self, shape: Shape | None, what: str) -> Shape:
        """The shape; refused where there is none, naming `what` depends on it."""
        if shape is None:
            raise self._missing(what)
        return shape

    def _missing(self, what: str) -> ParamcalcError:
        """The error for a question that cannot be answered without the input's shape."""
        return self._misfit(
            f"{what} depends on the input: give input_shape or start with Input(...)"
        )

    def _misfit(self, problem: str, shape: tuple[int | None, ...] | None = None) -> ParamcalcError:
        known: Any = None if shape is None or None in shape else shape
        return ShapeError(problem, layer=self, input_shape=known)


Node = tuple[str, Layer, int, tuple[int, ...]]
"""A layer in a network: its path, the layer, the node whose output is its input shape, and those
that it reads: several, where branches are merged. -1 is the network's input."""


class Builtin(Layer):
    """A layer of this library: checks what callers pass, and answers networks without.

    So a network checks its input once, and the very ints that arrive at a layer
    reach the formulas.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Let no other layer pretend to be one of these: it could neither be checked nor copied."""
        if not cls.__module__.startswith("paramcalc."):
            parent = cls.__mro__[1].__name__
            raise TypeError(
                f"{cls.__name__}: {parent} cannot be subclassed; "
                f"write a function that returns one, or a subclass of Layer"
            )
        if "__setattr__" in vars(cls):  # The one of a slotted dataclass fails for other names.
            for method in ("__setattr__", "__delattr__"):
                setattr(cls, method, refuse_change)

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        shape = self._needed(self._arriving(input_shape), "the output shape")
        return self._shape(shape)

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        return self._tensors(self._fitting(input_shape))

    def num_params(self, input_shape: Shape | None = None) -> int:
        return self._params(self._fitting(input_shape))

    def num_macs(self, input_shape: Shape | None = None) -> int:
        shape = self._arriving(input_shape)
        return self._macs(shape, None if shape is None else self._shape(shape))

    def _fitting(self, input_shape: object) -> Shape | None:
        """The input shape, if there is one, and the layer takes it."""
        shape = self._arriving(input_shape)
        if shape is not None:
            self._shape(shape)
        return shape

    def sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        shape = as_form(input_shape, self, self)
        self._check_rank(shape)
        return self._sources(shape)

    def _check_rank(self, shape: tuple[int | None, ...]) -> None:
        """Refuse what has not as many axes as the layer takes, if that is certain."""

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return tuple([(axis, Window()) for axis in range(len(input_shape))])

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return ()

    def _params(self, shape: Shape | None) -> int:
        return 0

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return 0

    def __repr__(self) -> str:
        """The shortest call that makes an equal layer: defaults are left out."""
        cls: Any = type(self)
        required = cls.__match_args__[
            : len(cls.__match_args__) - len(cls.__init__.__defaults__ or ())
        ]
        values = [getattr(self, field) for field in required]
        shown = [self._brief(value) for value in values]
        plain = None
        for field in dataclasses.fields(cls)[len(required) :]:
            value, usual = getattr(self, field.name), field.default
            if usual is dataclasses.MISSING:  # It has an __init__ of its own.
                plain = plain or cls(*values)
                usual = getattr(plain, field.name)
            if value != usual:
                is_first = cls.__match_args__[:1] == (field.name,)
                shown.append(("" if is_first else f"{field.name}=") + self._brief(value))
        return f"{cls.__name__}({', '.join(shown)})"

    def _brief(self, value: Any) -> str:
        return repr(value)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        cls: Any = type(self)
        return make, (
            cls,
            {field.name: getattr(self, field.name) for field in dataclasses.fields(cls)},
        )


def refuse_change(self: Builtin, field: str, *_value: object) -> NoReturn:
    """Refuse to set or delete what a layer holds."""
    raise dataclasses.FrozenInstanceError(
        f"{name_of(self)}: {field} cannot be changed; dataclasses.replace() makes a changed copy"
    )


def make(cls: Callable[..., T], fields: dict[str, object]) -> T:
    """A layer from its fields: what pickle calls, so that what it brings back has been checked."""
    return cls(**fields)


def as_parameters(value: Any, layer: Layer) -> tuple[Parameter, ...]:
    """`value`, which must be a tuple of Parameter."""
    given = entries(value)
    if given is None or not all(isinstance(one, Parameter) for one in given):
        raise TypeError(wrong(layer, "parameters()", "be a tuple of Parameter", value))
    return given
