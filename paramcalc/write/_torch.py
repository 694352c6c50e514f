"""A network as source code of torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from textwrap import indent

from paramcalc._blocks import TransformerEncoderLayer
from paramcalc._branches import Concat
from paramcalc._network import Sequential
from paramcalc.layers._base import InputShape, Layer
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.input import Input
from paramcalc.write._source import At, Op, Unit, joined_dim, name_of, spelled
from paramcalc.write._torch_rules import ATTENTION, RULES, turns
from paramcalc.write._writer import Writer, is_inside

OF_MODULES = """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu
    cuda double dump_patches eval extend extra_repr float forward get_buffer get_extra_state
    get_parameter get_submodule half insert ipu load_state_dict modules mtia named_buffers
    named_children named_modules named_parameters parameters pop register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""
"""What each `nn.Sequential` has, so that a layer in it cannot have the name."""


def torch(network: Layer, input_shape: InputShape | None = None) -> str:
    """The network as source code of torch, which makes a `model`.

    It is an `nn.Sequential`, if the network is a row of layers; else a class with `forward`. Layers
    have the names that they have in the network, the shapes, and the numbers of parameters. What is
    None in the network is a number there.

    torch takes the channels first: where they come last, axes are moved around a layer.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit its input, or the shape is missing.
        ParamcalcError: torch does not have a layer, and it is not made of others there.

    Source:
        torch 2.13 `torch.nn`.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Flatten(), pc.Dense(None, 10))
        >>> print(torch(net, (1, 28, 28)))
        from torch import nn
        <BLANKLINE>
        model = nn.Sequential(
            nn.Conv2d(1, 32, 5),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(4608, 10),
        )
    """
    return Torch(network, input_shape).source()


class Torch(Writer):
    """The writer for torch."""

    framework = "torch"
    rules = RULES
    whole = (TransformerEncoderLayer,)
    words = "x self nn torch len"

    def __init__(self, network: Layer, input_shape: InputShape | None) -> None:
        Writer.__init__(self, network, input_shape)
        self.init: list[str] = []
        """The statements that make layers."""
        self.attributes = {*OF_MODULES.split()}
        self.owners: dict[str, str] = {}
        """The attribute of each layer whose tensors others may share."""
        self.turned: set[int] = set()
        """The steps that give the channels first where they come last."""

    def source(self) -> str:
        """All of it."""
        self.keep_indices()
        self.units = list(self.rows())
        units = [replace(one, ops=packed(one.ops)) for one in self.resolved()]
        has_one_way = len(self.inputs) == len(self.ends) == 1
        if has_one_way and len(units) < 2 and all(one.is_plain and not one.turns for one in units):
            return with_imports(f"model = {module(units[0]) if units else 'nn.Identity()'}")
        readers = self.readers(units)
        for number, name in enumerate(self.network._input_names, 1):
            is_first = len(self.inputs) == 1 and readers[-number] <= {0}
            name = name_of("inputs" if name == "input" else name, self.taken)
            self.tensors[-number] = "x" if is_first else name
        given = ", ".join(["self", *self.tensors.values()])
        lines = self.body(units, readers)
        outputs = ", ".join([self.seen(number, is_turned=False) for number in self.ends])
        init = indent("\n".join(["super().__init__()", *self.init]), " " * 8)
        forward = indent("\n".join([*lines, f"return {outputs}"]), " " * 8)
        return with_imports(
            f"class Net(nn.Module):\n    def __init__(self):\n{init}\n\n"
            f"    def forward({given}):\n{forward}\n\n\nmodel = Net()"
        )

    def turns(self, at: At) -> bool | None:
        return turns(at)

    def keep_indices(self) -> None:
        """Convert no input that embeddings alone read: it has indices."""
        units = self.resolved()
        lookups = [isinstance(one.at.layer, Embedding) for one in units]
        readers = self.readers(units)
        plain = {
            one.end
            for one in units
            if isinstance(one.at.layer, Embedding)
            and one.reads[0] < 0
            and all([*lookups, False][place] for place in readers[one.reads[0]])
        }
        self.units = [
            replace(one, ops=[Op(one.ops[0].made)]) if one.end in plain else one
            for one in self.units
        ]

    def row_text(self, path: str, units: Sequence[Unit]) -> str:
        """The units of a network as an `nn.Sequential`."""
        inside = self.plan.networks[path]._thawed._inside()
        has_names = isinstance(inside, Sequential) and bool(inside.names)
        taken = {*OF_MODULES.split()}
        items: list[str] = []
        at = 0
        for part, layer in inside._parts(path):
            start = at
            while at < len(units) and is_inside(units[at].path, part):
                at += 1
            own = units[start:at]
            if isinstance(layer, Input):
                continue
            text = "nn.Identity()"
            if own and own[0].path != part:
                text = self.row_text(part, own)
            elif own and own[0].ops:
                text = module(own[0])
            key = f"{name_of(part[len(path) :], taken)}=" if has_names else ""
            items.append(key + text)
        if has_names:
            return spelled("nn.Sequential(OrderedDict(", items, "))")
        return spelled("nn.Sequential(", items)

    def given(self, unit: Unit) -> tuple[list[str], dict[str, str]]:
        """What a unit reads, with the channels first if that is how it reads them."""
        turned = [number in self.turned for number in unit.reads]
        turns = all(turned) and bool(turned) if unit.turns is None else unit.turns
        if turns and len(unit.at.output) > 1:
            self.turned.add(unit.end)
        others = {"first": self.tensors[-1]}
        if isinstance(unit.at.layer, Concat):
            dim, last = unit.at.layer.dim, len(unit.at.output) - 1
            others["dim"] = str(joined_dim(unit.at))
            if turns:
                others["dim"] = "1" if dim in (-1, last) else str(dim % (last + 1) + 2)
        return [self.seen(number, is_turned=turns) for number in unit.reads], others

    def seen(self, number: int, *, is_turned: bool) -> str:
        """A tensor, with the channels first where they come last, or as they are."""
        name = self.tensors[number]
        if (number in self.turned) == is_turned:
            return name
        return f"{name}.movedim(-1, 1)" if is_turned else f"{name}.movedim(1, -1)"

    def hold(self, unit: Unit, number: int, op: Op, lines: list[str]) -> str:
        """The attribute that is the layer."""
        key = self.key(unit, number, op)
        if unit.shared and key in self.held:
            return self.held[key]
        path = (not unit.ties and unit.shared) or unit.path
        place = [at for at, one in enumerate(unit.ops) if one.made].index(number)
        attribute = name_of(f"{path}[{place}]" if place else path, self.attributes)
        it = self.held[key] = f"self.{attribute}"
        frozen = ".requires_grad_(False)" if unit.is_frozen else ""
        self.init.append(f"{it} = {op.made}{frozen}")
        if op.after:
            self.init.append(op.after.format(it=it))
        is_single = len(unit.ops) == 1 and not op.made.startswith(("nn.Param", "nn.Sequential"))
        for tensor, owner in unit.ties:
            if not is_single or owner not in self.owners:
                problem = f"tensors that layers like these share: write {unit.shared!r} by hand"
                raise unit.at.refusal(problem)
            self.init.append(f"{it}.{tensor} = {self.owners[owner]}.{tensor}")
        if is_single:
            self.owners[unit.path] = it
        return it


def packed(ops: Sequence[Op]) -> list[Op]:
    """The pieces, with plain calls that follow one another as one."""
    found: list[Op] = []
    for is_call, group in groupby(ops, lambda one: one.is_call):
        many = list(group)
        if is_call and len(many) > 1:
            many = [Op(spelled("nn.Sequential(", [one.made for one in many]))]
        found += many
    return found


def module(unit: Unit) -> str:
    """What a unit of plain calls makes: one module."""
    (op,) = packed(unit.ops)
    return f"{op.made}.requires_grad_(False)" if unit.is_frozen else op.made


def with_imports(body: str) -> str:
    """The source, after what it names."""
    helpers = f"\n{ATTENTION}\n" if re.search(r"(?<![\w.])Attention\(", body) else ""
    standard = "from collections import OrderedDict\n\n" if "OrderedDict(" in body else ""
    package = "import torch\n" if re.search(r"\btorch\.", body) else ""
    gap = "\n" if body.startswith("class") and not helpers else ""
    return f"{standard}{package}from torch import nn\n{helpers}{gap}\n{body}"
