"""Networks from the calls of modules, and the check that nothing is counted twice or not at all."""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc.errors import ParamcalcError, ReadError
from paramcalc.layers._base import Layer
from paramcalc.layers.frozen import Frozen
from paramcalc.layers.shared import Shared
from paramcalc.readers import _build
from paramcalc.readers._torch.layers import has_tensors
from paramcalc.readers._torch.modules import Modules, walk
from paramcalc.readers._torch.tensors import Frame, Module, Node, Weight, form_of

Owner = Module | Weight


class Builder:
    """The network of a frame and of those inside."""

    def __init__(self, root: Module, runner: Modules) -> None:
        self.root, self.runner = root, runner
        self.places: dict[tuple[Owner, bool], list[tuple[Frame, str]]] = {}
        self.where: dict[Owner, str] = {}

    def build(self, frame: Frame) -> Layer:
        """The network of the outermost call."""
        self.prune(frame)
        self.check_use()
        network = self.network(frame, is_root=True)
        if not self.runner.is_given:
            self.check_count(network)
        return network

    # What is needed.

    def prune(self, frame: Frame) -> None:
        """Keep the nodes that outputs need, here and inside; note where owners stand."""
        needed = {*frame.outputs}
        for node in reversed(frame.nodes):
            needed.update(node.reads if node.name in needed else ())
            for one in owners_in(node):
                self.where.setdefault(one, node.where)
        frame.nodes = [node for node in frame.nodes if node.name in needed]
        for node in frame.nodes:
            for one in node.owners:
                key = self.first(one), isinstance(node.what, Frame)
                self.places.setdefault(key, []).append((frame, node.name))
            if isinstance(node.what, Frame):
                self.prune(node.what)
                self.keep_inputs(node, node.what)

    def keep_inputs(self, node: Node, inside: Frame) -> None:
        """Leave out the inputs of a call that its output does not need, but for one."""
        read = {name for one in inside.nodes for name in one.reads} | {*inside.outputs}
        pairs = list(zip(node.reads, inside.inputs.items(), strict=True))
        kept = [pair for pair in pairs if pair[1][0] in read] or pairs[:1]
        node.reads[:] = [name for name, _ in kept]
        inside.inputs = dict([pair for _, pair in kept])

    def first(self, owner: Owner) -> Owner:
        """The module whose tensors it has."""
        if isinstance(owner, Weight):
            return owner.module or owner
        return next(iter(owner.tied.values()), owner)

    # Networks.

    def network(self, frame: Frame, *, is_root: bool = False) -> Layer:
        """The network of a call."""
        nodes: list[_build.Node] = []
        for node in frame.nodes:
            what = node.what
            layer = self.network(what) if isinstance(what, Frame) else self.trained(node, what)
            if node.owners and has_tensors(layer) and self.is_shared(node, layer):
                layer = Shared(path_of(self.first(node.owners[0])), layer)
            nodes.append(_build.Node(node.name, layer, tuple(node.reads)))
        inputs: dict[str, Any] = {}
        for name, dims in frame.inputs.items():
            form = form_of(dims)
            inputs[name] = None if form is None or None in form else form
        return _build.network_of(inputs, nodes, frame.outputs, is_inside=not is_root)

    def trained(self, node: Node, layer: Layer) -> Layer:
        """A layer, frozen if its tensors are."""
        module = next((one for one in node.owners if isinstance(one, Module)), None)
        if module is None:
            return layer
        weights = [one for one in module.weights.values() if not one.is_buffer]
        frozen = [one for one in weights if not one.trainable]
        if not frozen:
            return layer
        trainable = [one for one in layer._tensors(module.shape) if one.trainable]
        if len(frozen) < len(trainable):
            problem = f"{module.path} is trained in part, which paramcalc cannot say"
            raise ReadError(problem, where=node.where)
        return Frozen(layer)

    def is_shared(self, node: Node, layer: Layer) -> bool:
        """Whether a layer has tensors that stand at other places too.

        It need not say so where the network around it does.
        """
        owner, is_frame = self.first(node.owners[0]), isinstance(node.what, Frame)
        places, other = self.places[owner, is_frame], self.places.get((owner, not is_frame), [])
        inside = places if not is_frame else other
        if len(inside) == 1 and inside[0][0].module is owner:  # It calls the `forward` of torch.
            other = []
        if len(places) + len(other) == 1:
            return False
        frames, names = [frame for frame, _ in places], {name for _, name in places}
        around = {frame.module for frame in frames}
        is_explained = len(names) == len(around) == 1 and len({*map(id, frames)}) == len(frames)
        module = frames[0].module
        if not is_explained or other or module is None:
            return True
        return len(self.places.get((module, True), ())) < 2

    # Counts.

    def registered(self) -> list[Owner]:
        """The modules and parameters that torch counts."""
        found: list[Owner] = []
        for _, one in walk(self.root):
            found += [one] if one.layer is not None else []
            found += [each for each in one.attributes.values() if isinstance(each, Weight)]
        return list(dict.fromkeys(found))

    def check_use(self) -> None:
        """Refuse parameters that the network would not count, or torch would not."""
        used = {owner for owner, _ in self.places}
        owners = self.registered()
        for owner in used:
            if owner not in owners and self.count(owner) != 0:
                problem = "torch does not count a layer that is in no module"
                hint = "it is made in forward, or in a plain list; use nn.ModuleList"
                raise ReadError(f"{problem}: {hint}", where=self.where[owner])
        unused = [one for one in owners if self.first(one) not in used and self.count(one) != 0]
        if not unused:
            return
        paths = [path_of(one) for one in used]
        names = list(dict.fromkeys([top_of(path_of(one), paths) for one in unused]))
        where = next((self.where[one] for one in unused if one in self.where), "")
        total = sum([self.count(one) or 0 for one in unused])
        shown = " and ".join(names[:5]) + (" and others" if names[5:] else "")
        problem = f"the output does not depend on {shown}, of {total:,} parameters"
        hint = f"leave them out with layers={{{names[0]!r}: pc.Identity()}}"
        raise ReadError(f"{problem}, which torch counts: {hint}", where=where)

    def count(self, owner: Owner) -> int | None:
        """The trainable values; None if they depend on an input that never came."""
        if isinstance(owner, Weight):
            return prod(owner.shape) if owner.trainable else 0
        tensors = self.tensors(owner)
        return None if tensors is None else sum([size for _, size in tensors])

    def tensors(self, module: Module) -> list[tuple[str, int]] | None:
        """The trainable tensors of a layer, by name."""
        layer: Any = module.layer
        frozen = {name for name, one in module.weights.items() if not one.trainable}
        try:
            found = layer._tensors(module.shape) if layer is not None else ()
        except ParamcalcError:
            return None
        return [(one.name, one.size) for one in found if one.trainable and one.name not in frozen]

    def check_count(self, network: Layer) -> None:
        """Refuse a network that has not the parameters of the modules."""
        expected: dict[tuple[int, str], int] = {}
        for owner in self.registered():
            if isinstance(owner, Weight):
                found = [("", prod(owner.shape))] if owner.trainable else []
                found = [] if owner.module else found
            else:
                found = self.tensors(owner) or []
            for name, size in found:
                first = owner.tied.get(name, owner) if isinstance(owner, Module) else owner
                expected[id(first), name] = size
        try:
            number = network.num_params() if not network._is_merge else network._params(None)
        except ParamcalcError:
            return  # It depends on an input whose shape is not known.
        total = sum(expected.values())
        if number != total:
            problem = f"the network has {number:,} parameters, and torch counts {total:,}"
            raise ReadError(f"{problem}: layers share some of their tensors, and not all")


def owners_in(node: Node) -> list[Owner]:
    """The owners of a node, and of those inside."""
    found = list(node.owners)
    for one in node.what.nodes if isinstance(node.what, Frame) else ():
        found += owners_in(one)
    return found


def path_of(owner: Owner) -> str:
    """The path of a module or parameter."""
    return owner.path or (owner.kind if isinstance(owner, Module) else owner.name)


def top_of(path: str, used: list[str]) -> str:
    """The shortest start of a path in which nothing is used."""
    parts = path.split(".")
    for number in range(1, len(parts)):
        start = ".".join(parts[:number])
        if not any(one == start or one.startswith(f"{start}.") for one in used):
            return start
    return path
