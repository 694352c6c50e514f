"""A network as source code of Keras."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from paramcalc._blocks import SeparableConv
from paramcalc.layers._base import InputShape, Layer
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.write._keras_rules import HELPERS, RULES
from paramcalc.write._source import CALL, Op, Unit, name_of, spelled, word_of
from paramcalc.write._writer import Writer

OPERATIONS = re.compile(
    r"(absolute|exp|expand_dims|get_item|input_layer|matmul|pad|rms_normalization)(_\d+)?"
)
"""What Keras calls operations and inputs, so that a layer cannot have the name."""
AROUND = re.compile(r"layers\.(ZeroPadding|Cropping|Permute)")


def keras(network: Layer, input_shape: InputShape | None = None) -> str:
    """The network as source code of Keras 3, which makes a `model`.

    It is a `Sequential`, if the network is a row of layers; else functional. Layers have the names
    that they have in the network, the shapes, and the numbers of parameters.

    Keras takes the channels last: where they come first, it is told so.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit its input, or the shape is missing.
        ParamcalcError: Keras does not have a layer, and it is not made of others there.

    Source:
        Keras 3.15 `keras.layers`.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(
        ...     pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Flatten(), pc.Dense(None, 10),
        ...     data_format="channels_last",
        ... )
        >>> print(keras(net, (28, 28, 1)))
        import keras
        from keras import layers
        <BLANKLINE>
        model = keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ])
    """
    return Keras(network, input_shape).source()


class Keras(Writer):
    """The writer for Keras."""

    framework = "keras"
    rules = RULES
    whole = (SeparableConv,)
    words = "x keras layers ops model float Weight Scale"

    def source(self) -> str:
        """All of it."""
        self.units = list(self.rows())
        units = self.with_tied_embeddings(self.resolved())
        self.names: set[str] = set()
        """Names of layers that are given."""
        self.has_names = any(one.shared or re.match(r"\w", one.path) for one in units)
        is_row = len(self.inputs) == len(self.ends) == 1
        if is_row and all(one.is_plain and not one.shared for one in units):
            made = [self.named(op, one, at) for one in units for at, op in enumerate(one.ops)]
            items = [f"keras.Input({self.inputs[0]})", *(made or ["layers.Identity()"])]
            return with_imports(f"model = {spelled('keras.Sequential([', items, '])')}")
        lines: list[str] = []
        for number, name in enumerate(self.network._input_names):
            name = name_of("inputs" if name == "input" else name, self.taken)
            self.tensors[-1 - number] = name
            more = f', name="{name_of(name, self.names)}"' if len(self.inputs) > 1 else ""
            lines.append(f"{name} = keras.Input({self.inputs[number]}{more})")
        inputs, readers = together([*self.tensors.values()]), self.readers(units)
        for one in units:
            if one.end not in readers:
                raise one.at.refusal("place for a layer whose output nothing reads: leave it out")
        lines += self.body(units, readers)
        outputs = together([self.tensors[number] for number in self.ends])
        return with_imports("\n".join([*lines, f"model = keras.Model({inputs}, {outputs})"]))

    def with_tied_embeddings(self, units: Sequence[Unit]) -> list[Unit]:
        """The units, with embeddings whose weights a dense layer has too as one layer."""
        tables = {one.shared: one for one in units if isinstance(one.at.layer, Embedding)}
        heads = {one.shared for one in units if is_head(one.at.layer)}
        found: list[Unit] = []
        for unit in units:
            if unit.shared and unit.shared in heads & tables.keys():
                table = tables[unit.shared].at
                made = table.call("layers.ReversibleEmbedding", "num_embeddings embedding_dim")
                used = "{it}({0}, reverse=True)" if is_head(unit.at.layer) else CALL
                unit = replace(unit, ops=[Op(made, used)])
            found.append(unit)
        return found

    def row(self, path: str, units: Sequence[Unit]) -> Unit | None:
        """Only where a network is shared: else its layers stand in the row around it."""
        is_shared = self.plan.networks[path]._shared_name
        return Writer.row(self, path, units) if is_shared else None

    def row_text(self, path: str, units: Sequence[Unit]) -> str:
        items = [with_more(op.made, is_frozen=one.is_frozen) for one in units for op in one.ops]
        return spelled("keras.Sequential([", items, "])")

    def named(self, op: Op, unit: Unit, number: int) -> str:
        """What is made, with a name if layers have names."""
        if not self.has_names:
            return with_more(op.made, is_frozen=unit.is_frozen)
        return with_more(op.made, self.label(unit, number, self.names), is_frozen=unit.is_frozen)

    def label(self, unit: Unit, number: int, taken: set[str]) -> str:
        """The name of a layer that is made. What pads or crops for it has a number."""
        path = unit.shared or unit.path
        others = [bool(AROUND.match(op.made)) or not op.made for op in unit.ops]
        main = others.index(False) if False in others else 0
        path = path if number == main else f"{path}[{number}]"
        return name_of(f"layer_{path}" if OPERATIONS.fullmatch(word_of(path)) else path, taken)

    def hold(self, unit: Unit, number: int, op: Op, lines: list[str]) -> str:
        """The call; of a layer that is shared, its name."""
        if not unit.shared:
            return self.named(op, unit, number)
        key = self.key(unit, number, op)
        if key not in self.held:
            if unit.ties:
                problem = f"tensors that layers like these share: write {unit.shared!r} by hand"
                raise unit.at.refusal(problem)
            name = self.label(unit, number, self.taken)
            lines.append(f"{name} = {self.named(op, unit, number)}")
            self.held[key] = name
        return self.held[key]

    def given(self, unit: Unit) -> tuple[list[str], dict[str, str]]:
        return Writer.given(self, unit)[0], {"first": self.tensors[-1]}


def with_more(made: str, name: str = "", *, is_frozen: bool) -> str:
    """A call with more arguments: a name, and that it is not trained."""
    more = [f'name="{name}"'] * bool(name) + ["trainable=False"] * is_frozen
    if not more:
        return made
    gap = "" if made.endswith("()") else ", "
    return f"{made[:-1]}{gap}{', '.join(more)})"


def is_head(layer: Layer) -> bool:
    """Whether it has the weights of an embedding, the other way round."""
    return isinstance(layer, Dense) and not layer.bias


def together(names: list[str]) -> str:
    """One name, or a list of them."""
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def with_imports(body: str) -> str:
    """The source, after what it names."""
    used = [helper for name, helper in HELPERS.items() if re.search(rf"(?<![\w.]){name}\(", body)]
    helpers = "".join([f"\n{helper}" for helper in used]) + "\n" * bool(used)
    modules = "layers, ops" if "ops." in helpers + body else "layers"
    return f"import keras\nfrom keras import {modules}\n{helpers}\n{body}"
