"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY

from paramcalc._checks import as_int, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import recurrent_macs, recurrent_params
from paramcalc.layers._axes import SequenceLayer
from paramcalc.layers._base import Form, Parameter, Shape, Sources
from paramcalc.layers._fields import count, declared, flag, layer, optional_count
from paramcalc.layers._saved import WEIGHTS, Saved, own

MAX_LAYERS = 10_000
"""More would take long to list, as each has its own tensors."""


@layer
class Recurrent(SequenceLayer):
    """Recurrent networks, which differ in the number of gates and in the projection."""

    input_size: int | None = optional_count("F", states="features")
    hidden_size: int = count("H")
    num_layers: int = count("N", default=1)
    bias: bool = flag(default=True)
    _: KW_ONLY
    bidirectional: bool = flag(default=False)
    recurrent_bias: bool = flag(default=True)
    return_sequences: bool = flag(default=True)

    _gates = 1
    """How many vectors of hidden_size values are computed per position."""
    _kept = 1
    """How many it keeps per position, even if it is frozen."""

    def _check(self) -> None:
        if self.num_layers > MAX_LAYERS:
            wanted = f"be at most {MAX_LAYERS:,}"
            raise ConfigError(wrong(self, "num_layers", wanted, self.num_layers))

    @property
    def _projected(self) -> int:
        """The features after a projection; 0 without one."""
        return 0

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _features(self) -> int:
        """The features of the output, of all directions together."""
        return self._directions * (self._projected or self.hidden_size)

    def _shape(self, shape: Shape) -> Shape:
        SequenceLayer._shape(self, shape)
        return (shape[0], self._features()) if self.return_sequences else (self._features(),)

    def _sources(self, shape: Form) -> Sources:
        return SequenceLayer._sources(self, shape)[: None if self.return_sequences else 1]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        features = self._stated(shape)
        rows = self._gates * self.hidden_size
        handed_on = self._projected or self.hidden_size
        tensors: list[Parameter] = []
        for number in range(self.num_layers):
            for direction in ("", "_reverse")[: self._directions]:
                place = f"l{number}{direction}"
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
        biases = (1 + self.recurrent_bias) * self.bias
        sizes = self.hidden_size, self._gates, biases, self._projected
        first = recurrent_params(self._stated(shape), *sizes)
        other = recurrent_params(self._features(), *sizes)
        return self._directions * (first + (self.num_layers - 1) * other)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        length, features = self._needed(shape, "the number of multiply-accumulates")
        sizes = self.hidden_size, self._gates, self._projected
        first = recurrent_macs(length, features, *sizes)
        other = recurrent_macs(length, self._features(), *sizes)
        return self._directions * (first + (self.num_layers - 1) * other)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """For weights, what they meet: inputs of each layer, and states from the first to the last.

        torch's operations on a CPU, if they are its own; oneDNN and cuDNN keep a block of bytes.
        """
        length, features = shapes[0]
        runs, states = self._directions * self.num_layers, self._projected or self.hidden_size
        # A batch comes first; torch works on the transposed input, of which each direction has one.
        copied = Saved(0, length * features * (length > 1), wanted=(WEIGHTS,))
        between = (self.num_layers - 1) * length * self._features()
        before = runs * length * states if self._keeps_states else runs * states
        return (
            *[copied] * self._directions,
            own(between + before, WEIGHTS),
            *self._kept_by_cells(runs, length),
        )

    @property
    def _keeps_states(self) -> bool:
        """Whether the weights alone need the states, that is, the outputs of all positions."""
        return self._kept > 1

    def _kept_by_cells(self, runs: int, length: int) -> list[Saved]:
        return [own(runs * length * self._kept * self.hidden_size)]


class RNN(Recurrent):
    """A plain recurrent network (Elman) over a sequence: (length, features).

    `H·(F + H + 2)` parameters per direction of the first layer: each of the H units has a weight
    per input feature and per unit, and two biases. In further layers F is the number of features of
    the layer before. The output is (length, H), or twice H with two directions. No count of
    parameters depends on the length.

    Args:
        input_size: features of the input; None takes them from the input.
        hidden_size: units per layer and direction, H.
        num_layers: stacked layers.
        bias: whether there are biases.
        bidirectional: whether a second direction runs from the end to the beginning.
        recurrent_bias: whether units have a second bias, as in torch and cuDNN; of Keras's layers,
            only `GRU` with `reset_after` has it.
        return_sequences: whether the output has all positions, or only the last.

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
    """Gated recurrent units over a sequence: (length, features).

    Three times the `H·(F + H + 2)` parameters of an `RNN`: reset gate, update gate, new state.
    Fields are those of `RNN`.

    Source:
        torch 2.13 `torch.nn.GRU`; Keras 3 `GRU`, which has one bias with `reset_after=False`.

    Example:
        >>> gru = GRU(128, 64)
        >>> gru.output_shape((10, 128)), gru.num_params()
        ((10, 64), 37248)
        >>> GRU(128, 64, recurrent_bias=False).num_params()
        37056
    """

    __slots__ = ()
    _gates = 3
    _kept = 6  # Three gates, and what they were made of.


@layer
class LSTM(Recurrent):
    """Long short-term memory over a sequence: (length, features).

    Four times the `H·(F + H + 2)` parameters of an `RNN`: input, forget and output gates, new cell.
    With a projection to P features, `4·H·(F + P + 2) + H·P`. Fields are those of `RNN`, and
    `proj_size`: P, less than hidden_size; 0 is no projection.

    Source:
        torch 2.13 `torch.nn.LSTM`; Keras 3 `LSTM`.

    Example:
        >>> LSTM(128, 64).num_params(), LSTM(128, 64, recurrent_bias=False).num_params()
        (49664, 49408)
        >>> LSTM(128, 64, num_layers=2, bidirectional=True).output_shape((10, 128))
        (10, 128)
    """

    _: KW_ONLY
    proj_size: int = declared(as_int, default=0, symbol="P")

    _gates = 4
    _kept = 6  # Four gates, the cell before, and its hyperbolic tangent.

    def _check(self) -> None:
        Recurrent._check(self)
        if not 0 <= self.proj_size < self.hidden_size:
            values = f"proj_size={show(self.proj_size)}, hidden_size={show(self.hidden_size)}"
            wanted = "proj_size must be at least 0 and less than hidden_size"
            raise ConfigError(f"LSTM: {wanted}, got {values}")

    def _kept_by_cells(self, runs: int, length: int) -> list[Saved]:
        """With a projection also what it projects."""
        projected = own(runs * length * self.hidden_size, WEIGHTS)
        return [*Recurrent._kept_by_cells(self, runs, length), *[projected] * bool(self.proj_size)]

    @property
    def _projected(self) -> int:
        return self.proj_size
