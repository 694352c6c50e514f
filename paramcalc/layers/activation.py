"""Layers that change each value by itself, and no shape."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import as_choice, as_optional_count, as_probability, as_str
from paramcalc.layers._axes import FORMATS, SpatialLayer
from paramcalc.layers._base import Builtin, Parameter, Shape


class Unchanging(Builtin):
    """A layer that lets the shape through as it is."""

    __slots__ = ()

    def _shape(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True, slots=True, repr=False)
class Activation(Unchanging):
    """An activation function under any name.

    Args:
        name: what to call it: "relu", "softmax", "my_own".

    Raises:
        TypeError: the name is not a str.

    Source:
        Keras 3 `Activation`.

    Example:
        >>> Activation("relu").output_shape((32, 24, 24))
        (32, 24, 24)
    """

    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", as_str(self.name, self, "name"))

    @property
    def _plain_name(self) -> str:
        """The name as frameworks spell it alike: without capitals and underscores."""
        return self.name.replace("_", "").lower()


@dataclass(frozen=True, slots=True, repr=False)
class Dropout(Unchanging):
    """A dropout: in training, some values become 0.

    Args:
        p: the probability of each, from 0 to 1.

    Raises:
        TypeError: p is not a number.
        ConfigError: p is not within 0 and 1.

    Source:
        torch 2.13 `torch.nn.Dropout`.

    Example:
        >>> Dropout(0.25).output_shape((256,))
        (256,)
    """

    p: float = 0.5

    _is_view = True  # It drops nothing, when the network is run.

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", as_probability(self.p, self, "p"))


@dataclass(frozen=True, slots=True, repr=False)
class Identity(Unchanging):
    """The identity: what arrives leaves unchanged.

    Source:
        torch 2.13 `torch.nn.Identity`.

    Example:
        >>> Identity().output_shape((3, 32, 32))
        (3, 32, 32)
    """

    _is_view = True


@dataclass(frozen=True, slots=True, repr=False)
class PReLU(SpatialLayer):
    """A rectifier whose slope below 0 is learnt; the shape stays.

    One value for all channels, or one for each.

    Args:
        num_parameters: 1, or the channels that must arrive; None takes what
            arrives.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: num_parameters is less than 1.
        ShapeError: the channels that arrive are not num_parameters.

    Source:
        torch 2.13 `torch.nn.PReLU`. Keras 3 `PReLU` learns one for each position,
        unless told to share them.

    Example:
        >>> PReLU().num_params(), PReLU(64).num_params()
        (1, 64)
    """

    num_parameters: int | None = 1
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "num_parameters", as_optional_count(self.num_parameters, self, "num_parameters"))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        channels = self._split(shape)[0]
        stated = self.num_parameters
        if stated is not None and stated not in (1, channels):
            raise self._wrong_channels("channel", stated, channels, shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self._params(shape),)),)

    def _params(self, shape: Shape | None) -> int:
        return self.num_parameters or self._arriving_channels(shape, "num_parameters")
