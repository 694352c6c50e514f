"""Layers made of Terms: the methods that count, run on them, give the working of every number."""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from paramcalc._checks import entries
from paramcalc._network import Concat, Network
from paramcalc._trace import Step
from paramcalc.formulas import Term
from paramcalc.layers._axes import name_axes, spatial_axes
from paramcalc.layers._base import Builtin, Layer, Shape, defaults_of
from paramcalc.layers._fields import OWN_NUMBER, Spec

T = TypeVar("T")

MadeOf = list[Term | None]
"""For each axis of a shape, what its length was made of, if that is to be shown."""
MAX_SUMMANDS = 12
"""A sum of more numbers is not written out."""
QUESTIONS = {
    "output_shape": "_shape",
    "parameters": "_tensors",
    "num_params": "_params",
    "num_macs": "_macs",
}
"""The methods by which a layer of the library answers for a shape that was checked."""


class Lifted:
    """A step of a network whose layer and input shape are made of Terms.

    Args:
        step: the step.
        family: what the axes of its input are.
        made_of: what the lengths of its input were made of, if that is to be shown.
        outputs: the outputs of the steps that it reads.
    """

    __slots__ = ("_copy", "family", "layer", "made_of", "outputs", "step")

    def __init__(
        self, step: Step, family: str, made_of: MadeOf | None, outputs: Sequence[Shape | None]
    ) -> None:
        self.step = step
        self.layer = step.layer._thawed
        self.family = self.layer._family or family
        self.made_of = made_of
        self.outputs = outputs
        self._copy: tuple[Any, Shape | None] | None = None

    @property
    def family_after(self) -> str:
        """What the axes of its output are."""
        return self.layer._family_after or self.family

    @property
    def key(self) -> object:
        """What its answers depend on: steps that are alike are worked through only once."""
        layer = self.step.layer
        if self.made_of is None and isinstance(self.layer, Builtin) and not layer._network_depth:
            return layer, self.step.input_shape, self.family
        return self

    def names(self, rank: int) -> list[tuple[str, str]]:
        """The symbol and the name of each axis of its output."""
        return name_axes(self.layer, rank, self.family_after)

    @property
    def copy(self) -> tuple[Any, Shape | None]:
        """The layer and the input shape made of Terms; no layer, where it cannot be copied."""
        if self._copy is None:
            shape: Any = self.step.input_shape
            if shape is not None:
                names = name_axes(self.layer, len(shape), self.family)
                made_of = self.made_of or [None] * len(shape)
                shape = tuple(
                    [
                        Term(length, symbol, is_axis=True, made_of=made)
                        for length, (symbol, _), made in zip(shape, names, made_of, strict=True)
                    ]
                )
            try:
                made = lift(self.step.layer, shape, self.family)
            except Exception:  # noqa: BLE001  # a user's own layer may hold anything
                made = None
            self._copy = made, shape
        return self._copy

    def answer(self, question: str, plain: T, output: Shape | None = None) -> T:
        """The answer with its working; the plain answer, where the layer cannot take Terms."""
        layer, shape = self.copy
        try:
            if isinstance(layer, Builtin):
                given = [shape, output] if question == "num_macs" else [shape]
                answer: Any = getattr(layer, QUESTIONS[question])(*given)
            else:
                answer = getattr(layer, question)(shape)
                answer = entries(answer) or answer
            return answer if answer == plain and type(answer) in (Term, tuple) else plain
        except Exception:  # noqa: BLE001  # a user's own layer may take ints and nothing else
            return plain

    def num_params(self) -> int:
        """How many values are trained, with the working."""
        plain = self.step.num_params
        return plain if not plain else self.answer("num_params", plain)

    def num_macs(self) -> int:
        """How many multiply-accumulates it takes, with the working."""
        plain, output = self.step.num_macs, self.step.output_shape
        names = self.names(len(output))
        terms = [
            Term(length, symbol.removesuffix("_in") + "_out")
            for length, (symbol, _) in zip(output, names, strict=True)
        ]
        return self.answer("num_macs", plain, tuple(terms)) if plain else plain

    def lengths(self) -> Shape:
        """The output shape, with the working of each length."""
        output: Any = self.step.output_shape
        if output is None:
            return ()
        if isinstance(self.layer, Network):
            return self._merged(output)
        pairs = zip(self.answer("output_shape", output), output, strict=True)
        return tuple([one if isinstance(one, Term) else plain for one, plain in pairs])

    def _merged(self, output: Shape) -> Shape:
        """The merged output of branches, with the sum of lengths that are concatenated."""
        if not isinstance(self.layer, Concat) or len(self.outputs) > MAX_SUMMANDS:
            return output
        axis = self.layer.dim % len(output)
        symbol = self.names(len(output))[axis][0]
        lengths = [one[axis] for one in self.outputs if one is not None]
        terms = [Term(length, f"{symbol}_{i}") for i, length in enumerate(lengths, 1)]
        return (*output[:axis], sum(terms), *output[axis + 1 :])

    def carried(self) -> MadeOf | None:
        """What the lengths of the output were made of, where axes were multiplied.

        The next layer's count shows it.
        """
        shape: Any = self.step.input_shape
        output: Any = self.step.output_shape
        if output is shape:
            return self.made_of
        if (
            shape is None
            or output is None
            or len(output) >= len(shape)
            or self.layer._network_depth
        ):
            return None
        return [
            one if isinstance(one, Term) and one.is_product_of_axes() else None
            for one in self.lengths()
        ]


def lift_all(steps: Sequence[Step]) -> list[Lifted]:
    """The steps made of Terms; each gets from those it reads what the axes are and are made of."""
    families = [""] * (len(steps) + 1)
    made_of: list[MadeOf | None] = [None] * (len(steps) + 1)
    found: list[Lifted] = []
    for number, step in enumerate(steps):
        last = step.inputs[-1]
        outputs: Sequence[Shape | None] = ()
        if (
            step.layer._network_depth
        ):  # What a merging reads of the network's input is its own input.
            read = [(steps[one] if one >= 0 else None) for one in step.inputs]
            outputs = [one.output_shape if one else step.input_shape for one in read]
        family = families[last] or families[number - 1]  # Where nothing is known, as nearby.
        lifted = Lifted(step, family, None if outputs else made_of[last], outputs)
        families[number], made_of[number] = lifted.family_after, lifted.carried()
        found.append(lifted)
    return found


def lift(layer: Any, shape: Shape | None, family: str) -> Any:
    """A copy of a layer whose ints are Terms, but for those left at a default of 0 or 1.

    What a layer of the library states of its input is the very Term of the input shape.
    """
    copy: Any = object.__new__(layer.__class__)
    defaults = defaults_of(layer.__class__)
    if not isinstance(layer, Builtin):
        taken = {symbol for symbol, _ in name_axes(layer, len(shape or ()) or 1, family)}
        for field, value in attributes(layer).items():
            symbol = f"self.{field}" if field in taken else field
            taken.add(symbol)
            object.__setattr__(copy, field, as_terms(value, symbol, defaults.get(field)))
        return copy
    for field, spec in layer._specs.items():
        value, usual = getattr(layer, field), defaults.get(field)
        terms: Any = value
        if isinstance(value, Layer):
            terms = lift(value, shape, family)
        elif shape is not None and spec.symbol == OWN_NUMBER:
            numbers = [Term(one, str(one), divides=True) if one > 0 else one for one in value]
            terms = tuple(numbers)
        elif shape is not None and spec.states and value not in (None, usual):
            whole = spec.states == "last axes"
            axis = layer._stated_axis()
            terms = shape[len(shape) - len(value) :] if whole else shape[axis]
        elif not isinstance(value, bool | str):
            terms = as_terms(value, spec.symbol or field, usual, spec)
        object.__setattr__(copy, field, terms)
    return copy


def attributes(layer: Any) -> dict[str, Any]:
    """Whatever a layer holds, in slots or in its `__dict__`."""
    held: dict[str, Any] = {}
    for cls in type(layer).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if slot not in ("__weakref__", "__dict__") and hasattr(layer, slot):
                held[slot] = getattr(layer, slot)
    return held | getattr(layer, "__dict__", {})


def as_terms(value: Any, symbol: str, usual: Any, spec: Spec | None = None) -> Any:
    """The ints of a field as Terms: one, one for each axis, or two for each axis."""
    divides = spec is not None and spec.divides

    def as_term(value: Any, index: str, usual: object) -> Any:
        if type(value) is not int or (value == usual and value in (0, 1)):
            return value
        return Term(value, f"{symbol}_{index}" if index else symbol, divides=divides)

    given = None if isinstance(value, list) else entries(value)
    if given is None:
        return as_term(value, "", usual)
    rank = len(given)
    indices = [index for _, index, _ in spatial_axes(rank)]
    if spec is not None and spec.states and rank > 1:
        indices = [f"{i}" for i in range(1, rank + 1)]  # Any axes, not the spatial ones.
    usual = entries(usual) or (usual,) * rank
    terms: list[Any] = []
    for entry, index, one in zip(given, indices, usual, strict=False):
        pair = entries(entry)
        if pair is not None and len(pair) == 2:
            sides = zip(pair, ("1", "2"), strict=True)
            terms.append(tuple([as_term(side, index + end, one) for side, end in sides]))
        else:
            terms.append(as_term(entry, index, one))
    return tuple(terms)
