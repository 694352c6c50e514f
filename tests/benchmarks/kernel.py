"""How much the kernel costs beside the bare arithmetic: python tests/benchmarks/kernel.py.

Ratios of times taken in turn in one run, each the best of several; the machine may
be slow or busy, but is so for both sides.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter

import paramcalc as pc
from paramcalc import zoo

Row = tuple[str, int, int, int, int, int]
SHAPE = (3, 224, 224)


def rows() -> list[Row]:
    """The chain of ResNet-50, skips left out, as (kind, in, out, kernel, stride, padding)."""
    chain: list[Row] = []

    def conv(in_channels: int, out_channels: int, size: int, stride: int, padding: int) -> None:
        chain.append(("conv", in_channels, out_channels, size, stride, padding))
        chain.append(("norm", out_channels, 0, 0, 0, 0))
        chain.append(("relu", 0, 0, 0, 0, 0))

    conv(3, 64, 7, 2, 3)
    chain.append(("pool", 0, 0, 3, 2, 1))
    channels = 64
    for width, blocks, first_stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
        for block in range(blocks):
            conv(channels, width, 1, 1, 0)
            conv(width, width, 3, 1 if block else first_stride, 1)
            conv(width, 4 * width, 1, 1, 0)
            channels = 4 * width
    for _ in range(4):  # The four projections of the skips, as convolutions in the chain.
        conv(2048, 2048, 1, 1, 0)
    return chain


CHAIN = rows()


def out(n: int, k: int, s: int, p: int, d: int = 1) -> int:
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def by_hand() -> tuple[tuple[int, ...], int]:
    """The same arithmetic in plain Python: the window formula once, a loop over a table."""
    channels, height, width = SHAPE
    params = 0
    for kind, c_in, c_out, k, s, p in CHAIN:
        if kind == "conv":
            channels, height, width = c_out, out(height, k, s, p), out(width, k, s, p)
            params += k * k * c_in * c_out
        elif kind == "norm":
            params += 2 * c_in
        elif kind == "pool":
            height, width = out(height, k, s, p), out(width, k, s, p)
    return (channels, height, width), params


def in_line() -> tuple[tuple[int, ...], int]:
    """The same with the formula pasted in and every row that computes nothing left out."""
    channels, height, width = SHAPE
    params = 0
    for c_in, c_out, k, s, p in SHORT:
        height = (height + 2 * p - k) // s + 1
        width = (width + 2 * p - k) // s + 1
        if c_in:
            channels = c_out
            params += k * k * c_in * c_out + 2 * c_out
    return (channels, height, width), params


SHORT = [row[1:] for row in CHAIN if row[0] in ("conv", "pool")]


def layers() -> list[pc.Layer]:
    made: list[pc.Layer] = []
    for kind, c_in, c_out, k, s, p in CHAIN:
        if kind == "conv":
            made.append(pc.Conv2d(c_in, c_out, k, s, p, bias=False))
        elif kind == "norm":
            made.append(pc.BatchNorm(c_in))
        elif kind == "pool":
            made.append(pc.Pool(k, s, p))
        else:
            made.append(pc.Activation(kind))
    return made


def best(calls: dict[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, float]:
    """The least seconds of each call, taken in turn so that all see the same machine."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = perf_counter()
            for _ in range(repeats):
                call()
            least[name] = min(least[name], (perf_counter() - start) / repeats)
    return least


def chain() -> None:
    network = pc.Sequential(layers())
    assert by_hand() == in_line() == (network.output_shape(SHAPE), network.num_params())
    calls: dict[str, Callable[[], object]] = {
        "by hand": by_hand,
        "by hand, in line": in_line,
        "output_shape + num_params()": lambda: (network.output_shape(SHAPE), network.num_params()),
        "output_shape": lambda: network.output_shape(SHAPE),
        "num_params()": network.num_params,
        "num_params(shape)": lambda: network.num_params(SHAPE),
        "num_macs(shape)": lambda: network.num_macs(SHAPE),
        "trace": lambda: pc.trace(network, SHAPE),
        "build": lambda: pc.Sequential(layers()),
    }
    times = best(calls, rounds=30, repeats=20)
    print(f"\nResNet-50's chain, {len(network)} layers      µs   × by hand   × in line")
    for name, seconds in times.items():
        ratios = seconds / times["by hand"], seconds / times["by hand, in line"]
        print(f"  {name:30}{seconds * 1e6:9.1f}{ratios[0]:12.2f}{ratios[1]:12.2f}")


def networks() -> None:
    """The real ones, skips included, from nothing: the arithmetic by hand is that of ResNet-50."""
    network = zoo.resnet50()
    calls: dict[str, Callable[[], object]] = {
        "by hand": by_hand,
        "build": zoo.resnet50,
        "trace": lambda: pc.trace(network, SHAPE),
        "build + trace": lambda: pc.trace(zoo.resnet50(), SHAPE),
        "output_shape + num_params()": lambda: (network.output_shape(SHAPE), network.num_params()),
    }
    times = best(calls, rounds=30, repeats=20)
    print("\nResNet-50 of the zoo                µs   × by hand")
    for name, seconds in times.items():
        print(f"  {name:30}{seconds * 1e6:9.1f}{seconds / times['by hand']:12.2f}")


def tables() -> None:
    network = pc.Sequential(layers())
    calls: dict[str, Callable[[], object]] = {
        "trace": lambda: pc.trace(network, SHAPE),
        "summary": lambda: pc.summary(network, SHAPE),
        "summary as text": lambda: str(pc.summary(network, SHAPE)),
        "summary as HTML": lambda: pc.summary(network, SHAPE).to_html(),
        "explain": lambda: pc.explain(network, SHAPE),
        "explain as text": lambda: str(pc.explain(network, SHAPE)),
    }
    times = best(calls, rounds=10, repeats=3)
    print("\ntables of the same chain             µs     × trace")
    for name, seconds in times.items():
        print(f"  {name:28}{seconds * 1e6:9.0f}{seconds / times['trace']:12.2f}")
    pattern = [pc.Conv2d(8, 8, 3, padding=1), pc.BatchNorm(8), pc.Activation("relu"), pc.Pool(1)]
    long = pc.Sequential(pattern * 2500)
    named = pc.Sequential(**{f"part{i}": pc.Sequential(pattern) for i in range(2500)})
    rows: dict[str, Callable[[], object]] = {
        "text": lambda: str(pc.summary(long, (8, 32, 32))),
        "HTML": lambda: pc.summary(long, (8, 32, 32)).to_html(),
        "text, in named parts": lambda: str(pc.summary(named, (8, 32, 32))),
        "text, folded": lambda: str(pc.summary(named, (8, 32, 32), depth=1)),
    }
    for name, seconds in best(rows, rounds=3, repeats=1).items():
        print(f"  10,000 rows as {name}: {seconds:.2f} s")


def length() -> None:
    print("\ntrace of a long chain           layers   µs a layer")
    costs: dict[int, float] = {}
    for size in (10**3, 10**4, 10**5, 10**6):
        pattern = [
            pc.Conv2d(8, 8, 3, padding=1),
            pc.BatchNorm(8),
            pc.Activation("relu"),
            pc.Identity(),
        ]
        network = pc.Sequential(pattern * (size // 4))
        calls: dict[str, Callable[[], object]] = {"trace": partial(pc.trace, network, (8, 32, 32))}
        costs[size] = best(calls, rounds=5, repeats=max(1, 10**5 // size))["trace"] / size
        print(f"  {size:36,}{costs[size] * 1e6:13.3f}")
    print(f"  at 10^6 over 10^3: {costs[10**6] / costs[10**3]:.2f}")


def start_up() -> None:
    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-I", "-c", code], check=True)

    calls = {
        "bare": run("pass"),
        "dataclasses alone": run("import dataclasses"),
        "paramcalc": run("import paramcalc"),
    }
    times = best(calls, rounds=30, repeats=1)
    print("\nstart of an interpreter             ms   over bare")
    for name, seconds in times.items():
        print(f"  {name:28}{seconds * 1e3:8.1f}{(seconds - times['bare']) * 1e3:12.1f}")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}")
    chain()
    networks()
    tables()
    length()
    start_up()
