"""Layers made of Terms. The methods that count give, for such a layer, the working as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from paramcalc._branches import Concat
from paramcalc._checks import entries
from paramcalc._trace import Step
from paramcalc.formulas import Term
from paramcalc.formulas._term import Symbol, named
from paramcalc.layers._axes import family_of, name_axes, spatial_axes
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import OWN_NUMBER, Spec, defaults_of

T = TypeVar("T")

MadeOf = list[Term | None]
"""Per axis of a shape, what its length was made of, if that is to be shown."""
MAX_SUMMANDS = 12
"""A longer sum is not written out."""
UNWRITTEN = {0, 1} | {(number,) * rank for number in (0, 1) for rank in (1, 2, 3)}
"""Usual defaults, which formulas omit."""
QUESTIONS = {
    "output_shape": "_shape",
    "parameters": "_tensors",
    "num_params": "_params",
    "num_macs": "_macs",
}
"""The methods by which a layer of the library answers for a checked shape."""


class Lifted:
    """A step whose layer and input shape are made of Terms.

    Args:
        step: the step.
        family: what the axes of its input are.
        made_of: what the lengths of its input were made of, if that is to be shown.
    """

    __slots__ = ("_copy", "family", "family_after", "layer", "made_of", "step")

    def __init__(self, step: Step, family: str, made_of: MadeOf | None) -> None:
        self.step = step
        self.layer = step.layer._thawed
        self.family = family_of(self.layer, family)
        self.family_after = self.layer._family_after or self.family
        self.made_of = made_of
        self._copy: tuple[Any, Shape | None] | None = None

    def key(self, counting: bool) -> object:
        """What its answers depend on; if `counting`, what its number of parameters depends on."""
        layer: Any = self.layer._bare
        is_own = not isinstance(layer, Builtin) or self.step.shared
        if self.made_of or is_own or self.step.layer._network_depth:
            return self
        is_stated = counting and not layer._is_open
        shapes = None if is_stated else (self.step.input_shape, self.step.merged)
        return self.step.layer, shapes, self.family

    def names(self, rank: int) -> list[tuple[str, str]]:
        """The symbol and the name of each axis of its output."""
        return name_axes(self.layer, rank, self.family_after)

    @property
    def copy(self) -> tuple[Any, Shape | None]:
        """The layer and the input shape made of Terms; no layer if it cannot be copied."""
        if self._copy is None:
            shape: Any = self.step.input_shape
            if shape is not None:
                names = name_axes(self.layer, len(shape), self.family)
                axes = zip(shape, names, self.made_of or [None] * len(shape), strict=True)
                terms = [
                    named(length, Symbol(symbol, is_axis=True, made_of=made))
                    for length, (symbol, _), made in axes
                ]
                shape = tuple(terms)
            try:
                made = lift(self.step.layer, shape, self.family)
            except Exception:  # noqa: BLE001  # a user's own layer may hold anything
                made = None
            self._copy = made, shape
        return self._copy

    def answer(self, question: str, plain: T, output: Shape | None = None) -> T:
        """The answer with its working; the plain answer if the layer cannot take Terms."""
        layer, shape = self.copy
        try:
            if isinstance(layer, Builtin):
                others = self.step.merged[1:]
                given = [shape, output, *others] if question == "num_macs" else [shape]
                answer: Any = getattr(layer, QUESTIONS[question])(*given)
            else:
                answer = getattr(layer, question)(shape)
                answer = entries(answer) or answer
            return answer if answer == plain and type(answer) in (Term, tuple) else plain
        except Exception:  # noqa: BLE001  # a user's own layer may take ints and nothing else
            return plain

    def num_params(self) -> int:
        """The number of trainable values, with the working."""
        plain = self.step.num_params
        return plain and self.answer("num_params", plain)

    def num_macs(self) -> int:
        """The number of multiply-accumulates, with the working."""
        plain, output = self.step.num_macs, self.step.output_shape
        terms = [
            named(length, Symbol(symbol.removesuffix("_in") + "_out"))
            for length, (symbol, _) in zip(output, self.names(len(output)), strict=True)
        ]
        return plain and self.answer("num_macs", plain, tuple(terms))

    def lengths(self) -> Shape:
        """The output shape, with the working of each length."""
        output: Any = self.step.output_shape
        if output is None:
            return ()
        if self.layer._network_depth:
            return self._merge(output)
        pairs = zip(self.answer("output_shape", output), output, strict=True)
        return tuple([one if isinstance(one, Term) else plain for one, plain in pairs])

    def _merge(self, output: Shape) -> Shape:
        """The merged output, with the sum of the lengths that are concatenated."""
        layer, merged = self.layer._bare, self.step.merged
        if not isinstance(layer, Concat) or len(merged) > MAX_SUMMANDS:
            return output
        before = self.layer._family.count("time")
        axis = before + layer.dim % (len(output) - before)
        symbol = self.names(len(output))[axis][0]
        terms = [named(one[axis], Symbol(f"{symbol}_{i}")) for i, one in enumerate(merged, 1)]
        return (*output[:axis], sum(terms), *output[axis + 1 :])

    def carried(self) -> MadeOf | None:
        """The products of axes in the output: the working of the next layer shows them."""
        shape: Any = self.step.input_shape
        output: Any = self.step.output_shape
        if output is shape:
            return self.made_of
        if None in (shape, output) or len(output) >= len(shape) or self.layer._network_depth:
            return None
        return [
            one if isinstance(one, Term) and one.is_product_of_axes() else None
            for one in self.lengths()
        ]


def lift_all(steps: Sequence[Step]) -> list[Lifted]:
    """The steps made of Terms; each learns what its axes are from those it reads."""
    families: dict[int, str] = {}
    made_of: dict[int, MadeOf | None] = {}
    found: list[Lifted] = []
    for number, step in enumerate(steps):
        last = step.inputs[-1] if step.inputs else -1
        family = families.get(last) or families.get(
            number - 1, ""
        )  # The nearest, if none is known.
        lifted = Lifted(step, family, None if step.merged else made_of.get(last))
        families[number], made_of[number] = lifted.family_after, lifted.carried()
        found.append(lifted)
    return found


def work_all(
    steps: Sequence[Lifted], work: Callable[[Lifted], T], *, counting: bool = False
) -> Iterator[tuple[str, T]]:
    """Yield the path of each step and its `work`, which is done once for equal steps.

    The work is `counting` if it asks for the number of parameters alone.
    """
    known: dict[object, T] = {}
    for lifted in steps:
        key = lifted.key(counting)
        if key not in known:
            known[key] = work(lifted)
        yield lifted.step.path, known[key]


def lift(layer: Any, shape: Shape | None, family: str) -> Any:
    """A copy of a layer whose ints are Terms, except those at a default of 0 or 1.

    A length that a built-in layer states of its input becomes the Term of the input shape.
    """
    copy: Any = object.__new__(layer.__class__)
    put = object.__setattr__
    if not isinstance(layer, Builtin):
        defaults = defaults_of(layer.__class__)
        taken = {symbol for symbol, _ in name_axes(layer, len(shape or ()) or 1, family)}
        for field, held in attributes(layer).items():
            symbol = f"self.{field}" if field in taken else field
            taken.add(symbol)
            put(copy, field, as_terms(held, symbol, defaults.get(field)))
        return copy
    usual = layer._usual()
    for field, spec in layer._specs.items():
        value: Any = getattr(layer, field)
        if value == usual.get(field) and value in UNWRITTEN:
            pass  # A shortcut: `as_terms` gives the same.
        elif isinstance(value, Layer):
            value = lift(value, layer._within(shape), family)
        elif spec.symbol == OWN_NUMBER:
            value = own_numbers(value)
        elif shape is not None and spec.states and value not in (None, usual.get(field)):
            is_tail = spec.states == "last axes"
            value = shape[len(shape) - len(value) :] if is_tail else shape[layer._stated_axis()]
        elif not isinstance(value, bool | str | None):
            value = as_terms(value, spec.symbol or field, usual.get(field), spec)
        put(copy, field, value)
    return copy


def own_numbers(value: Any) -> Any:
    """Ints that stand for themselves in formulas, as Terms; -1 stands for another."""
    given = entries(value)
    if given is not None:
        return tuple([own_numbers(one) for one in given])
    return named(value, Symbol(str(value), divides=True)) if value > 0 else value


def attributes(layer: Any) -> dict[str, Any]:
    """All attributes of a layer, in slots or in its `__dict__`."""
    held: dict[str, Any] = {}
    for cls in type(layer).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if slot not in ("__weakref__", "__dict__") and hasattr(layer, slot):
                held[slot] = getattr(layer, slot)
    return held | getattr(layer, "__dict__", {})


def as_terms(value: Any, symbol: str, usual: Any, spec: Spec | None = None) -> Any:
    """The ints of a field as Terms: one, one per axis, or two per axis."""
    if type(value) is int:
        is_usual = value == usual and value in (0, 1)
        divides = spec is not None and spec.divides
        return value if is_usual else named(value, Symbol(symbol, divides))
    given = entries(value) if isinstance(value, tuple) else None
    if given is None:
        return value  # pyright: ignore[reportUnknownVariableType]
    rank = len(given)
    if spec is not None and not spec.per_axis and rank > 1:  # Any axes, not the spatial ones.
        indices = [f"_{i}" for i in range(1, rank + 1)]
    else:
        indices = [index and f"_{index}" for _, index, _ in spatial_axes(rank)]
    defaults = entries(usual) or (usual,) * rank
    terms: list[Any] = []
    for entry, index, one in zip(given, indices, defaults, strict=False):
        sides = entries(entry) or ()
        if len(sides) == 2:
            pair = zip(sides, (f"{index or '_'}1", f"{index or '_'}2"), strict=True)
            terms.append(tuple([as_terms(side, symbol + end, one, spec) for side, end in pair]))
        else:
            terms.append(as_terms(entry, symbol + index, one, spec))
    return tuple(terms)
