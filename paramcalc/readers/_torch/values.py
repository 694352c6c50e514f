"""What a source may hold while it is read, apart from plain values of Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paramcalc._checks import LARGEST
from paramcalc.errors import ReadError, show

MAX_STEPS = 200_000


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


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that the source takes from an input whose shape is not known."""

    what: str

    @property
    def problem(self) -> str:
        return f"{self.what} depends on the input: give input_shape"


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, a class or a call of a function."""

    names: dict[str, Any]
    parent: Scope | None = None
    owner: Class | None = None
    """The class whose body it is."""
    method: tuple[Class, Any] | None = None
    """The class that the function is defined in, and what it is called on."""


@dataclass(slots=True, eq=False)
class Function:
    """A function of the source."""

    name: str
    arguments: ast.arguments
    body: Any
    defaults: list[Any]
    keyword_defaults: list[Any]
    scope: Scope
    owner: Class | None = None
    kind: str = ""
    """Either "staticmethod", "classmethod" or "property"."""


@dataclass(slots=True, eq=False)
class Class:
    """A class of the source."""

    name: str
    mro: list[Any]
    """The classes in which an attribute is looked up, itself first; some are `Known`."""
    members: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: dict[str, bool] = field(default_factory=dict[str, bool])
    """Its annotated names, and whether each has a value."""
    is_record: bool = False
    """Whether calling it fills its fields, as a dataclass does."""

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
class Bound:
    """A function with its first argument, or a method by its name."""

    function: Any
    first: Any


@dataclass(slots=True, eq=False)
class Partial:
    """A function with some arguments."""

    function: Any
    arguments: list[Any]
    keywords: dict[str, Any]


@dataclass(slots=True, eq=False)
class Super:
    """The classes after one, for an object."""

    cls: Class
    first: Any


@dataclass(slots=True, eq=False)
class Poison:
    """A name whose value could not be found."""

    error: ReadError


def attempt(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a small function of Python returns; what it raises is an error of the source."""
    try:
        return function(*arguments)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{what}: {show(str(error))[1:-1]}") from None


def bounded(value: Any) -> Any:
    """A number that is not too large."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise ReadError("a number is above 2**63 - 1, or complex")


def plain(value: Any) -> bool:
    """Whether it is a number, a text or None."""
    return value is None or isinstance(value, int | float | str)
