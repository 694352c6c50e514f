"""Writes written.jsonl.gz: what torch and Keras say of the source that paramcalc writes for them.

Run by hand, where pytest, hypothesis, Keras 3.15.1 and torch 2.13 are installed:
`KERAS_BACKEND=torch PYTHONPATH=.:tests python tests/conformance/make_written.py`. Networks are
those of the zoo, and random layers, networks and graphs. Their source is run, and then the model on
zeros. Of each network there is its repr and its input shape; and per framework None where paramcalc
refuses to write it, or else a hash of the source, and of the framework the number of values that
are trained and the shape of each output.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

from against_keras import KERAS
from against_torch import TORCH
from golden import make
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from layers import ROWS, shapes_for
from networks import SHAPES
from records import entries, write
from strategies import networks_and_shapes
from test_graphs import CASES, build
from test_write import CALLS, TORCH as EXAMPLES

import paramcalc as pc
from paramcalc import zoo

GOLDEN = Path(__file__).with_name("written.jsonl.gz")
LAYERS, NETWORKS, GRAPHS = 12, 400, 100
"""How many layers of each kind there are of each source, and random networks."""
MOST_VALUES = 2_000_000
"""In the input and the output of a random network."""


def drawn(cases: st.SearchStrategy[Any], number: int) -> list[Any]:
    """So many different ones, always the same."""
    found: dict[str, Any] = {}

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(cases)
    def draw(case: Any) -> None:
        network, shape = case
        steps = pc.trace(network, shape)
        if max([prod(step.output_shape) for step in steps], default=0) < MOST_VALUES:
            found[f"{case}"] = case

    draw()
    return [*found.values()]


@st.composite
def with_shapes(draw: st.DrawFn, row: Any) -> Any:
    """A layer of a kind, and an input that fits it."""
    layer = draw(row.layers)
    return layer, draw(shapes_for(layer))


def networks() -> Iterator[tuple[Any, Any]]:
    for name in zoo.__all__:
        network: Any = getattr(zoo, name)()
        has_input = "Input(" in f"{network!r}" or isinstance(network, pc.Graph)
        yield network, None if has_input else SHAPES.get(name, (3, 224, 224))
    for row in ROWS:
        if not row.is_network:
            yield from drawn(with_shapes(row), LAYERS)
    for golden in (TORCH, KERAS):
        for cases in golden.judged.values():
            fit = [one.case for one in cases if one.here and one.there and not one.difference]
            yield from [(make(one.layer, one.fields), one.shape) for one in fit[:LAYERS]]
    yield from drawn(networks_and_shapes(), NETWORKS)
    for case in CASES[:GRAPHS]:
        yield build(case)[0], None
    for network, *others in [*EXAMPLES.values(), *CALLS.values()]:
        yield network, others[0] if isinstance(others[0], tuple) else None


def shapes_of(outputs: Any) -> list[list[int]]:
    return [list(one.shape[1:]) for one in entries(outputs) or (outputs,)]


class Torch:
    """Runs source of torch."""

    def __init__(self) -> None:
        self.torch = import_module("torch")
        self.torch.set_num_threads(2)

    def run(self, source: str, shapes: list[Any], batch: int) -> tuple[int, list[list[int]]]:
        names: dict[str, Any] = {}
        exec(source, names)  # noqa: S102  # what the library wrote
        model = names["model"].eval()
        count = sum(one.numel() for one in model.parameters() if one.requires_grad)
        for one in model.parameters():  # An output may be an index that is looked up.
            self.torch.nn.init.zeros_(one)
        with self.torch.no_grad():
            zeros = [self.torch.zeros(batch, *shape) for shape in shapes]
            try:
                outputs = model(*zeros)
            except RuntimeError as error:
                if "indices" not in str(error):
                    raise
                outputs = model(*[one.long() for one in zeros])
        return count, shapes_of(outputs)


class Keras:
    """Runs source of Keras."""

    def __init__(self) -> None:
        self.keras = import_module("keras")

    def run(self, source: str, shapes: list[Any], batch: int) -> tuple[int, list[list[int]]]:
        self.keras.backend.clear_session()
        names: dict[str, Any] = {}
        exec(source, names)  # noqa: S102  # what the library wrote
        model = names["model"]
        count = sum(prod(one.shape) for one in model.trainable_weights)
        for one in model.weights:
            one.assign(self.keras.ops.zeros(one.shape))
        outputs = model([self.keras.ops.zeros((batch, *shape)) for shape in shapes])
        return count, shapes_of(outputs)


def main() -> None:
    warnings.simplefilter("ignore")
    runners: dict[str, Torch | Keras] = {"torch": Torch(), "keras": Keras()}
    versions = {name: import_module(name).__version__ for name in runners}
    lines: list[dict[str, Any]] = [versions]
    for network, shape in networks():
        case: dict[str, Any] = {"network": repr(network), "shape": shape}
        given: list[Any] = [*shape.values()] if isinstance(shape, dict) else [shape]
        if isinstance(network, pc.Graph):
            given = [one for _, one in network.inputs]
        shapes = given if given[0] else [pc.trace(network)[0].input_shape]
        batch = 1 if prod(shapes[0]) > 50_000 else 2
        for name, runner in runners.items():
            writer: Any = getattr(pc.write, name)
            try:
                source = writer(network, shape)
            except pc.ParamcalcError:
                case[name] = None
                continue
            mark = hashlib.sha256(source.encode()).hexdigest()[:16]
            case[name] = [mark, *runner.run(source, shapes, batch)]
        lines.append(case)
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()
