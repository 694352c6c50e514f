"""What every layer can be asked, and how the question reaches it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar, cast

from paramcalc.errors import ParamcalcError, ShapeError, join_path, show
from paramcalc.layers.checks import as_bool, as_count, as_lengths, as_shape, is_sequence, name

Shape = tuple[int, ...]
"""The lengths of all axes but the batch's, such as (channels, height, width)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that a layer keeps.

    Args:
        name: what torch calls it: `weight`, `bias`, `running_mean`; behind the
            path of its layer, in a network.
        shape: its axes as torch allocates them; `()` for a single value.
        trainable: False for what is not learnt, such as a running mean.

    Raises:
        TypeError, ConfigError: an argument of the wrong type; an axis shorter
            than 1.

    Example:
        >>> Parameter("weight", (5, 3, 5, 5)).size
        375
    """

    name: str
    shape: Shape
    trainable: bool = True

    def __post_init__(self) -> None:
        if type(self.name) is not str:
            raise TypeError(f"Parameter: name must be a str, got {show(self.name)}")
        object.__setattr__(self, "shape", as_lengths(self.shape, self, "shape"))
        as_bool(self.trainable, self, "trainable")

    @property
    def size(self) -> int:
        """How many values the tensor holds."""
        return prod(self.shape)


class Layer:
    """What all layers have in common, and where a layer of your own starts.

    A subclass gives `output_shape` and, if it keeps tensors, `parameters`; the
    number of parameters follows. Within a network they are handed a tuple of
    ints of at least 1, or None where the network is only counted.

    Example:
        >>> import paramcalc as pc
        >>> class Scale(pc.Layer):
        ...     def output_shape(self, input_shape=None):
        ...         return input_shape
        ...     def parameters(self, input_shape=None):
        ...         return (pc.Parameter("scale", input_shape[:1]),)
        >>> pc.Sequential(pc.Conv2d(3, 5, 5), Scale()).num_params((3, 32, 32))
        385
    """

    __slots__ = ()

    _depth: int = 0
    """How deep networks nest inside."""
    _num_layers: int = 1

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        """The shape that leaves the layer, without the batch axis.

        Args:
            input_shape: the shape that arrives, without the batch axis; not
                needed behind an `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        raise TypeError(f"{name(self)}: a layer must define output_shape")

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        """The tensors the layer keeps, learnt or not.

        Args:
            input_shape: the shape that arrives; not needed where no field is
                left to be taken from it.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return ()

    def num_params(self, input_shape: Shape | None = None) -> int:
        """How many values are learnt: weights and biases, scales and shifts.

        Args:
            input_shape: the shape that arrives; not needed where no field is
                left to be taken from it.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return sum(
            [parameter.size for parameter in self.parameters(input_shape) if parameter.trainable]
        )

    def num_macs(self, input_shape: Shape | None = None) -> int:
        """How many multiply-accumulates one example costs.

        One for each use of a weight; biases are not counted.

        Args:
            input_shape: the shape that arrives; not needed behind an `Input`.

        Raises:
            TypeError: `input_shape` is not a tuple or list of ints.
            ShapeError: the shape does not fit, or is needed and missing.
        """
        return 0

    # What networks ask. The shape has been checked, and is None where it is not known. The answers
    # of a layer that is not of this library have not been, and are checked here.

    def _output_shape(self, shape: Shape) -> Shape:
        return as_shape(self.output_shape(shape), self, "output_shape()")

    def _parameters(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return as_parameters(self.parameters(shape), self)

    def _num_params(self, shape: Shape | None) -> int:
        return as_count(self.num_params(shape), self, "num_params()", minimum=0)

    def _num_macs(self, shape: Shape | None, output: Shape | None) -> int:
        return as_count(self.num_macs(shape), self, "num_macs()", minimum=0)

    def _walk(self, shape: Shape | None, path: str = "") -> Generator[Visit, None, Shape | None]:
        """Yield (path, layer, input shape, output shape) of each layer; return the last shape."""
        try:
            output = None if shape is None else self._output_shape(shape)
        except ParamcalcError as error:
            locate(error, path, self)
            raise
        yield path, self, shape, output
        return output

    def _arriving(self, input_shape: object) -> Shape | None:
        """The shape a caller gives, checked; or the one a leading `Input` gives; or None."""
        return self._stated_shape() if input_shape is None else as_shape(input_shape, self)

    def _stated_shape(self) -> Shape | None:
        """The shape that a leading `Input` gives."""
        return None

    def _missing(self, what: str) -> ParamcalcError:
        """The error for a question that cannot be answered without the input's shape."""
        return self._misfit(
            f"{what} depends on the input: give input_shape or start with Input(...)"
        )

    def _misfit(self, problem: str, shape: Shape | None = None) -> ParamcalcError:
        return ShapeError(problem, layer=self, input_shape=shape)


Visit = tuple[str, Layer, Shape | None, Shape | None]


class CheckedLayer(Layer):
    """A layer of this library: checks what callers pass, and answers networks without.

    So a network checks its input once, and the very ints that arrive at a layer
    reach the formulas.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Refuse an answer of one's own that networks, which ask the other methods, would miss."""
        own = {"output_shape", "parameters", "num_params", "num_macs"} & vars(cls).keys()
        if own:
            raise TypeError(
                f"{cls.__name__}: a layer with its own {min(own)} must be a subclass of Layer alone"
            )

    def output_shape(self, input_shape: Shape | None = None) -> Shape:
        shape = self._arriving(input_shape)
        if shape is None:
            raise self._missing("the output shape")
        return self._output_shape(shape)

    def parameters(self, input_shape: Shape | None = None) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        for path, parameters in self._ask(
            input_shape, lambda layer, shape, _: layer._parameters(shape)
        ):
            prefix = path and path + "."
            found += [Parameter(prefix + one.name, one.shape, one.trainable) for one in parameters]
        return tuple(found)

    def num_params(self, input_shape: Shape | None = None) -> int:
        shape = self._arriving(input_shape)
        if shape is None:
            return self._num_params(None)
        return sum(
            [
                number
                for _, number in self._ask(shape, lambda layer, shape, _: layer._num_params(shape))
            ]
        )

    def num_macs(self, input_shape: Shape | None = None) -> int:
        answers = self._ask(
            input_shape, lambda layer, shape, output: layer._num_macs(shape, output)
        )
        return sum([number for _, number in answers])

    def _ask(
        self, input_shape: object, question: Callable[[Layer, Shape | None, Shape | None], T]
    ) -> Iterator[tuple[str, T]]:
        """Yield (path, answer) of each layer to a question about it and the shapes at its ends."""
        for path, layer, shape, output in self._walk(self._arriving(input_shape)):
            try:
                yield path, question(layer, shape, output)
            except ParamcalcError as error:
                locate(error, path, layer)
                raise

    def _parameters(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return ()

    def _num_params(self, shape: Shape | None) -> int:
        return 0

    def _num_macs(self, shape: Shape | None, output: Shape | None) -> int:
        return 0

    def __repr__(self) -> str:
        """The shortest call that makes an equal layer: defaults are left out."""
        cls: Any = type(self)
        required = cls.__match_args__[
            : len(cls.__match_args__) - len(cls.__init__.__defaults__ or ())
        ]
        plain = cls(*[getattr(self, field) for field in required])
        shown = [self._brief(getattr(self, field)) for field in required]
        for field in dataclasses.fields(cls):
            value = getattr(self, field.name)
            if value != getattr(plain, field.name):
                shown.append(f"{field.name}={self._brief(value)}")
        return f"{cls.__name__}({', '.join(shown)})"

    def _brief(self, value: Any) -> str:
        return repr(value)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        cls: Any = type(self)
        return make, (
            cls,
            {field.name: getattr(self, field.name) for field in dataclasses.fields(cls)},
        )


def make(cls: Callable[..., T], fields: dict[str, object]) -> T:
    """A layer from its fields: what pickle calls, so that what it brings back has been checked."""
    return cls(**fields)


def as_parameters(value: Any, layer: Layer) -> tuple[Parameter, ...]:
    """`value`, which must be a tuple of Parameter."""
    if is_sequence(value) and all(isinstance(one, Parameter) for one in value):
        return tuple(value)
    raise TypeError(f"{name(layer)}: parameters() must be a tuple of Parameter, got {show(value)}")


def steps(
    network: object, input_shape: object, verb: str
) -> Iterator[tuple[str, Layer, Shape, Shape]]:
    """Yield (path, layer, input shape, output shape) of each layer in turn, for a verb's caller."""
    if not isinstance(network, Layer):
        raise TypeError(f"{verb}: network must be a Layer, got {show(network)}")
    shape = network._arriving(input_shape)  # pyright: ignore[reportPrivateUsage]  # for the verbs
    if shape is None:
        raise network._missing("the output shape")  # pyright: ignore[reportPrivateUsage]
    visits = network._walk(shape)  # pyright: ignore[reportPrivateUsage]
    return cast("Iterator[tuple[str, Layer, Shape, Shape]]", visits)


def locate(error: ParamcalcError, path: str, layer: Layer) -> None:
    """Tell `error` where it happened, as seen by the network that has `layer` at `path`."""
    error.path = join_path(path, error.path)
    if error.layer is None:
        error.layer = layer
