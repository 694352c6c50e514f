"""Writes graphs.jsonl.gz: what torch makes of random graphs.

Run by hand, where torch is installed: `python tests/conformance/make_graphs.py`. paramcalc is not
imported. A case is the inputs, the nodes as [operation, fields, nodes that are read], the outputs;
and of torch: the output shapes, the number of parameters, and what a position of the first output
sees of each input: the first and the last position along each axis with a gradient.
"""

from __future__ import annotations

import random
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from records import write

GOLDEN = Path(__file__).with_name("graphs.jsonl.gz")
CASES = 400
SEED = 20261126
Node = tuple[str, dict[str, Any], list[int]]
"""Reading -1 is reading the first input, -2 the second."""


def draw_conv(rng: random.Random) -> Node:
    fields = {
        "out_channels": rng.randint(1, 3),
        "kernel_size": rng.randint(1, 4),
        "stride": rng.choice([1, 1, 1, 2]),
        "padding": rng.randint(0, 2),
        "dilation": rng.choice([1, 1, 2]),
        "bias": rng.random() < 0.5,
    }
    return "conv", fields, []


def draw_pool(rng: random.Random) -> Node:
    size = rng.randint(1, 3)
    return "pool", {"kernel_size": size, "stride": rng.choice([1, size])}, []


def draw_slice(rng: random.Random) -> Node:
    return "slice", {"start": rng.randint(0, 2), "stop": rng.randint(3, 9), "dim": 1}, []


def draw_norm(rng: random.Random) -> Node:
    return "norm", {"affine": rng.random() < 0.5}, []


OPERATIONS = [draw_conv, draw_conv, draw_conv, draw_pool, draw_slice, draw_norm]
MERGES = ["add", "multiply", "concat", "concat_lengths"]


class Run:
    """A graph in the making, run by torch as it grows."""

    def __init__(self, torch: Any, rng: random.Random) -> None:
        self.torch, self.rng = torch, rng
        self.inputs = [
            [rng.randint(1, 3), rng.randint(9, 16)] for _ in range(rng.choice([1, 1, 2]))
        ]
        self.nodes: list[Node] = []
        self.tensors: dict[int, Any] = {
            -number: torch.rand(1, *shape, dtype=torch.float64, requires_grad=True)
            for number, shape in enumerate(self.inputs, 1)
        }
        self.num_params = 0

    def module(self, name: str, fields: dict[str, Any], x: Any) -> Any:
        """The output of an operation on one tensor. All weights are positive."""
        nn = self.torch.nn
        if name == "slice":
            return x[:, :, fields["start"] : fields["stop"]]
        if name == "pool":
            return nn.AvgPool1d(**fields)(x)
        made = (
            nn.Conv1d(x.shape[1], **fields)
            if name == "conv"
            else nn.BatchNorm1d(x.shape[1], **fields)
        )
        made = made.double().eval()
        for one in made.parameters():
            self.torch.nn.init.uniform_(one, 0.5, 1.5)
        output = made(x)
        self.num_params += sum(one.numel() for one in made.parameters())
        return output

    def grow(self) -> None:
        """Add a node that torch accepts."""
        rng, known = self.rng, [*self.tensors]
        if rng.random() < 0.4:
            name = rng.choice(MERGES)
            fields: dict[str, Any] = {}
            reads = [rng.choice(known) for _ in range(rng.choice([2, 2, 3]))]
        else:
            (name, fields, _), reads = rng.choice(OPERATIONS)(rng), [rng.choice(known)]
        tensors = [self.tensors[one] for one in reads]
        before = self.num_params
        try:
            if name in ("add", "multiply"):
                output: Any = reduce(self.torch.add if name == "add" else self.torch.mul, tensors)
            elif name.startswith("concat"):
                output = self.torch.cat(tensors, 1 if name == "concat" else 2)
            else:
                output = self.module(name, fields, *tensors)
        except RuntimeError:
            self.num_params = before
            return
        if output.shape[2] and output.numel() < 2000:
            self.tensors[len(self.nodes)] = output
            self.nodes.append((name, fields, reads))
        else:
            self.num_params = before

    def ends(self) -> list[int]:
        """The nodes that nobody reads, the last first."""
        read = {one for _, _, reads in self.nodes for one in reads}
        return [at for at in reversed(range(len(self.nodes))) if at not in read]

    def seen(self, output: Any, position: int) -> list[Any]:
        """The first and the last position of each input with a gradient; None if there is none."""
        inputs = [self.tensors[-number] for number in range(1, len(self.inputs) + 1)]
        total = output[0, :, position].sum()
        grads = self.torch.autograd.grad(total, inputs, allow_unused=True, retain_graph=True)
        found: list[Any] = []
        for grad in grads:
            places: list[int] = (
                [] if grad is None else grad[0].abs().sum(0).nonzero().flatten().tolist()
            )
            found.append([places[0], places[-1]] if places else None)
        return found

    def case(self) -> dict[str, Any] | None:
        for _ in range(self.rng.randint(3, 12)):
            self.grow()
        ends = self.ends()
        used = {one for _, _, reads in self.nodes for one in reads}
        if not ends or not used.issuperset(range(-len(self.inputs), 0)):
            return None
        shapes = [list(self.tensors[one].shape[1:]) for one in ends]
        positions = sorted({0, shapes[0][1] // 2, shapes[0][1] - 1})
        return {
            "inputs": self.inputs,
            "nodes": self.nodes,
            "outputs": ends,
            "shapes": shapes,
            "num_params": self.num_params,
            "seen": [[at, self.seen(self.tensors[ends[0]], at)] for at in positions],
        }


def main() -> None:
    torch: Any = import_module("torch")
    torch.manual_seed(SEED)
    rng = random.Random(SEED)  # noqa: S311  # not for secrets
    cases: list[dict[str, Any]] = [{"torch": torch.__version__, "seed": SEED}]
    while len(cases) <= CASES:
        case = Run(torch, rng).case()
        cases += [] if case is None else [case]
    write(GOLDEN, cases)


if __name__ == "__main__":
    main()
