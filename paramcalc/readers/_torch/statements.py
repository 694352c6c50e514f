"""What statements do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.expressions import Expressions, Handler, line_of
from paramcalc.readers._torch.interpreter import Returned
from paramcalc.readers._torch.plain import text
from paramcalc.readers._torch.values import Class, Function, Known, Poison, Scope, Thing

BREAK, CONTINUE = object(), object()
SEEN = ("torch.", "typing.", "functools.", "abc.")
"""Where decorators come from that change neither shapes nor counts."""
LIBRARIES = {
    "torch", "math", "numpy", "functools", "collections", "typing", "copy", "warnings", "abc",
    "dataclasses", "itertools", "operator", "enum",
}  # fmt: skip
"""What a source imports for what is there, not for what it may have itself."""


class Runner(Expressions):
    """An interpreter of syntax trees."""

    def run(self, body: list[Any], scope: Scope) -> Any:
        """Run statements; return what ended them, if something did."""
        for node in body:
            self.meter.spend(2)
            self.line = line_of(node)
            handler = STATEMENTS.get(type(node))
            if handler is None:
                raise ReadError(f"{type(node).__name__.lower()} is not read")
            end = self.deeper(handler, self, node, scope)
            if end is not None:
                return end
        return None

    def run_leniently(self, body: list[Any], scope: Scope) -> None:
        """Run statements; a name that one fails to make is an error where it is asked for."""
        for node in body:
            reserve = self.meter.reserve
            self.meter.reserve += (self.meter.left - reserve) // 2
            try:
                self.run([node], scope)
            except ReadError as error:
                error.where = error.where or self.line
                for name in touched(node):
                    if isinstance(scope.names.get(name), list | dict | Thing | Poison | None):
                        scope.names[name] = Poison(error)
            finally:
                self.meter.reserve = reserve

    def expression(self, node: ast.Expr, scope: Scope) -> None:
        self.evaluate(node.value, scope)

    def define(self, node: ast.FunctionDef, scope: Scope) -> None:
        made: Any = self.function(node, node.name, node.body, scope)
        for one in reversed(node.decorator_list):
            decorator = self.evaluate(one.func if isinstance(one, ast.Call) else one, scope)
            if isinstance(decorator, Function):
                made = self.call(self.evaluate(one, scope), made)
                continue
            name = decorator.name if isinstance(decorator, Known) else show(decorator)
            if name in ("staticmethod", "classmethod", "property", "cached_property"):
                made.kind = name.removeprefix("cached_")
            elif not isinstance(decorator, Known) or not decorator.path.startswith(SEEN):
                raise ReadError(f"the decorator {name} is not known")
        scope.names[node.name] = made

    def define_class(self, node: ast.ClassDef, scope: Scope) -> None:
        made = Class(node.name, [])
        every: list[Any] = [made]
        for base in self.several(node.bases, scope):
            every += base.mro if isinstance(base, Class) else [base]
        made.mro = [one for at, one in enumerate(every) if one not in every[at + 1 :]]
        if not all(isinstance(one, Class | Known) for one in every) or len(every) > 50:
            raise ReadError(f"a base of {node.name} is no class")
        names = [one.name for one in every if isinstance(one, Known)]
        for one in node.decorator_list:
            decorator = self.evaluate(one.func if isinstance(one, ast.Call) else one, scope)
            if not isinstance(decorator, Known):
                raise ReadError(f"the decorator {show(decorator)} is not known")
            names.append(decorator.name)
        made.is_record = not {"NamedTuple", "dataclass"}.isdisjoint(names)
        inner = Scope(made.members, scope, made)
        self.run_leniently(node.body, inner)
        scope.names[node.name] = made

    def assign_node(self, node: ast.Assign, scope: Scope) -> None:
        value = self.evaluate(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if scope.owner is not None and isinstance(node.target, ast.Name):
            scope.owner.fields.append(node.target.id)
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, scope), scope)

    def augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        target: Any = node.target
        if isinstance(target, ast.Name):
            value = self.find(target.id, scope)
            scope.names[target.id] = self.augment(node, value, scope)
            return
        whole = self.evaluate(target.value, scope)
        if isinstance(target, ast.Attribute):
            value = self.augment(node, self.attribute(whole, target.attr), scope)
            self.set_attribute(whole, target.attr, value)
            return
        key = self.evaluate(target.slice, scope)
        self.set_item(whole, key, self.augment(node, self.item(whole, key), scope))

    def augment(self, node: ast.AugAssign, value: Any, scope: Scope) -> Any:
        """The new value; a list is extended in place."""
        more = self.evaluate(node.value, scope)
        if isinstance(node.op, ast.Add) and self.extends(value, more):
            return value
        return self.operate(type(node.op).__name__, value, more)

    def extends(self, value: Any, more: Any) -> bool:
        """Whether values were added to a list in place."""
        if isinstance(value, list):
            value.extend(self.listed(more))
        return isinstance(value, list)

    def if_node(self, node: ast.If, scope: Scope) -> Any:
        is_true = self.truth(self.evaluate(node.test, scope))
        return self.run(node.body if is_true else node.orelse, scope)

    def for_node(self, node: ast.For, scope: Scope) -> Any:
        def rounds() -> Iterator[None]:
            for value in self.iterate(self.evaluate(node.iter, scope)):
                self.assign(node.target, value, scope)
                yield

        return self.loop(rounds(), node, scope)

    def while_node(self, node: ast.While, scope: Scope) -> Any:
        def rounds() -> Iterator[None]:
            while self.truth(self.evaluate(node.test, scope)):
                yield

        return self.loop(rounds(), node, scope)

    def loop(self, rounds: Iterator[None], node: ast.For | ast.While, scope: Scope) -> Any:
        """Run the body once for each round."""
        for _ in rounds:
            end = self.run(node.body, scope)
            if end is BREAK:
                return None
            if end is not None and end is not CONTINUE:
                return end
        return self.run(node.orelse, scope)

    def return_node(self, node: ast.Return, scope: Scope) -> Returned:
        return Returned(self.evaluate(node.value, scope) if node.value else None)

    def import_node(self, node: ast.Import, scope: Scope) -> None:
        for one in node.names:
            path = one.name if one.asname else one.name.partition(".")[0]
            scope.names[one.asname or path] = Known(path)

    def import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        """Bind names; one of an unknown module may be among those of the source itself."""
        path = "." * node.level + (node.module or "")
        for one in node.names:
            own = self.module.names.get(one.name)
            is_own = isinstance(own, Class | Function)
            if is_own and path.partition(".")[0] not in LIBRARIES:
                scope.names[one.asname or one.name] = own
            elif one.name != "*":
                scope.names[one.asname or one.name] = Known(f"{path}.{one.name}")

    def with_node(self, node: ast.With, scope: Scope) -> Any:
        for one in node.items:
            inside: Any = one.context_expr
            value = self.evaluate(inside.func if isinstance(inside, ast.Call) else inside, scope)
            if not isinstance(value, Known) or not value.path.startswith("torch."):
                raise ReadError("this context is not known")
        return self.run(node.body, scope)

    def try_node(self, node: ast.Try, scope: Scope) -> Any:
        end = self.run([*node.body, *node.orelse], scope)
        return self.run(node.finalbody, scope) or end

    def assert_node(self, node: ast.Assert, scope: Scope) -> None:
        try:
            is_true = self.truth(self.evaluate(node.test, scope))
        except ReadError:
            return  # It asks for what is not known here.
        if not is_true:
            self.fail("an assertion fails", [node.msg] if node.msg else [], scope)

    def raise_node(self, node: ast.Raise, scope: Scope) -> None:
        inside: Any = node.exc
        name = getattr(getattr(inside, "func", inside), "id", "an error")
        self.fail(f"the source raises {name}", getattr(inside, "args", []), scope)

    def fail(self, problem: str, texts: list[Any], scope: Scope) -> None:
        """An error that the source states."""
        shown = [text(self.meter, self.evaluate(one, scope)) for one in texts[:1]]
        raise ReadError(": ".join([problem, *shown]))

    def delete(self, node: ast.Delete, scope: Scope) -> None:
        for one in node.targets:
            if isinstance(one, ast.Name):
                scope.names.pop(one.id, None)
            elif isinstance(one, ast.Attribute):
                whole = self.evaluate(one.value, scope)
                self.attribute(whole, one.attr)
                self.set_attribute(whole, one.attr, None)
            else:
                raise ReadError("del of a part is not read")


def touched(node: Any) -> Iterator[str]:
    """The names that a statement makes, or may change."""
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield one.name
        elif isinstance(one, ast.alias):
            yield one.asname or one.name.partition(".")[0]
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id
        elif isinstance(one, ast.Attribute | ast.Subscript) and is_change(one):
            yield from [one.value.id] if isinstance(one.value, ast.Name) else ()


def is_change(node: ast.Attribute | ast.Subscript) -> bool:
    """Whether it is assigned to, or a method that changes a list or a dict."""
    changing = ("append", "extend", "insert", "pop", "update", "setdefault", "clear", "reverse")
    return not isinstance(node.ctx, ast.Load) or getattr(node, "attr", "") in changing


STATEMENTS: dict[type, Handler] = {
    ast.Expr: Runner.expression,
    ast.FunctionDef: Runner.define,
    ast.ClassDef: Runner.define_class,
    ast.Assign: Runner.assign_node,
    ast.AnnAssign: Runner.annotated,
    ast.AugAssign: Runner.augmented,
    ast.If: Runner.if_node,
    ast.For: Runner.for_node,
    ast.While: Runner.while_node,
    ast.Return: Runner.return_node,
    ast.Break: lambda *_: BREAK,
    ast.Continue: lambda *_: CONTINUE,
    ast.Pass: lambda *_: None,
    ast.Import: Runner.import_node,
    ast.ImportFrom: Runner.import_from,
    ast.With: Runner.with_node,
    ast.Try: Runner.try_node,
    ast.Assert: Runner.assert_node,
    ast.Raise: Runner.raise_node,
    ast.Delete: Runner.delete,
}
