"""Runs the examples of the installed package, those of its README too: python tests/installed.py.

It needs nothing but Python and the package, so that it runs wherever the package is installed.
"""

from __future__ import annotations

import doctest
import pkgutil
import sys
import warnings
from importlib import import_module
from importlib.metadata import metadata


def main() -> None:
    warnings.simplefilter("error")
    package = import_module("paramcalc")
    found = pkgutil.walk_packages(package.__path__, "paramcalc.")
    modules = [package, *[import_module(one.name) for one in found]]
    readme = metadata("paramcalc")["Description"]
    examples = [doctest.DocTestParser().get_doctest(readme, {}, "README.md", None, 0)]
    for module in modules:
        examples += doctest.DocTestFinder(exclude_empty=True).find(module)
    runner = doctest.DocTestRunner()
    counts = [runner.run(example).attempted for example in examples]
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version} on {sys.platform}: {package.__file__}")
    print(f"{len(modules)} modules, {sum(counts)} examples, {runner.failures} failed")
    if runner.failures or not counts[0] or not any(counts[1:]):
        sys.exit(1)


if __name__ == "__main__":
    main()
