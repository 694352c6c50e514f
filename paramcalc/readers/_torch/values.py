"""What a source may hold while it is read, apart from plain values of Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from inspect import Signature, signature
from typing import Any

from paramcalc._checks import LARGEST
from paramcalc.errors import ParamcalcError, ReadError, show

MAX_STEPS = 200_000
signature_of = cache(signature)


class Meter:
    """What is left of the steps that a source may take."""

    def __init__(self) -> None:
        self.left = MAX_STEPS
        self.reserve = 0

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < self.reserve:
            raise ReadError("reading this takes too many steps")


@dataclass(frozen=True, slots=True)
class Known:
    """Something that the source imports, by its path, as `torch.nn.Linear`."""

    path: str
    name: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.path.rpartition(".")[2])

    def __repr__(self) -> str:
        return self.path

    @property
    def is_of_nn(self) -> bool:
        """Whether it is a class of `torch.nn`, or the one of lightning that is made of it."""
        is_nn = self.path.startswith("torch.nn.") and ".functional." not in self.path
        return is_nn or self.name == "LightningModule"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that the source takes from an input whose shape is not known."""

    what: str

    @property
    def problem(self) -> str:
        return f"{self.what} depends on the input: give input_shape"


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, a class or a call of a function.

    Args:
        owner: the class whose body it is.
        method: the class that the function is defined in, and what it is called on.
    """

    names: dict[str, Any]
    parent: Scope | None = None
    owner: Class | None = None
    method: tuple[Class, Any] | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function of the source; `kind` is "staticmethod", "classmethod", "property" or empty."""

    name: str
    takes: Signature
    body: Any
    scope: Scope
    owner: Class | None = None
    kind: str = ""

    def __repr__(self) -> str:
        return self.name or "<lambda>"


@dataclass(slots=True, eq=False)
class Class:
    """A class of the source.

    Args:
        mro: the classes in which an attribute is looked up, itself first; some are `Known`.
        fields: its annotated names.
        is_record: whether calling it fills its fields, as a dataclass does.
    """

    name: str
    mro: list[Any]
    members: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: list[str] = field(default_factory=list[str])
    is_record: bool = False

    def __repr__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Thing:
    """An object of a class."""

    cls: Any
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])

    def __repr__(self) -> str:
        return f"<{self.cls.name}>"


@dataclass(slots=True, eq=False)
class Partial:
    """A function with some arguments; a method with its first."""

    function: Any
    args: tuple[Any, ...]
    named: dict[str, Any] = field(default_factory=dict[str, Any])

    def __repr__(self) -> str:
        return str(self.function)


@dataclass(slots=True, eq=False)
class Super:
    """The classes after one, for an object."""

    cls: Class
    first: Any


@dataclass(slots=True, eq=False)
class Poison:
    """A name whose value could not be found."""

    error: ReadError


def attempt(what: str, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """What a function returns; what it raises is an error of the source."""
    try:
        return function(*args, **named)
    except ReadError:
        raise
    except (ArithmeticError, LookupError, ParamcalcError, TypeError, ValueError) as error:
        text = str(error) if isinstance(error, ParamcalcError) else show(str(error))[1:-1]
        raise ReadError(f"{what}: {text}" if what else text) from None


def arguments_of(what: str, takes: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """The arguments of a call by name; `takes` is a signature's `bind` or `bind_partial`."""
    found = attempt(what, takes, *args, **named)
    found.apply_defaults()
    return found.arguments


def bounded(value: Any) -> Any:
    """A number that is not too large."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise ReadError("a number is above 2**63 - 1, or complex")


def sound(value: Any) -> Any:
    """A value that could be found."""
    if isinstance(value, Poison):
        raise ReadError(value.error.problem, where=value.error.where)
    return value


def plain(value: Any) -> bool:
    """Whether it is a number, a text or None."""
    return value is None or isinstance(value, int | float | str)
