"""The values of expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.interpreter import MAX_DEPTH, Interpreter
from paramcalc.readers._torch.plain import formatted, key_of
from paramcalc.readers._torch.values import (
    Function,
    Known,
    Scope,
    Super,
    attempt,
    bounded,
    plain,
)


class Expressions(Interpreter):
    """An interpreter that knows what each kind of expression means."""

    def evaluate(self, node: Any, scope: Scope) -> Any:
        """The value of an expression. A call is where an error is; a name takes one step."""
        kind = type(node)
        self.meter.spend(1)
        if kind is ast.Name:
            return self.find(node.id, scope)
        handler = EXPRESSIONS.get(kind)
        if handler is None:
            self.line = line_of(node)
            raise ReadError(f"{kind.__name__.lower()} is not read here")
        if self.depth >= MAX_DEPTH:
            raise ReadError("the source calls itself too deep")
        line, self.line = self.line, line_of(node) if kind is ast.Call else self.line
        self.depth += 1  # As in `deeper`, which would take longer.
        try:
            value = handler(self, node, scope)
        finally:
            self.depth -= 1
        self.line = line
        return value

    def attribute_node(self, node: ast.Attribute, scope: Scope) -> Any:
        return self.attribute(self.evaluate(node.value, scope), node.attr)

    def subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        is_type = isinstance(value, Known)  # Such as Optional[int].
        return value if is_type else self.item(value, self.evaluate(node.slice, scope))

    def slice_node(self, node: ast.Slice, scope: Scope) -> slice:
        ends = [one and self.evaluate(one, scope) for one in (node.lower, node.upper, node.step)]
        return slice(*ends)

    def call_node(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return self.super_of(scope)
        function = self.evaluate(node.func, scope)
        args = self.several(node.args, scope)
        named: dict[str, Any] = {}
        for one in node.keywords:
            value = self.evaluate(one.value, scope)
            if one.arg is not None:
                named[one.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                self.meter.spend(len(value))
                named.update(value)
            else:
                raise ReadError("** takes a dict of names")
        return self.call(function, *args, **named)

    def super_of(self, scope: Scope) -> Super:
        """What `super()` is, in a method."""
        place: Scope | None = scope
        while place is not None:
            if place.method is not None:
                return Super(*place.method)
            place = place.parent
        raise ReadError("super() is called outside a method")

    def several(self, nodes: list[Any], scope: Scope) -> list[Any]:
        """The values of expressions, of which some may be unpacked."""
        values: list[Any] = []
        for one in nodes:
            if isinstance(one, ast.Starred):
                values.extend(self.listed(self.evaluate(one.value, scope)))
            else:
                values.append(self.evaluate(one, scope))
        return values

    def dict_node(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            found = self.evaluate(value, scope)
            if key is not None:
                made[key_of(self.meter, self.evaluate(key, scope))] = found
            elif isinstance(found, dict):
                self.meter.spend(len(found))
                made.update(found)
            else:
                raise ReadError("** takes a dict")
        return made

    def unary(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.evaluate(node.operand, scope)
        if isinstance(node.op, ast.Not):
            return not self.truth(value)
        if isinstance(node.op, ast.Invert):
            return self.operate("BitXor", value, -1)
        return value if isinstance(node.op, ast.UAdd) else self.operate("Mult", value, -1)

    def binary(self, node: ast.BinOp, scope: Scope) -> Any:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        return self.operate(type(node.op).__name__, left, right)

    def boolean(self, node: ast.BoolOp, scope: Scope) -> Any:
        value: Any = None
        for one in node.values:
            value = self.evaluate(one, scope)
            if self.truth(value) == isinstance(node.op, ast.Or):
                break
        return value

    def compare_node(self, node: ast.Compare, scope: Scope) -> Any:
        left, result = self.evaluate(node.left, scope), None
        for sign, one in zip(node.ops, node.comparators, strict=True):
            if result is not None and not self.truth(result):
                break
            right = self.evaluate(one, scope)
            result = self.compare(type(sign).__name__, left, right)
            left = right
        return result

    def choice(self, node: ast.IfExp, scope: Scope) -> Any:
        is_true = self.truth(self.evaluate(node.test, scope))
        return self.evaluate(node.body if is_true else node.orelse, scope)

    def named_value(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        self.assign(node.target, value, scope)
        return value

    def comprehension(self, node: Any, scope: Scope) -> list[Any]:
        inner = Scope({}, scope)
        return [self.evaluate(node.elt, inner) for _ in self.rounds(node.generators, inner)]

    def set_node(self, node: Any, scope: Scope) -> list[Any]:
        is_list = isinstance(node, ast.Set)
        values = self.several(node.elts, scope) if is_list else self.comprehension(node, scope)
        return list({key_of(self.meter, one): None for one in values})

    def dict_comprehension(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        made, inner = dict[Any, Any](), Scope({}, scope)
        for _ in self.rounds(node.generators, inner):
            key = key_of(self.meter, self.evaluate(node.key, inner))
            made[key] = self.evaluate(node.value, inner)
        return made

    def rounds(self, generators: list[Any], scope: Scope) -> Iterator[None]:
        """The rounds of a comprehension; each gives names to a scope."""
        first, *others = generators
        for value in self.iterate(self.evaluate(first.iter, scope)):
            self.meter.spend(2)
            self.assign(first.target, value, scope)
            if all(self.truth(self.evaluate(one, scope)) for one in first.ifs):
                yield from self.rounds(others, scope) if others else (None,)

    def joined(self, node: ast.JoinedStr, scope: Scope) -> str:
        parts = [str(self.evaluate(one, scope)) for one in node.values]
        self.meter.spend(sum(map(len, parts)))
        return "".join(parts)

    def formatted_value(self, node: ast.FormattedValue, scope: Scope) -> str:
        value = self.evaluate(node.value, scope)
        spec = self.evaluate(node.format_spec, scope) if node.format_spec else ""
        return formatted(self.meter, value, spec)

    def constant(self, node: ast.Constant, scope: Scope) -> Any:
        value: Any = node.value
        if not plain(value) and value is not Ellipsis:
            raise ReadError(f"{show(value)} is no number and no text")
        return bounded(value) if isinstance(value, int) else value

    def lambda_node(self, node: ast.Lambda, scope: Scope) -> Function:
        return self.function(node, "", node.body, scope)

    def function(self, node: Any, name: str, body: Any, scope: Scope) -> Function:
        """A function, with the defaults that its arguments have now."""
        given: ast.arguments = node.args
        defaults = [Parameter.empty] * len([*given.posonlyargs, *given.args])
        defaults[len(defaults) - len(given.defaults) :] = self.several(given.defaults, scope)
        only = [self.evaluate(one, scope) if one else Parameter.empty for one in given.kw_defaults]
        rows = [
            (Parameter.POSITIONAL_ONLY, given.posonlyargs, defaults),
            (Parameter.POSITIONAL_OR_KEYWORD, given.args, defaults[len(given.posonlyargs) :]),
            (Parameter.VAR_POSITIONAL, [given.vararg] if given.vararg else [], [Parameter.empty]),
            (Parameter.KEYWORD_ONLY, given.kwonlyargs, only),
            (Parameter.VAR_KEYWORD, [given.kwarg] if given.kwarg else [], [Parameter.empty]),
        ]
        takes = [
            Parameter(one.arg, kind, default=default)
            for kind, names, values in rows
            for one, default in zip(names, values, strict=False)
        ]
        place: Any = scope
        while place.owner is not None:  # Its code does not see the names of the class.
            place = place.parent
        return Function(name, attempt(name, Signature, takes), body, place, scope.owner)


def line_of(node: Any) -> str:
    """The place of a node; lines of what is called are not counted."""
    return f"line {node.lineno}" if node.lineno > 0 else "call"


Handler = Callable[[Any, Any, Scope], Any]
EXPRESSIONS: dict[type, Handler] = {
    ast.Constant: Expressions.constant,
    ast.List: lambda self, node, scope: self.several(node.elts, scope),
    ast.Tuple: lambda self, node, scope: tuple(self.several(node.elts, scope)),
    ast.Attribute: Expressions.attribute_node,
    ast.Subscript: Expressions.subscript,
    ast.Slice: Expressions.slice_node,
    ast.Call: Expressions.call_node,
    ast.Dict: Expressions.dict_node,
    ast.Set: Expressions.set_node,
    ast.UnaryOp: Expressions.unary,
    ast.BinOp: Expressions.binary,
    ast.BoolOp: Expressions.boolean,
    ast.Compare: Expressions.compare_node,
    ast.IfExp: Expressions.choice,
    ast.NamedExpr: Expressions.named_value,
    ast.ListComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.SetComp: Expressions.set_node,
    ast.DictComp: Expressions.dict_comprehension,
    ast.JoinedStr: Expressions.joined,
    ast.FormattedValue: Expressions.formatted_value,
    ast.Lambda: Expressions.lambda_node,
}
