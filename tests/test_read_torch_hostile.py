"""Hostile source code of torch: only errors of reading, in little time and memory."""

from __future__ import annotations

import random
import re
import sys
import tracemalloc
from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from torch_sources import idioms

import paramcalc as pc

IDIOMS = list(idioms().values())
WORDS = re.compile(r"[A-Za-z_]\w*|\d+|[^\w\s]|\n *")
PIECES = [
    ")",
    ":",
    ",",
    "if 1:",
    "for x in x",
    "lambda: 0",
    "'a'",
    ".shape",
    "[0]",
    "\n",
    "",
    "(",
    "*",
]
NAMES = [
    "x",
    "self",
    "None",
    "nn.Linear",
    "torch.zeros(3)",
    "True",
    "F.relu",
    "nn.ReLU()",
    "(x, x)",
]
NUMBERS = ["0", "1", "-1", "2", "3", "7", "10**10", "2.5", "None", "(2, 3)", "[]", "1000"]
CLASS = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {}\n"
DEEP = 5000
CODES = {
    "a power": "a = 10**10**10",
    "powers": "a = 9\n        while True: a = a**a",
    "a shift": "a = 1 << 10**10",
    "a long text": "a = 'a' * 10**9",
    "a long list": "a = [0] * 10**9",
    "a long tuple": "a = 10**9 * (0,)",
    "doubling a text": "a = 'a'\n        for i in range(99): a += a",
    "doubling a list": "a = [1]\n        for i in range(99): a = a + a",
    "doubling by itself": "a = [1]\n        for i in range(99): a.extend(a)",
    "doubling by a slice": "a = [1]\n        for i in range(99): a += a[:]",
    "doubling a dict": "a = {}\n        for i in range(10**9): a[i] = i",
    "a text in a text": "a = 'a'\n        for i in range(99): a = f'{a}{a}'",
    "a text by format": "a = 'a'\n        for i in range(99): a = '{0}{0}'.format(a)",
    "a text by percent": "a = 'a'\n        for i in range(99): a = '%s%s' % (a, a)",
    "a text by replace": "a = 'a'\n        for i in range(99): a = a.replace('a', 'aa')",
    "a text by join": "a = 'a'\n        for i in range(99): a = a.join([a, a, a])",
    "a wide format": "a = f'{1:999999999}'",
    "a wide percent": "a = '%999999999d' % 1",
    "a wide width": "a = '%*d' % (999999999, 1)",
    "a precise format": "a = '{:.999999999f}'.format(1)",
    "a range": "a = list(range(10**12))",
    "a sum": "a = sum(range(10**12))",
    "a comprehension": "a = [i for i in range(10**12)]",
    "two comprehensions": "a = [i for i in range(10**6) for j in range(10**6) if 0]",
    "a set": "a = {i for i in range(10**12)}",
    "a range of a range": "a = max(map(lambda i: i, range(10**12)))",
    "a slice": "a = range(10**12)[::1] == range(10**12)[1:]",
    "a round": "a = round(1, -10**18)",
    "a factor": "a = math.gcd(2**62, 3) + math.exp(10**10)",
    "a loop": "while True: pass",
    "a loop that goes on": "a = [1]\n        for i in a: a.append(i)",
    "itself": "self.__init__()",
    "a property": "a = (lambda f: f(f))(lambda f: f(f))",
    "itself in a list": "a = []\n        a.append(a)\n        b = a == a\n        c = str(a)",
    "a list of lists": "a = []\n        for i in range(999): a = [a]\n        b = a == a or {a: 1}",
    "a tree of lists": "a = []\n        for i in range(60): a = [a, a]\n        b = a == [a, 1]",
    "a tree of tuples": "a = ()\n        for i in range(60): a = (a, a)\n        b = {a: 1}",
    "a tree that is shown": "a = []\n        for i in range(60): a = [a, a]\n        nn.Linear(a)",
    "copies of a tree": "a = []\n        for i in range(60): a = [a, a]\n        copy.deepcopy(a)",
    "unpacked": "a = [1]\n        for i in range(99): a = [*a, *a]",
    "arguments": "a = [1]\n        for i in range(99): a = (lambda *a: a)(*a, *a)",
    "partials": "from functools import partial\n        a = nn.Linear\n"
    "        for i in range(3000): a = partial(a)\n        a(3, a)",
    "things that are called": "a = len\n        for i in range(3000):\n"
    "            class A: __call__ = a\n            a = A()\n        a()",
    "many axes": "a = torch.ones(3)[(None,) * 10**5]",
    "a large layer": "self.a = nn.Linear(2**62, 2**62)",
    "a large tensor": "a = torch.zeros(*[2**40] * 40).view(-1)",
    "many layers": "self.a = nn.Sequential(*[nn.Linear(3, 3) for i in range(10**6)])",
    "modules in modules": "self.a = self",
    "copies of modules": "self.a = nn.ModuleList([self])\n        self.b = copy.deepcopy(self)",
    "many parts": "a = torch.zeros(10**12).split(1)",
    "a linspace": "a = torch.linspace(0, 1, 10**12)",
    "a class": "a = self.__class__.__mro__",
    "the globals": "a = super.__init__.__globals__",
    "a module of Python": "a = math.__loader__",
    "an open file": "a = open('/etc/passwd').read()",
    "an import": "a = __import__('os').system('true')",
    "a format with names": "a = '{0.__class__}'.format(3)",
}
slow = [
    "copies of a tree",
    "a sum",
    "doubling a dict",
    "two comprehensions",
    "many layers",
    "a loop",
]
slow += ["a loop that goes on", "a set", "powers", "a power", "a comprehension"]
"""They take all steps; to trace their memory would take long."""
TEXTS = {
    "deep brackets": "a = " + "(" * DEEP + ")" * DEEP,
    "deep lists": "a = " + "[" * DEEP,
    "deep signs": "a = " + "-" * DEEP + "1",
    "deep words": "a = " + "not " * DEEP + "1",
    "deep sums": "a = " + "1+" * DEEP + "1",
    "deep powers": "a = " + "2**" * DEEP + "1",
    "deep calls": "a = f" + "()" * DEEP,
    "deep attributes": "a = f" + ".a" * DEEP,
    "deep lambdas": "a = " + "lambda: " * DEEP + "1",
    "deep choices": "a = " + "1 if 1 else " * DEEP + "1",
    "deep blocks": "".join([" " * at + "if 1:\n" for at in range(300)]) + " " * 300 + "pass",
    "deep branches": "if 1:\n pass\n" + "elif 1:\n pass\n" * DEEP,
    "deep texts": "a = " + "f'{" * 100 + "1" + "}'" * 100,
    "a deep text": "a = f'{" + "(" * DEEP + ")" * DEEP + "}'",
    "a long number": "a = " + "9" * 100_000,
    "many words": "a = 1\n" * 100_000,
    "ten megabytes": "# " + "a" * 10_000_000,
    "a null byte": "a = 1\0",
    "half of a character": "a = '\ud800'",
    "half of a name": "\ud800 = 1",
    "a strange name": "\u212b = 1\n\ufdfa = 2",
    "no end of a text": "a = '''",
    "tabs": "if 1:\n\ta = 1\n        b = 2",
    "a byte order mark": "\ufeffa = 1",
    "an escape": "a = '\\N{foo}'",
    "two stars": "a, *b, *c = 1",
    "a return": "return 3",
}


def read(source: str, call: str | None = None, shape: Any = None) -> pc.ReadError | pc.Layer:
    """The network or the error, within two seconds; tracing takes most of those that it has."""
    limit = 2 if sys.gettrace() is None else 8
    start = process_time()
    try:
        return pc.readers.torch(source, call, input_shape=shape)
    except pc.ReadError as error:
        return error
    finally:
        assert process_time() - start < limit


@pytest.mark.parametrize("name", CODES)
def test_a_hostile_statement_takes_little(name: str) -> None:
    source = CLASS.format(CODES[name])
    if name not in slow:
        tracemalloc.start()
        try:
            with suppress(pc.ReadError):
                pc.readers.torch(source, "Net()")
            assert tracemalloc.get_traced_memory()[1] < 100_000_000
        finally:
            tracemalloc.stop()
    assert isinstance(read(source, "Net()"), pc.ReadError)
    read(CODES[name].replace("\n        ", "\n"))


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_takes_little(name: str) -> None:
    assert isinstance(read(TEXTS[name]), pc.ReadError)
    assert isinstance(read("", TEXTS[name]), pc.ReadError)


def test_what_is_said_of_them() -> None:
    said = {name: str(read(TEXTS[name])) for name in TEXTS}
    assert said["ten megabytes"] == "the source has more than 1,000,000 characters"
    assert said["many words"] == "the source has more than 60,000 words and signs"
    assert said["deep brackets"] == "line 1: the source is nested too deep"
    assert said["half of a name"] == "the source has a character that Python does not take"
    assert str(read(CLASS.format("a = 'a' * 10**9"), "Net()")) == (
        "line 4: reading this takes too many steps"
    )


def test_arguments_of_other_types() -> None:
    wrong: Any = 3
    wrong_ones: list[dict[str, Any]] = [
        {"layers": {"a": 3}},
        {"layers": {3: pc.Identity()}},
        {"input_shape": "a"},
    ]
    for one in wrong_ones:
        with pytest.raises(TypeError):
            pc.readers.torch("nn.ReLU()", **one)
    with pytest.raises(TypeError, match="source must be a str"):
        pc.readers.torch(wrong)
    with pytest.raises(TypeError, match="call must be a str"):
        pc.readers.torch("", wrong)


def changed(source: str, chance: random.Random) -> str:
    """A source with a few words changed, mostly for others of their kind."""
    for _ in range(chance.randint(1, 4)):
        every = list(WORDS.finditer(source))
        words = [one for one in every if one.group().isalnum()]
        old = chance.choice(every if chance.random() < 0.05 else words)
        is_number = old.group().isdigit()
        alike = [one.group() for one in words if one.group().isdigit() == is_number]
        more = PIECES if old not in words else NUMBERS if is_number else NAMES
        new = chance.choice([chance.choice(more), *[chance.choice(alike)] * 2])
        source = source[: old.start()] + new + source[old.end() :]
    return source


@given(seed=st.integers(0, 10**9))
@settings(deadline=None)
def test_a_changed_source_is_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # it only has to be the same each time
    idiom = chance.choice(IDIOMS)
    source, shape = changed(idiom.source, chance), idiom.given if chance.random() < 0.7 else None
    network = read(source, idiom.call or None, shape)
    if isinstance(network, pc.Layer) and shape is not None:
        assert pc.summary(network).num_params >= 0
