"""How the library is built: what may import what, what the top level holds, what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

import paramcalc as pc
from paramcalc._columns import COLUMNS
from paramcalc._ledgers import LEDGERS
from paramcalc._stored import DTYPES, OPTIMIZERS

ROOT = Path(__file__).parent.parent
ROOMS = [
    "errors",
    "_checks",
    "_counterparts",
    "_leads",
    "render.table",
    "render.",
    "render.svg",
    "render.boxes",
    "render.stairs",
    "render.wires",
    "render.layered",
    "render.shown",
    "formulas._lengths",
    "formulas._counts",
    "formulas._term",
    "formulas",
    "layers._fields",
    "layers._parameter",
    "layers._windows",
    "layers._saved",
    "layers._tensor",
    "layers._base",
    "layers._builtin",
    "layers._axes",
    "layers.conv",
    "layers.reshape",
    "layers.input",
    "layers.wrapper",
    "layers.",
    "_repeats",
    "_plan",
    "_trace",
    "_network",
    "_branches",
    "_graph",
    "_blocks",
    "_lift",
    "_notes",
    "_explain",
    "_sight",
    "_receptive_field",
    "_search",
    "_inverse",
    "_rules",
    "_valid",
    "_ledger",
    "_ledgers_torch",
    "_ledgers",
    "_gradients",
    "_flops",
    "_live",
    "_stored",
    "_kept",
    "_memory",
    "_columns",
    "_diagram",
    "_summary",
    "_align",
    "_conventions",
    "_compare",
    "readers._build",
    "readers._keras_source",
    "readers._keras_calls",
    "readers._keras_layers",
    "readers._keras_ops",
    "readers._protobuf",
    "readers._onnx.file",
    "readers._onnx.values",
    "readers._onnx.network",
    "readers._onnx.layers",
    "readers._onnx.constants",
    "readers._onnx.",
    "readers._onnx",
    "readers._torch.values",
    "readers._torch.source",
    "readers._torch.tensors",
    "readers._torch.plain",
    "readers._torch.layers",
    "readers._torch.interpreter",
    "readers._torch.expressions",
    "readers._torch.statements",
    "readers._torch.tracer",
    "readers._torch.builtins",
    "readers._torch.shaping",
    "readers._torch.modules",
    "readers._torch.merging",
    "readers._torch.parts",
    "readers._torch.networks",
    "readers._torch.calls",
    "readers._torch.applying",
    "readers._torch.reader",
    "readers._torch.door",
    "readers._torch",
    "readers.",
    "readers",
    "write._source",
    "write._writer",
    "write._torch_rules",
    "write._keras_images",
    "write._keras_rules",
    "write.",
    "write",
    "results",
    "__init__",
    "zoo.blocks",
    "zoo.",
    "zoo",
    "_cli_read",
    "_cli",
    "__main__",
]
"""From left to right; `layers.` is any other module of layers, and so with the others."""
STRINGS: dict[str, Any] = {
    "ColumnName": COLUMNS, "Convention": LEDGERS, "Dtype": DTYPES, "Optimizer": OPTIMIZERS
}  # fmt: skip
MODULES = sorted((ROOT / "paramcalc").rglob("*.py"))


def room(module: str) -> int:
    """Where a module stands; the more particular names come first."""
    for position, one in enumerate(ROOMS):
        if module == one or (module not in ROOMS and one.endswith(".") and module.startswith(one)):
            return position
    raise AssertionError(f"{module} is in no room: add it to ROOMS")


def imports(path: Path) -> list[str]:
    """Every module a file imports, at its head or inside a function."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            found += [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            found += [one.name for one in node.names]
    return found


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT / "paramcalc").with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


MODULE_NAMES = {"", *map(dotted, MODULES)}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_point_left(path: Path) -> None:
    if dotted(path) in {"layers", "render"}:  # Whoever imports a module of theirs imports them.
        assert imports(path) in ([], ["paramcalc.layers._windows.Window"])
        return
    here = room(dotted(path))
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package != "paramcalc":
            assert package in sys.stdlib_module_names, f"{path} imports {name}"
            continue
        module = rest or "__init__"
        while module not in MODULE_NAMES:
            module = module.rpartition(".")[0]
        assert module, f"{path} imports {name}, which is no module"
        assert room(module) < here, f"{dotted(path)} imports {module}, to its right or beside it"


def test_the_arrows_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "upwards.py"
    path.write_text("def f():\n    from paramcalc._trace import trace\n    import torch\n", "utf-8")
    assert imports(path) == ["paramcalc._trace.trace", "torch"]
    assert room("errors") < room("layers._base") < room("layers.conv") < room("_network")


def test_top_level_holds_what_it_should() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    names = {name.partition("/")[0] for name in listed}
    assert {one for one in names if not one.startswith(".")} <= {
        "pyproject.toml",
        "README.md",
        "paramcalc",
        "tests",
        "docs",
    }


def test_public_names_are_sorted_and_documented() -> None:
    assert pc.__all__ == sorted(pc.__all__)
    load = vars(pc)["__getattr__"]
    for name in pc.__all__:
        assert getattr(getattr(pc, name), "__doc__", None), name
        assert load(name) is getattr(pc, name)


def test_type_checkers_see_the_names_there_are() -> None:
    tree = ast.parse((ROOT / "paramcalc" / "__init__.pyi").read_text("utf-8"))
    seen: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            assert node.module
            for one in node.names:
                assert one.name == one.asname
                seen[one.name] = node.module
    rooms = {name for name, module in seen.items() if module == "paramcalc"}
    assert {*seen} == {*dir(pc)} == {*pc.__all__} | rooms
    for name in pc.__all__:
        assert getattr(sys.modules[seen[name]], name) is getattr(pc, name)
    for name in rooms:
        assert getattr(pc, name) is sys.modules[f"paramcalc.{name}"]


def test_results_are_what_verbs_return() -> None:
    net, shape = pc.Sequential(pc.Conv2d(3, 4, 3)), (3, 8, 8)
    verbs: list[Any] = [
        pc.summary, pc.explain, pc.flops, pc.compare_flops, pc.memory, pc.receptive_field, pc.trace,
        pc.diagram, pc.valid_inputs,
    ]  # fmt: skip
    kinds = [type(verb(net, shape)).__name__ for verb in verbs] + ["Comparison", "Step"]
    assert isinstance(pc.compare(net, 7), pc.results.Comparison)
    parts = ["Difference", "SummaryRow", "Working", "Line", "FlopsRow", "Glyph", "MemoryRow"]
    parts += ["LengthRule", *STRINGS]
    assert sorted(kinds + parts) == pc.results.__all__


@pytest.mark.parametrize("name", STRINGS)
def test_types_of_strings_name_all_there_are(name: str) -> None:
    assert list(get_args(getattr(pc.results, name))) == [*STRINGS[name]]


def test_public_names_have_an_example() -> None:
    for name in pc.__all__:
        public = getattr(pc, name)
        if name not in {"Shape", "ParamcalcError"}:
            assert ">>>" in (public.__doc__ or ""), name
    for name in {*pc.results.__all__} - {*STRINGS}:
        assert ">>>" in (getattr(pc.results, name).__doc__ or ""), name
    for name in {*pc.formulas.__all__} - {"Term"}:
        document = getattr(pc.formulas, name).__doc__ or ""
        for section in "`", ">>>", "Source:":  # The formula, an example, the source.
            assert section in document, f"{name} has no {section}"


def test_formulas_have_no_floats() -> None:
    paths = [ROOT / "paramcalc" / "formulas" / name for name in ("_counts.py", "_lengths.py")]
    for node in [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]:
        assert not isinstance(node, ast.Div)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))


def test_importing_loads_the_standard_library_alone() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import paramcalc
print(*[name.partition(".")[0] for name in sys.modules])
"""
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(loaded) - sys.stdlib_module_names <= {"paramcalc", "__main__", "__mp_main__"}
    assert {"dataclasses", "typing"}.isdisjoint(loaded)  # They would be nearly all of the time.


def test_what_few_need_is_loaded_when_asked_for() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import paramcalc as pc
print(*sys.modules)
pc.LSTM
print(*sys.modules)
"""
    before, after = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"paramcalc.zoo", "paramcalc.layers.recurrent"}.isdisjoint(before.split())
    assert "paramcalc.layers.recurrent" in after.split()
    assert {*pc.__all__, "formulas", "layers", "readers", "results", "write", "zoo"} == {*dir(pc)}
    with pytest.raises(AttributeError, match="has no attribute 'Conv4d'"):
        _ = pc.Conv4d  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_files_have_at_most_400_lines_and_functions_60(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= 400
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_verbs_do_not_guess_what_a_layer_has(path: Path) -> None:
    if dotted(path) == "_lift":  # It copies whatever a user's own layer holds.
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not (isinstance(node, ast.Name) and node.id == "hasattr")
