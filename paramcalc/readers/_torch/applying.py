"""How modules that are single layers are called."""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc.errors import ReadError
from paramcalc.layers._axes import FeaturesLayer, SequenceLayer, SpatialLayer
from paramcalc.layers.activation import Activation, Dropout, Identity
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import LastAxesNorm
from paramcalc.layers.reshape import Slice
from paramcalc.readers._torch.calls import CALLS
from paramcalc.readers._torch.layers import (
    CONTAINERS,
    OPERATIONS,
    PADS,
    RECURRENT,
    has_tensors,
    is_pad,
    named_by,
    unknown,
)
from paramcalc.readers._torch.modules import Modules
from paramcalc.readers._torch.tensors import (
    BATCH,
    ONE,
    Dims,
    Module,
    Rows,
    States,
    Tensor,
    Unusable,
    form_of,
    real_axes,
    rows_of,
)
from paramcalc.readers._torch.tracer import relative, tensors_in
from paramcalc.readers._torch.values import Function, Known, Partial, attempt, signature_of

INPUTS = {
    "MultiheadAttention": "query key value key_padding_mask need_weights attn_mask "
    "average_attn_weights is_causal",
    "TransformerEncoder": "src mask src_key_padding_mask is_causal",
    "TransformerEncoderLayer": "src src_mask src_key_padding_mask is_causal",
    **dict.fromkeys(RECURRENT, "input hx"),
}
"""What the `forward` of layers takes; others take an input."""


class Applying(Modules):
    """An interpreter that knows how layers are called."""

    def is_layer(self, module: Module) -> bool:
        return module.kind not in CONTAINERS and self.forward_of(module) is None

    def place_name(self, module: Module) -> str:
        """The name of a node: the path of its module, as the current frame sees it."""
        kind = module.kind.lower()
        return kind if module is self.frame.module else relative(module.path or kind, self.frame)

    def call(self, value: Any, /, *args: Any, **named: Any) -> Any:
        if isinstance(value, Module):
            return self.call_module(value, *args, **named)
        first, *more = value.args if isinstance(value, Partial) and value.args else [None]
        if isinstance(first, Module) and getattr(value.function, "name", "") == "forward":
            is_inside = self.frames and self.frame.module is first
            if not is_inside and isinstance(value.function, Function):
                return self.call_module(first, *more, *args, **{**value.named, **named})
        return super().call(value, *args, **named)

    def call_layer(self, module: Module, /, *args: Any, **named: Any) -> Any:
        name = self.place_name(module)
        if module.layer is None:
            return self.call_operation(module, name, *args, **named)
        if isinstance(module.cls, Known) and module.cls.path.startswith("layers."):
            given = tensors_in([args, named])
            return self.emit(name, module.layer, *given, owners=(module,))
        names = INPUTS.get(module.kind, "input").split()
        values = named_by(module.kind, names, *args, **named)
        return self.apply_layer(module, name, values, (module,))

    def call_operation(self, module: Module, name: str, /, *args: Any, **named: Any) -> Any:
        """What a module gives that is a function: `Flatten`, `ZeroPad2d`."""
        options = dict(module.options)
        if module.kind in OPERATIONS:
            function = OPERATIONS[module.kind][0]
        elif is_pad(module.kind):
            function, number = "pad", int(module.kind[-2])
            self.check_rank(self.tensor(args[0] if args else None), number, module.kind)
            sides = options.pop("padding")
            options["pad"] = [sides] * (2 * number) if isinstance(sides, int) else sides
            options["mode"] = PADS[module.kind[:-5]]
        else:
            raise unknown(f"nn.{module.kind}", module.kind)
        self.wanted, count = name, len(self.frame.nodes)
        try:
            result = self.checked(CALLS[function], module.kind, *args, **{**options, **named})
        finally:
            self.wanted = ""
        if len(self.frame.nodes) == count and isinstance(result, Tensor) and result.frame:
            return self.add(name, Identity(), [result], result.dims)
        return result

    def checked(self, function: Any, name: str, /, *args: Any, **named: Any) -> Any:
        """What a function of this package returns, if it takes these arguments."""
        attempt(name, signature_of(function).bind, self, *args, **named)
        return self.deeper(attempt, name, function, self, *args, **named)

    def apply_layer(
        self, module: Module, name: str, values: dict[str, Any], owners: Any = ()
    ) -> Any:
        """What a single layer gives for the arguments of its call, by name."""
        layer: Any = module.layer
        tensor = self.tensor(values.get(INPUTS.get(module.kind, "input").partition(" ")[0]))
        form = form_of(tensor.dims)
        if module.shape is None and form is not None and None not in form:
            module.shape = form
        if isinstance(layer, SequenceLayer) or module.kind.startswith("TransformerEncoder"):
            return self.apply_sequence(module, name, values, owners)
        if isinstance(layer, Embedding) and tensor.frame is None:
            return self.rows(module, tensor)
        if tensor.frame is None and has_tensors(layer):
            raise ReadError(f"{module.kind} of a tensor that depends on no input is not known")
        self.check_axes(module, tensor)
        made = self.emit(name, layer, tensor, owners=owners)
        if isinstance(layer, Embedding) and tensor.dims is not None and not real_axes(tensor.dims):
            return self.to_dims("embedding", made, (*tensor.dims, layer.embedding_dim))
        return made

    def check_axes(self, module: Module, tensor: Tensor) -> None:
        """Refuse a tensor whose axes torch would take for others."""
        layer, dims, kind = module.layer, tensor.dims, module.kind
        if isinstance(layer, SpatialLayer):
            self.check_rank(tensor, int(kind[-2]) if kind[-2:-1].isdecimal() else None, kind)
        if dims is None or isinstance(layer, Activation | Dropout | Identity | Embedding):
            return
        if not real_axes(dims):
            raise ReadError(f"{kind} takes features, got the batch alone")
        if isinstance(layer, FeaturesLayer):
            lengths: Any = layer.normalized_shape if isinstance(layer, LastAxesNorm) else (1,)
            if any(isinstance(one, Rows) for one in dims[-len(lengths or (1,)) :]):
                raise ReadError(f"{kind} takes in the batch")

    def check_rank(self, tensor: Tensor, rank: int | None, kind: str) -> None:
        """Refuse a tensor whose first axis is not the batch, or with other spatial axes."""
        dims = tensor.dims
        if dims is None:
            return
        first = dims[0] if dims else None
        if tensor.frame is None and rows_of(dims) is None:
            first = BATCH
        if not isinstance(first, Rows) or first.times > 1:
            why = f": {first.problem}" if isinstance(first, Rows) and first.problem else ""
            raise ReadError(f"{kind} takes the batch first, alone, got other axes{why}")
        wanted = {2, 3} if kind == "BatchNorm1d" else {(rank or 0) + 2}
        if rank is not None and len(dims) not in wanted:
            raise ReadError(f"{kind} takes {rank + 2} axes with the batch, got {len(dims)}")

    def apply_sequence(self, module: Module, name: str, values: dict[str, Any], owners: Any) -> Any:
        """What a layer gives that takes (batch, length, features), or the length first."""
        layer: Any = module.layer
        inputs = INPUTS[module.kind].split()[: 3 if module.kind == "MultiheadAttention" else 1]
        given = [self.tensor(values.get(one)) for one in inputs]
        for one in given:
            self.check_sequence(module, one.dims)
        if len({one.name for one in given}) == 1:
            given = given[:1]
        elif given[1].name == given[2].name:
            given = given[:2]
        if any(one.frame for one in tensors_in(values.get("hx"))):
            raise ReadError(f"{module.kind} with a first state that is computed is not known")
        made = self.emit(name, layer, *given, owners=owners)
        if module.kind == "MultiheadAttention":
            return made, Unusable("the weights of attention")
        if module.kind not in RECURRENT:
            return made
        states = States(made, layer.num_layers, layer._directions)
        cells: Any = Unusable("the cell of a projection") if layer._projected else states
        return made, ((states, cells) if module.kind == "LSTM" else states)

    def check_sequence(self, module: Module, dims: Dims | None) -> None:
        """Refuse a tensor in which the batch is not where a layer takes it."""
        at = 0 if module.options.get("batch_first") else 1
        rows = rows_of(dims)
        if dims is not None and (len(dims) != 3 or rows is None):
            wanted = "(batch, length, features)"
            raise ReadError(f"{module.kind} takes {wanted}, got {len(dims)} axes")
        if rows != (at, BATCH) and at == 0:
            raise ReadError(f"{module.kind} takes the batch first")
        if rows != (at, BATCH):
            self.is_length_first = True
            problem = f"{module.kind} takes the length first, and here the batch is first"
            hint = "batch_first=True changes that; give input_shape if inputs have the length first"
            raise ReadError(f"{problem}: {hint}")

    def rows(self, module: Module, places: Tensor) -> Tensor:
        """The vectors of an embedding at places that depend on no input, such as 0, 1, 2."""
        layer: Any = module.layer
        weight: Any = self.weight_of(module, "weight")
        dims: Any = places.dims
        number = prod([one for one in dims if not isinstance(one, Rows)])
        if number > layer.num_embeddings:
            raise ReadError(f"{number} places in a table of {layer.num_embeddings} are not known")
        table = self.place(weight)
        if number < layer.num_embeddings:
            part = Slice(0, number)
            table = self.emit("rows", part, table, dims=(number, layer.embedding_dim))
        found = (ONE, *dims[1:]) if len(dims) > 1 and dims[0] == 1 else dims
        return self.to_dims("rows", table, (*found, layer.embedding_dim))
