"""Recurrent layers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import as_bool, as_count, as_int, as_optional_count, name_of, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import recurrent_macs, recurrent_params
from paramcalc.layers._base import Parameter, Shape, Sources
from paramcalc.layers.features import SequenceLayer

MAX_LAYERS = 10_000
"""More would take long to be listed, for each has tensors of its own."""


@dataclass(frozen=True, slots=True, repr=False)
class Recurrent(SequenceLayer):
    """What `RNN`, `LSTM` and `GRU` share: all but the number of gates, and the projection."""

    input_size: int | None
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    _: KW_ONLY
    bidirectional: bool = False
    recurrent_bias: bool = True
    return_sequences: bool = True

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "input_size", as_optional_count(self.input_size, self, "input_size"))
        put(self, "hidden_size", as_count(self.hidden_size, self, "hidden_size"))
        put(self, "num_layers", as_count(self.num_layers, self, "num_layers"))
        if self.num_layers > MAX_LAYERS:
            wanted = f"be at most {MAX_LAYERS:,}"
            raise ConfigError(wrong(self, "num_layers", wanted, self.num_layers))
        for field in ("bias", "bidirectional", "recurrent_bias", "return_sequences"):
            as_bool(getattr(self, field), self, field)

    @property
    def _gates(self) -> int:
        """How many vectors, each as long as there are units, are worked out at each position."""
        return 1

    @property
    def _projected(self) -> int:
        """The features after a projection; 0 without one."""
        return 0

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _features(self) -> int:
        """The features that leave: those of all directions."""
        return self._directions * (self._projected or self.hidden_size)

    def _shape(self, shape: Shape) -> Shape:
        self._check_sequence(shape, self.input_size)
        return (shape[0], self._features()) if self.return_sequences else (self._features(),)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return (None, None) if self.return_sequences else (None,)

    def _arriving_features(self, shape: Shape | None) -> int:
        return self._needed(shape, "input_size is None, so the number of parameters")[-1]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        features = self.input_size or self._arriving_features(shape)
        rows = self._gates * self.hidden_size
        handed_on = self._projected or self.hidden_size
        tensors: list[Parameter] = []
        for layer in range(self.num_layers):
            for direction in ("", "_reverse")[: self._directions]:
                place = f"l{layer}{direction}"
                tensors.append(Parameter(f"weight_ih_{place}", (rows, features)))
                tensors.append(Parameter(f"weight_hh_{place}", (rows, handed_on)))
                if self.bias:
                    tensors.append(Parameter(f"bias_ih_{place}", (rows,)))
                if self.bias and self.recurrent_bias:
                    tensors.append(Parameter(f"bias_hh_{place}", (rows,)))
                if self._projected:
                    tensors.append(Parameter(f"weight_hr_{place}", (handed_on, self.hidden_size)))
            features = self._features()
        return tuple(tensors)

    def _params(self, shape: Shape | None) -> int:
        features = self.input_size or self._arriving_features(shape)
        biases = (1 + self.recurrent_bias) * self.bias
        sizes = self.hidden_size, self._gates, biases, self._projected
        first = recurrent_params(features, *sizes)
        other = recurrent_params(self._features(), *sizes)
        return self._directions * (first + (self.num_layers - 1) * other)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        length, features = self._needed(shape, "the number of multiply-accumulates")
        sizes = self.hidden_size, self._gates, self._projected
        first = recurrent_macs(length, features, *sizes)
        other = recurrent_macs(length, self._features(), *sizes)
        return self._directions * (first + (self.num_layers - 1) * other)


class RNN(Recurrent):
    """A plain recurrent network (Elman's) over a sequence: (length, features), without the batch.

    `H·(F + H + 2)` values are learnt in each direction of the first layer: each of the
    H units has a weight for every input, one for every unit, and two biases. Further
    layers have what leaves the one before in place of F. (length, H) leaves; twice
    H in two directions. Neither count depends on the length.

    Args:
        input_size: features that must arrive at each position; None takes what
            arrives.
        hidden_size: units in each layer and direction, H.
        num_layers: layers, one on the other.
        bias: whether there are biases.
        bidirectional: whether there are as many layers again that go from the end to
            the beginning.
        recurrent_bias: whether units have a bias of their own beside that of the
            inputs, as torch and cuDNN have it; Keras's `SimpleRNN` and `LSTM` do not, and
            its `GRU` only with `reset_after`.
        return_sequences: whether what leaves is of all positions, or of the last alone.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a size is less than 1.
        ShapeError: what arrives is not (length, input_size).

    Source:
        torch 2.13 `torch.nn.RNN`; Keras 3 `SimpleRNN`.

    Example:
        >>> rnn = RNN(128, 64)
        >>> rnn.output_shape((10, 128)), rnn.num_params()
        ((10, 64), 12416)
        >>> RNN(128, 64, recurrent_bias=False).num_params()
        12352
    """

    __slots__ = ()


class GRU(Recurrent):
    """Gated recurrent units over a sequence: (length, features), without the batch.

    Three times the `H·(F + H + 2)` values of an `RNN`, for the reset gate, the update
    gate and the new state. Fields, shapes and errors are those of `RNN`.

    Source:
        torch 2.13 `torch.nn.GRU`; Keras 3 `GRU`, of which `reset_after=False` has
        one bias.

    Example:
        >>> gru = GRU(128, 64)
        >>> gru.output_shape((10, 128)), gru.num_params()
        ((10, 64), 37248)
        >>> GRU(128, 64, recurrent_bias=False).num_params()
        37056
    """

    __slots__ = ()

    @property
    def _gates(self) -> int:
        return 3


@dataclass(frozen=True, slots=True, repr=False)
class LSTM(Recurrent):
    """Long short-term memory over a sequence: (length, features), without the batch.

    Four times the `H·(F + H + 2)` values of an `RNN`, for the input, forget and output
    gate and the new cell. With a projection, P features are handed on in place of
    H, and `4·H·(F + P + 2) + H·P` learnt.

    Args:
        input_size: features that must arrive at each position; None takes what
            arrives.
        hidden_size: units in each layer and direction, H.
        num_layers: layers, one on the other.
        bias: whether there are biases.
        bidirectional: whether there are as many layers again that go from the end to
            the beginning.
        recurrent_bias: whether units have a bias of their own beside that of the
            inputs, as torch has it; Keras does not.
        return_sequences: whether what leaves is of all positions, or of the last alone.
        proj_size: features that the units are projected to, P; 0 is no projection.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a size is less than 1, or proj_size not less than hidden_size.
        ShapeError: what arrives is not (length, input_size).

    Source:
        torch 2.13 `torch.nn.LSTM`; Keras 3 `LSTM`.

    Example:
        >>> LSTM(128, 64).num_params(), LSTM(128, 64, recurrent_bias=False).num_params()
        (49664, 49408)
        >>> LSTM(128, 64, num_layers=2, bidirectional=True).output_shape((10, 128))
        (10, 128)
    """

    _: KW_ONLY
    proj_size: int = 0

    def __post_init__(self) -> None:
        Recurrent.__post_init__(self)
        size = as_int(self.proj_size, self, "proj_size")
        object.__setattr__(self, "proj_size", size)
        if not 0 <= size < self.hidden_size:
            values = f"proj_size={show(size)}, hidden_size={show(self.hidden_size)}"
            raise ConfigError(
                f"{name_of(self)}: proj_size must be at least 0 and less than hidden_size, "
                f"got {values}"
            )

    @property
    def _gates(self) -> int:
        return 4

    @property
    def _projected(self) -> int:
        return self.proj_size
