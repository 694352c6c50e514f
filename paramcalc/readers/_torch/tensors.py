"""What a source of torch may hold: modules, weights, and tensors that have axes and no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from paramcalc._branches import Concat, Elementwise
from paramcalc._checks import MAX_AXES
from paramcalc.errors import ReadError
from paramcalc.layers._axes import SpatialLayer
from paramcalc.layers._base import Form, Layer
from paramcalc.layers.activation import Activation, Dropout, Identity, PReLU
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import Convolution
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import Normalization
from paramcalc.layers.pool import GlobalPool
from paramcalc.layers.recurrent import Recurrent
from paramcalc.layers.reshape import Flatten, Permute, Reshape
from paramcalc.readers._torch.values import Thing, attempt


@dataclass(frozen=True, slots=True)
class Rows:
    """The batch axis, which shapes here leave out.

    Args:
        times: rows per example, if other axes are joined with it; 0 for an axis of length 1 that
            stands where others have the batch.
        problem: what joined them, if it may be a mistake.
    """

    times: int = 1
    problem: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return "<batch>"


BATCH, ONE = Rows(), Rows(0)
Dims = tuple[Any, ...]
"""The axes as the source sees them: each a length, None if that is not known, or `Rows`."""


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor of the source: the output of a node, or of none.

    Args:
        dims: its axes; None if their number is not known: then the batch is the first.
        frame: the call that computes it; None for one that depends on no input and no weight.
    """

    dims: Dims | None
    frame: Frame | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.dims is not None and len(self.dims) > MAX_AXES:
            raise ReadError(f"a shape has at most {MAX_AXES} axes, got {len(self.dims):,}")

    def __repr__(self) -> str:
        return "<tensor>"


@dataclass(slots=True, eq=False)
class Weight:
    """A parameter or a buffer.

    Args:
        module: the layer that it belongs to; None for one of a class of the source.
        path: its path in the whole network, if it is registered there.
    """

    shape: tuple[int, ...]
    trainable: bool = True
    name: str = ""
    module: Module | None = None
    path: str = ""
    is_buffer: bool = False

    def __repr__(self) -> str:
        return "<weight>"


@dataclass(slots=True, eq=False, repr=False)
class Module(Thing):
    """A module.

    Args:
        kind: the class of `torch.nn` that it is of, or inherits from.
        layer: what it is here, if it is a single layer.
        options: its arguments, by torch's names.
        path: its path in the whole network, if it is registered there.
        weights: its tensors that the source has asked for.
        tied: the module whose tensor of a name it has.
        shape: the shape that it was first called on.
    """

    kind: str = ""
    layer: Layer | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    path: str = ""
    weights: dict[str, Weight] = field(default_factory=dict[str, Weight])
    tied: dict[str, Module] = field(default_factory=dict[str, "Module"])
    shape: Any = None


@dataclass(slots=True, eq=False)
class Node:
    """A layer, or the call of a module with a network of its own, and what it reads."""

    name: str
    what: Layer | Frame
    reads: list[str]
    owners: tuple[Module | Weight, ...]
    where: str


@dataclass(slots=True, eq=False)
class Frame:
    """The call of a module: what was computed from its inputs.

    Args:
        module: the module.
        nodes: the layers in order.
        taken: the tensors outside that it reads, and what they are inside.
        inputs: the names and axes of those.
        placed: its weights that are tensors in it.
        names: those that are in use.
        outputs: the names of its outputs.
    """

    module: Module | None
    nodes: list[Node] = field(default_factory=list[Node])
    taken: dict[Tensor, Tensor] = field(default_factory=dict[Tensor, Tensor])
    inputs: dict[str, Dims | None] = field(default_factory=dict[str, Any])
    placed: dict[Weight, Tensor] = field(default_factory=dict[Weight, Tensor])
    names: dict[str, int] = field(default_factory=dict[str, int])
    outputs: list[str] = field(default_factory=list[str])

    def name_for(self, wanted: str) -> str:
        """A name that is not yet in use: `relu`, then `relu_2`."""
        name, times = wanted, self.names.get(wanted, 0)
        while name in self.names:
            times += 1
            name = f"{wanted}_{max(times, 2)}"
        self.names[wanted] = times or 1
        self.names.setdefault(name, 1)
        return name


@dataclass(slots=True, eq=False)
class States:
    """The last states of a recurrent layer: (layers · directions, batch, features).

    Args:
        output: the output of the layer.
        layers: stacked layers; only the states of the last follow from the output.
        directions: 1 or 2.
    """

    output: Tensor
    layers: int
    directions: int


@dataclass(slots=True, eq=False)
class Sizes:
    """The shape of a tensor whose number of axes is not known."""

    tensor: Tensor


@dataclass(slots=True, eq=False)
class Unusable:
    """Something that torch computes and paramcalc does not know."""

    what: str

    def __repr__(self) -> str:
        return self.what


def rows_of(dims: Dims | None) -> tuple[int, Rows] | None:
    """Where the batch is, and the batch; None if there is none."""
    every: Dims = (BATCH,) if dims is None else dims
    for at, one in enumerate(every):
        if isinstance(one, Rows):
            return at, one
    return None


def real_axes(dims: Dims) -> list[int]:
    """The axes that a shape here has."""
    return [at for at, one in enumerate(dims) if not isinstance(one, Rows) or one.times > 1]


def form_of(dims: Dims | None) -> Form | None:
    """The shape here, with None for lengths that are not known; (1,) if no axis is left."""
    if dims is None:
        return None
    found = [dims[at].times if isinstance(dims[at], Rows) else dims[at] for at in real_axes(dims)]
    return tuple(found) or (1,)


def around(dims: Dims | None, form: Form | None) -> Dims | None:
    """The axes of what a layer gives, with the batch where it was."""
    if form is None:
        return None
    rows = rows_of(dims)
    if rows is None:
        return form
    at, one = rows
    if dims is not None and not real_axes(dims) and form == (1,):
        return dims
    return (*form[:at], one, *form[at + (one.times > 1) :])


def needed(dims: Dims | None, what: str) -> Dims:
    """The axes; all their lengths must be known."""
    if dims is None or None in dims:
        raise ReadError(f"{what} depends on the shape of the input: give input_shape")
    return dims


def ranked(dims: Dims | None, what: str) -> Dims:
    """The axes; their number must be known."""
    if dims is None:
        raise ReadError(f"{what} depends on the number of axes: give input_shape")
    return dims


def axis_of(dims: Dims, dim: Any) -> int:
    """An axis, counted from 0."""
    if not isinstance(dim, int) or not -len(dims) <= dim < len(dims):
        raise ReadError(f"there is no axis {dim} among {len(dims)}")
    return dim % len(dims)


def own_axis(dims: Dims, dim: Any) -> int:
    """The axis here of one of the source, which is not that of the batch."""
    at = axis_of(dims, dim)
    if isinstance(dims[at], Rows):
        raise ReadError(f"axis {dim} is that of the batch, which stays as it is")
    return real_axes(dims).index(at)


def after(layer: Any, forms: Sequence[Form | None]) -> Form | None:
    """The shape that a layer gives, as far as it is known."""
    if all(one is not None and None not in one for one in forms):
        if layer._is_merge or len(forms) > 1:
            form: Form = attempt("", layer._merge, forms, None)
        else:
            form = attempt("", layer._shape, *forms)
        return form
    first = forms[0]
    if isinstance(layer, Convolution):
        return (layer.out_channels, *[None] * layer._rank)
    if isinstance(layer, Recurrent):
        return (first[0] if first else None, layer._features())
    if isinstance(layer, MultiheadAttention):
        return (first[0] if first else None, layer.embed_dim)
    if isinstance(layer, Reshape):
        return tuple([None if one == -1 else one for one in layer.target_shape])
    return None if first is None else partly(layer, first, forms)


def partly(layer: Layer, first: Form, forms: Sequence[Form | None]) -> Form | None:
    """The same for a first input of which the number of axes is known."""
    if isinstance(layer, Activation | Dropout | Identity | Normalization | PReLU):
        return first
    if isinstance(layer, Dense):
        return (*first[:-1], layer.out_features)
    if isinstance(layer, Embedding):
        return (*first, layer.embedding_dim)
    if isinstance(layer, GlobalPool):
        return (first[-1 if layer._channels_last else 0],)
    if isinstance(layer, SpatialLayer) and not layer._channels_last:
        return (first[0] if layer._keeps_channels else None, *[None] * (len(first) - 1))
    if isinstance(layer, Permute):
        return tuple([first[at] for at in layer.dims])
    if isinstance(layer, Flatten):
        start, end = layer._ends(first)
        inside: Any = first[start : end + 1]
        return (*first[:start], None if None in inside else prod(inside), *first[end + 1 :])
    if isinstance(layer, Elementwise | Concat):
        known = [one for one in forms if one is not None]
        if len(known) < len(forms) or len({len(one) for one in known}) > 1:
            return None
        joined_at = layer._joined_dim([len(one) for one in known])
        columns = list(zip(*known, strict=True))
        return tuple([joint(one, at == joined_at) for at, one in enumerate(columns)])
    return None


def joint(lengths: Sequence[int | None], is_joined: bool) -> int | None:
    """The length of an axis of a merge."""
    known = [one for one in lengths if one is not None]
    if is_joined:
        return sum(known) if len(known) == len(lengths) else None
    longer = [one for one in known if one > 1]
    return longer[0] if longer else (None if len(known) < len(lengths) else 1)
