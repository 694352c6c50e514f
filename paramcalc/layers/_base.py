"""The base class of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from paramcalc._checks import as_answer, as_inputs, as_shape, entries, name_of, wrong
from paramcalc.errors import ShapeError
from paramcalc.layers._fields import DataFormat
from paramcalc.layers._parameter import (
    Form as Form,
    InputShape as InputShape,
    Parameter as Parameter,
    Shape as Shape,
)
from paramcalc.layers._saved import INPUT, OUTPUT, Saved
from paramcalc.layers._tensor import Tensor, call
from paramcalc.layers._windows import Sources as Sources, Window as Window, as_sources


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
        >>> class Gain(pc.Layer):
        ...     def output_shape(self, input_shape=None):
        ...         return input_shape
        ...     def parameters(self, input_shape=None):
        ...         return (pc.Parameter("gain", ()),)
        >>> pc.Sequential(pc.Conv2d(3, 5, 5), Gain()).num_params()
        381
    """

    __slots__ = ("__weakref__",)

    _network_depth: int = 0
    """How deep networks nest in it; 0 for a layer."""
    _network_size: int = 1
    """The number of layers in it, itself included."""
    _family: str = ""
    """What the axes of its input are: "spatial", "features", "sequence", or "plain" for axes
    without a meaning of their own; empty for those of the layer before. "time " precedes it if
    there is an axis before these."""
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
    _arity: tuple[int, int | None] = (1, 1)
    """The least and the most tensors that it is called on; None is any number."""
    _is_merge: bool = False
    """Whether it cannot be asked with one input."""
    _has_buffers: bool = True  # Or whatever a user's own layer keeps.
    _is_view: bool = False  # Whether its output is the memory of its input, at inference.
    _drops: bool = False  # Whether in training it is not.
    _overwrites: bool = False  # Whether torch has it with `inplace=True`.
    _inverts: bool = False  # Whether the output then tells its derivative.

    def __call__(self, *tensors: Tensor | Sequence[Tensor], name: str = "") -> Tensor:
        """A symbolic tensor: the output for those of a `Graph`; one with `name` is found by it."""
        return call(self, tensors, name)

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

    def _covering(self, shape: Form) -> Sources:
        """The sources, if it is asked what is seen at all."""
        return self.sources(shape)

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

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """What is kept for the backward pass; of a user's own layer, input and output."""
        return (*INPUT, Saved(OUTPUT))

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

    def _remark(self, shape: Shape) -> str:
        """What the working of its output does not say by itself, if anything."""
        return ""

    def _with_format(self, data_format: DataFormat) -> Layer:
        """The layer with this data format, if it lacks one."""
        return self

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        """Its text in a table; a size that it takes from an input of this shape is marked."""
        return repr(self)

    def _parts(self, path: str = "") -> list[tuple[str, Layer]]:
        """The path and the layer of each layer that a container at `path` is made of."""
        return []

    def _wires(self, path: str = "") -> dict[str, tuple[int, ...]]:
        """How far before each of its parts, by path, stands what it reads; empty in a chain."""
        return {}

    def _inside(self) -> Layer:
        """What it is drawn as, with the paths of its trace: a network, if it is made of layers."""
        return self

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        """Where the output comes from in each input; None for one that only gives a shape."""
        rank = len(output) if output else None
        return [as_sources(self.sources(before[0]), self, len(before[0]), rank)]

    def _joined_dim(self, ranks: Sequence[int]) -> int | None:
        """The axis along which inputs are concatenated, if any."""
        return None

    def _check_outputs(self, hint: str) -> None:
        """Refuse a `Graph` with several outputs, and say what to do."""

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        """The changed layer; of a network, a copy with each layer changed."""
        return change(self)

    if TYPE_CHECKING:

        def _merge(self, outputs: list[Shape], shape: Shape | None) -> Shape:
            """The output for several inputs; most layers have one."""
            ...

        def __getitem__(self, key: int | str) -> Layer:
            """A part of a network; type checkers cannot tell a network inside from a layer."""
            ...

    def _checked(self, input_shape: object) -> Shape | None:
        """The shape from a caller, checked; else the one that an `Input` states; else None.

        Of several inputs it is a tuple of shapes.
        """
        names = self._input_names
        if names[1:] and input_shape is not None:
            shapes: Shape = as_inputs(input_shape, self, names, partial(as_shape, layer=self))
            return shapes
        if self._is_merge:
            self._check_outputs("wrap a graph per output")
            if input_shape is not None:
                raise self._missing("")
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
        if self._is_merge and not self._input_names[1:]:
            return self._misfit("takes several inputs: call it on tensors of a Graph")
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

    @property
    def _bare(self) -> Layer:
        """The layer; the one inside, whatever is around it."""
        return self


Node = tuple[str, Layer, int, tuple[int, ...]]
"""A layer in a network: its path, itself, the node that gives its input shape, and the nodes that
it reads: several for a merge. -1 is the network's input, -2 its second."""
Nodes = list[Node]
Networks = dict[str, Layer]
"""The networks in a network, by path."""
