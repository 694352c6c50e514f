"""The words of errors for names and arguments of torch and Keras, which lead on to those here.

It is loaded when there is such an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any

from paramcalc._checks import as_optional_count, entries
from paramcalc._counterparts import Counterpart, changes_nothing, counterparts
from paramcalc.errors import counted, show

ALIASES = {"Convolution": "Conv", "Avg": "Average", r"Pool(?!ing)": "Pooling"}
"""What Keras's second names of layers say, and what the first say."""
INPUTS = {"input_shape", "batch_input_shape", "batch_shape", "input_dim"}
"""Arguments by which a layer of Keras states its input."""


def lead(name: str, known: Collection[str], get: Callable[[str], Any]) -> str:
    """What to use here for a name of torch or Keras; empty for any other name.

    Args:
        name: the name that there is not.
        known: the public names.
        get: gives what a public name stands for.
    """
    table = counterparts("torch") + counterparts("keras")
    plain = alias = name.removeprefix("Lazy")
    if re.search(r"\dD(Transpose)?$", name):
        for second, first in ALIASES.items():
            alias = re.sub(second, first, alias)
    found = [one for one in table if last_part(one.name) in (plain, alias)]
    if not found and bare(name) not in map(bare, known):
        found = [one for one in table if bare(last_part(one.name)) == bare(plain)]
    uses: list[str] = []
    for one in sorted(found, key=lambda one: len(one.theirs)):
        if one.layer == "Activation":
            function = re.sub(r"(?<=[a-z])(?=[A-Z])(?!LU)", "_", name).lower()
            return f'use Activation("{function}")'
        note = f"; {one.note.replace('`', '')}" * bool(one.note)
        given = f", for {texts(one.theirs)}" * (len(found) > 1 and bool(one.theirs))
        uses.append(f"{call(one, get(one.layer), is_lazy=plain != name)}{given}{note}")
    return f"use {'; or '.join(dict.fromkeys(uses))}" if uses else ""


def unknown_name(name: str, known: Collection[str]) -> str:
    """Python's words for a name that a module lacks, with the nearest that it has."""
    near = [one for one in known if bare(one) == bare(name)] or get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"module 'paramcalc' has no attribute {name!r}{hint}"


def last_part(name: str) -> str:
    """`MaxPool2d` of `nn.MaxPool2d`."""
    return name.rpartition(".")[2]


def bare(name: str) -> str:
    """A name without the capitals and underscores in which classes and functions differ."""
    return name.replace("_", "").lower()


def texts(values: Mapping[str, Any]) -> str:
    """Arguments as they are written in a call."""
    return ", ".join([f"{name}={value!r}" for name, value in values.items()])


def call(one: Counterpart, kind: Any, *, is_lazy: bool) -> str:
    """The call here for a layer of a framework, with its arguments in their places.

    A lazy layer lacks the first argument.
    """
    theirs: dict[str, list[str]] = {}
    for argument, ours in [*one.arguments.items()][is_lazy:]:
        theirs.setdefault(ours, []).append(argument)
    parameters = signature(kind).parameters
    given, usual, in_place = list[str](), "", True
    for place, (name, parameter) in enumerate(parameters.items()):
        values = theirs.get(name, [])
        text = values[0] if len(values) == 1 else f"({', '.join(values)})"
        if name in one.fields:
            value = texts({name: one.fields[name]})
            if parameter.default == one.fields[name]:
                usual += f"; {value} is the default"
            else:
                given.append(value)
        elif parameter.kind is Parameter.VAR_POSITIONAL:
            given.append("...")
        elif is_needed(parameter):
            given.append(text if values else "None" if is_open(kind, name) else name)
        elif values:
            in_place = in_place and [*one.arguments][place : place + 1] == values == [name]
            given.append(name if in_place else f"{name}={'...' if values == [name] else text}")
        else:
            in_place = False
    if not given and any(one.kind is one.POSITIONAL_OR_KEYWORD for one in parameters.values()):
        given.append("...")  # The table does not say which.
    return f"{one.layer}({', '.join(given)}){usual}"


def is_needed(parameter: Parameter) -> bool:
    """Whether it has no default."""
    return (
        parameter.default is parameter.empty and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
    )


def is_open(kind: Any, name: str) -> bool:
    """Whether a field may be None, to take what the input has."""
    spec = kind._specs.get(name)
    return spec is not None and spec.read is as_optional_count


def misuse(
    layer: Any, given: dict[str, Any], extra: tuple[Any, ...], unknown: dict[str, Any]
) -> TypeError:
    """The error for the arguments of a layer.

    Args:
        layer: the layer, which has no fields yet.
        given: the values of the arguments that it takes, or `MISSING`.
        extra: values without a name for which there is no argument.
        unknown: values by names that are not those of arguments.
    """
    kind = layer.__class__
    renamed: dict[str, Counterpart] = {}
    for one in counterparts("keras") + counterparts("torch"):
        if one.layer == kind.__name__:
            found = {name: one for name in unknown if one.arguments.get(name) in given}
            renamed = found | renamed
    ours = {one.arguments[name]: name for name, one in renamed.items()}
    clauses = [too_many(kind, len(extra))] if extra else []
    if renamed:
        pairs = [f"{name} is {one.arguments[name]}" for name, one in renamed.items()]
        notes = dict.fromkeys([one.note.replace("`", "") for one in renamed.values() if one.note])
        clauses.append("; ".join([f"{joined(pairs)} here", *notes]))
    clauses += others(kind, {name: unknown[name] for name in unknown if name not in renamed})
    if lacking := [name for name in given if given[name] is MISSING and name not in ours]:
        clauses.append(missing(kind, given, lacking))
    words = ". Also, ".join(clauses).replace("?.", "?")
    return TypeError(f"{kind.__name__}: {words}")


def too_many(kind: Any, number: int) -> str:
    """What to say of values without a name that are too many."""
    parameters = signature(kind).parameters.values()
    placed = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    named = [one.name for one in parameters if one.kind is not one.POSITIONAL_OR_KEYWORD]
    takes = "no argument by position"
    if placed:
        takes = f"{counted(len(placed), 'argument')} by position ({', '.join(placed)})"
    by_name = f"; give {joined(named)} by name" if named else ""
    return f"takes {takes}, got {len(placed) + number}{by_name}"


def others(kind: Any, unknown: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to say of arguments that have no other name here."""
    idle: list[str] = []
    for name, value in unknown.items():
        is_not = f"{name} is not an argument"
        if name == "batch_first":
            yield f"{is_not}; leave it out: shapes are (length, features), without the batch"
        elif name == "activation" and (has_activation(kind) or value is None):
            idle.append(name)
        elif name == "activation":
            text = repr(value) if isinstance(value, str) else "..."
            yield f"{is_not}; add Activation({text}) after it".replace("'", '"')
        elif name in INPUTS:
            lengths = (entries(value) or (value,))["batch" in name :]
            yield f"{is_not}; put Input({', '.join(map(show, lengths))}) before it"
        elif name == "trainable" and value is False:
            yield f"{is_not}; freeze it: Frozen({kind.__name__}(...))"
        elif changes_nothing(name):
            idle.append(name)
        else:
            known = list(signature(kind).parameters)
            near = get_close_matches(name, known, 1, 0.55)
            hint = f"did you mean {near[0]}?" if near else f"it takes {joined(known) or 'none'}"
            yield f"{is_not}; {hint}"
    if idle[1:]:
        hint = "leave them out: they change no shape and no count"
        yield f"{joined(idle)} are not arguments; {hint}"
    elif idle:
        yield f"{idle[0]} is not an argument; leave it out: it changes no shape and no count"


def has_activation(kind: Any) -> bool:
    """Whether an activation is inside a layer, where it changes nothing."""
    table = counterparts("torch")
    is_named = any(one.layer == kind.__name__ and "activation" in one.arguments for one in table)
    return is_named or "return_sequences" in kind._specs


def missing(kind: Any, given: Mapping[str, Any], lacking: list[str]) -> str:
    """What to say of arguments that must be given, and are not."""
    first, *more = lacking
    hint = ""
    if kind._stating in lacking and is_open(kind, kind._stating):
        hint = f"; None{f' for {kind._stating}' * bool(more)} takes it from the input"
    elif not more and is_open(kind, kind._stating):
        parameters = signature(kind).parameters
        stated = [show(given[one]) for one in given if is_needed(parameters[one]) and one != first]
        hint = f"; {kind.__name__}(None, {', '.join(stated)}) takes {kind._stating} from the input"
    return f"{joined(lacking)} {'are' if more else 'is'} missing{hint}"


def joined(names: list[str]) -> str:
    """Names as in a sentence."""
    return " and ".join([*[", ".join(names[:-1])] * (len(names) > 1), *names[-1:]])
