"""How long everything takes, beside the arithmetic by hand: python tests/benchmarks/run.py.

It prints the tables of docs/performance.md. All of a table is timed in turn, in one run, each the
best of several, so that a slow or busy machine is slow for all alike: ratios count, and not times.
The tools that users may have instead are timed where they are installed.
"""

from __future__ import annotations

import gc
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import paramcalc as pc
from paramcalc import zoo
from paramcalc.results import ColumnName

Row = tuple[str, int, int, int, int, int, int]
IMAGE = (3, 224, 224)
NETWORKS: dict[str, tuple[Callable[[], pc.Layer], pc.Shape]] = {
    "document D": (zoo.stack_overflow_answer, (1, 28, 28)),
    "VGG-16": (zoo.vgg16, IMAGE),
    "ResNet-50": (zoo.resnet50, IMAGE),
    "DenseNet-121": (zoo.densenet121, IMAGE),
}
PATTERN = [pc.Conv2d(8, 8, 3, padding=1), pc.BatchNorm(8), pc.Activation("relu"), pc.Identity()]


def best(calls: dict[str, Callable[[], object]], seconds: float = 0.3) -> dict[str, float]:
    """The least seconds of each call, taken in turn so that all see the same machine."""
    repeats: dict[str, int] = {}
    least: dict[str, float] = {}
    for name, call in calls.items():
        start = perf_counter()
        call()
        least[name] = perf_counter() - start
        repeats[name] = max(1, int(0.004 / least[name]))
    start, rounds = perf_counter(), 0
    while rounds < 1 or perf_counter() - start < seconds * len(calls):
        rounds += 1
        for name, call in calls.items():
            begin = perf_counter()
            for _ in range(repeats[name]):
                call()
            least[name] = min(least[name], (perf_counter() - begin) / repeats[name])
    return least


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as Markdown has it."""
    print(f"\n| {' | '.join(head)} |")
    print(f"| --- |{' ---: |' * (len(head) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


# By hand: a loop over a table of numbers, with the window formula once.


def table_of(network: pc.Layer, shape: pc.Shape) -> list[Row]:
    """A row for each layer: its kind, channels in and out, kernel size, stride, padding, bias."""
    rows: list[Row] = []
    height = shape[1]
    for step in pc.trace(network, shape):
        layer: Any = step.layer
        before, after = step.input_shape, step.output_shape
        if isinstance(step.layer, pc.Conv2d | pc.Pool):
            sizes = [layer.kernel_size, layer.stride, layer.padding]
            size, stride, padding = [one if isinstance(one, int) else one[0] for one in sizes]
            if before[1] != height:  # The projection of a skip, of which the size is known.
                assert (after[1], size) == (height, 1)
                stride = 1
            kind = "conv" if isinstance(step.layer, pc.Conv2d) else "pool"
            bias = int(kind == "conv" and layer.bias)
            rows.append((kind, before[0], after[0], size, stride, padding, bias))
            height = after[1]
        elif isinstance(step.layer, pc.BatchNorm):
            rows.append(("norm", before[0], 0, 0, 0, 0, 0))
        elif isinstance(step.layer, pc.Dense):
            rows.append(("dense", before[0], after[0], 0, 0, 0, 1))
        else:
            rows.append(("none", 0, 0, 0, 0, 0, 0))
    return rows


def out(n: int, k: int, s: int, p: int, d: int = 1) -> int:
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def by_hand(rows: list[Row], shape: pc.Shape) -> tuple[int, tuple[int, int, int]]:
    """The number of parameters, and the shape after the last window."""
    params = 0
    channels, height, width = shape
    for kind, c_in, c_out, k, s, p, bias in rows:
        if kind == "conv":
            channels, height, width = c_out, out(height, k, s, p), out(width, k, s, p)
            params += (k * k * c_in + bias) * c_out
        elif kind == "norm":
            params += 2 * c_in
        elif kind == "pool":
            height, width = out(height, k, s, p), out(width, k, s, p)
        elif kind == "dense":
            params += (c_in + 1) * c_out
    return params, (channels, height, width)


# What is timed.


def verbs(make: Callable[[], pc.Layer], shape: pc.Shape) -> dict[str, Callable[[], object]]:
    """Everything that users do with a network."""
    network = make()
    rows = table_of(network, shape)
    assert by_hand(rows, shape)[0] == network.num_params()
    return {
        "by hand": lambda: by_hand(rows, shape),
        "build": make,
        "output_shape + num_params": lambda: (network.output_shape(shape), network.num_params()),
        "trace": lambda: pc.trace(network, shape),
        "build + trace": lambda: pc.trace(make(), shape),
        "summary": lambda: pc.summary(network, shape),
        "summary, as text": lambda: str(pc.summary(network, shape)),
        "explain": lambda: pc.explain(network, shape),
        "explain, as text": lambda: str(pc.explain(network, shape)),
        "memory": lambda: pc.memory(network, shape),
        "receptive_field": lambda: pc.receptive_field(network, shape),
    }


def networks() -> dict[str, float]:
    """The table of networks; the times of ResNet-50 are returned."""
    print("\n## Networks\n\nMicroseconds by hand, and multiples of that:")
    times = {name: best(verbs(*one)) for name, one in NETWORKS.items()}
    hand = [f"{one['by hand'] * 1e6:.1f} µs" for one in times.values()]
    rows = [["by hand", *hand]]
    for verb in list(times["document D"])[1:]:
        ratios = [f"{one[verb] / one['by hand']:.1f}" for one in times.values()]
        rows.append([verb, *ratios])
    show(["", *times], rows)
    return times["ResNet-50"]


def chains() -> dict[str, float]:
    """The table of chains; what is returned is the last column."""
    print("\n## Chains\n\nMicroseconds per layer of a chain, by its length:")
    sizes = [10**3, 10**4, 10**5, 10**6]
    costs: dict[str, list[str]] = {}
    first: dict[str, float] = {}
    growth: dict[str, float] = {}
    for size in sizes:
        layers = PATTERN * (size // 4)
        calls = verbs(partial(pc.Sequential, layers), (8, 32, 32))
        for name, call in calls.items():
            gc.collect()
            seconds = best({name: call}, 0.2)[name] / size
            first.setdefault(name, seconds)
            costs.setdefault(name, []).append(f"{seconds * 1e6:.2f}")
            if size == sizes[-1]:
                growth[name] = seconds / first[name]
                costs[name].append(f"{growth[name]:.2f}")
    show(["", *[f"{size:,}" for size in sizes], "last over first"],
         [[name, *one] for name, one in costs.items()])  # fmt: skip
    return growth


# Beside the tools that people have.


def resnet_of(torch: Any) -> Any:
    """ResNet-50 of torchvision, on the meta device: shapes and no values."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
    torchvision = import_module("make_torchvision").load_torchvision()
    with torch.device("meta"):
        return torchvision.models.resnet50().eval()


def torch_tools() -> Iterator[tuple[str, Callable[[], object]]]:
    """What is made of ResNet-50 by torch and the tools around it."""
    if find_spec("torch") is None or find_spec("torchvision") is None:
        return
    torch: Any = import_module("torch")
    network, image = resnet_of(torch), torch.empty(1, *IMAGE, device="meta")

    def by_hooks() -> list[object]:
        shapes: list[object] = []

        def keep(module: Any, given: Any, output: Any) -> None:  # noqa: ARG001  # torch's order
            shapes.append(output.shape)

        handles = [one.register_forward_hook(keep) for one in network.modules()]
        with torch.no_grad():
            network(image)
        for handle in handles:
            handle.remove()
        return shapes

    yield "torch, hooks on the meta device", by_hooks
    real, pixels = resnet_of(torch).to_empty(device="cpu"), torch.zeros(1, *IMAGE)
    if find_spec("torchinfo"):
        summary = import_module("torchinfo").summary
        yield "torchinfo, as text", lambda: str(summary(real, (1, *IMAGE), verbose=0))
        meta = {"verbose": 0, "device": "meta"}
        yield (
            "torchinfo, as text, meta device",
            lambda: str(summary(network, (1, *IMAGE), **meta)),
        )
    if find_spec("fvcore"):
        counter = import_module("fvcore.nn").FlopCountAnalysis
        logging.getLogger("fvcore.nn.jit_analysis").setLevel(logging.ERROR)
        yield "fvcore, flops", lambda: counter(real, pixels).total()
    if find_spec("thop"):
        profile = import_module("thop").profile
        yield "thop, MACs", lambda: profile(real, inputs=(pixels,), verbose=False)


def keras_tools() -> Iterator[tuple[str, Callable[[], object]]]:
    """Keras' summary of its own ResNet-50."""
    if find_spec("keras") is None:
        return
    os.environ.setdefault("KERAS_BACKEND", "torch" if find_spec("torch") else "tensorflow")
    keras: Any = import_module("keras")
    network = keras.applications.ResNet50(weights=None)
    lines: list[str] = []
    yield "Keras, summary", lambda: network.summary(print_fn=lines.append)


CHAIN = pc.Sequential(PATTERN * 2500)
PLAIN: tuple[ColumnName, ...] = ("name", "layer", "output_shape", "num_params")


def tools() -> dict[str, float]:
    """The table of tools, and its times."""
    network = zoo.resnet50()
    calls: dict[str, Callable[[], object]] = {
        "paramcalc, trace": lambda: pc.trace(network, IMAGE),
        "paramcalc, summary as text": lambda: str(pc.summary(network, IMAGE)),
        "the same, without formulas": lambda: str(pc.summary(network, IMAGE, columns=PLAIN)),
        "paramcalc, flops": lambda: pc.flops(network, IMAGE, convention="fvcore"),
        "paramcalc, diagram of ResNet-152": lambda: pc.diagram(zoo.resnet152(), IMAGE).to_svg(),
        "paramcalc, summary of 10,000 layers as text": lambda: str(pc.summary(CHAIN, (8, 32, 32))),
        **dict(torch_tools()),
        **dict(keras_tools()),
    }
    times = best(calls, 1)
    print("\n## Tools\n\nResNet-50, already built, unless it says otherwise:")
    text = times["paramcalc, summary as text"]
    rows = [[name, f"{one * 1e3:.2f} ms", f"{one / text:.1f}"] for name, one in times.items()]
    show(["", "time", "over the summary's text"], rows)
    return times


# Whole processes.

COLD = "paramcalc: document D's summary"
DOCUMENT_D = """
import paramcalc as pc
print(pc.summary(pc.Sequential(
    pc.Input(1, 28, 28),
    pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Conv2d(32, 32, 3), pc.Pool(2),
    pc.Flatten(), pc.Dense(800, 256), pc.Dense(256, 10),
)))
"""
TORCHINFO = """
from torch import nn
from torchinfo import summary
print(summary(nn.Sequential(
    nn.Conv2d(1, 32, 5), nn.MaxPool2d(2), nn.Conv2d(32, 32, 3), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(800, 256), nn.Linear(256, 10),
), (1, 1, 28, 28), verbose=0))
"""
PEAK = "\nprint(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
"""Not by getrusage: its figure is no less than that of the process that started this one."""


def run(code: str) -> tuple[float, int]:
    """Seconds of a process, and its peak memory in KiB, as Linux gives it."""
    root = str(Path(pc.__file__ or "").parent.parent)
    command = [sys.executable, "-I", "-c", f"import sys\nsys.path.insert(0, {root!r})\n{code}"]
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = perf_counter() - start
    command[-1] += PEAK
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return seconds, int(text.split()[-1])


def processes() -> tuple[dict[str, float], dict[str, float]]:
    """The table of processes: their seconds, and MiB more than a bare interpreter."""
    codes = {
        "a bare interpreter": "pass",
        "import dataclasses": "import dataclasses",
        "import paramcalc": "import paramcalc",
        COLD: DOCUMENT_D,
    }
    if find_spec("torchinfo"):
        codes["torchinfo: the same"] = TORCHINFO
    seconds = dict.fromkeys(codes, float("inf"))
    memory = dict.fromkeys(codes, 1 << 40)
    for turn in range(30):
        for name, code in codes.items():
            if turn < 3 or name != "torchinfo: the same":
                taken, peak = run(code)
                seconds[name] = min(seconds[name], taken)
                memory[name] = min(memory[name], peak)
    print("\n## Whole processes\n\nFrom the start of an interpreter to its end:")
    bare, least = seconds["a bare interpreter"], memory["a bare interpreter"]
    more = {name: (one - least) / 1024 for name, one in memory.items()}
    rows = [
        [name, f"{one * 1e3:.1f} ms", f"{one / bare:.2f}", f"{more[name]:.1f}"]
        for name, one in seconds.items()
    ]
    show(["", "time", "over bare", "MiB more than bare"], rows)
    return seconds, more


def targets(
    resnet: dict[str, float],
    growth: dict[str, float],
    times: dict[str, float],
    seconds: dict[str, float],
    more: dict[str, float],
) -> None:
    """What was aimed at, and what is reached."""
    text, hand, cold = times["paramcalc, summary as text"], resnet["by hand"], seconds[COLD]
    both, drawn = "output_shape + num_params", "paramcalc, diagram of ResNet-152"
    long = times["paramcalc, summary of 10,000 layers as text"]
    start = seconds["import paramcalc"] - seconds["a bare interpreter"]
    rows = [
        ("ResNet-50, `output_shape` and `num_params`, over by hand", "5", resnet[both] / hand),
        ("ResNet-50, built and traced, over by hand", "25", resnet["build + trace"] / hand),
        ("ResNet-50, `summary` over `trace`", "3", resnet["summary"] / resnet["trace"]),
        ("`import paramcalc`, ms over a bare interpreter", "15", start * 1e3),
        (
            "document D's summary, over a bare interpreter",
            "2",
            cold / seconds["a bare interpreter"],
        ),
        ("the same, MiB over a bare interpreter", "8", more[COLD]),
        ("a summary of 10,000 layers as text, s", "1", long),
        ("a diagram of ResNet-152, ms", "50", times[drawn] * 1e3),
        ("a layer in a chain of 10^6 over one in 10^3: shapes and counts", "1.5", growth[both]),
        ("the same: trace", "1.5", growth["trace"]),
        ("the same: all else, the most", "1.5", max(growth.values())),
    ]
    if "torchinfo, as text" in times and "torchinfo: the same" in seconds:
        name = "torchinfo's time for ResNet-50's summary as text, over ours"
        rows.append((name, "at least 100", times["torchinfo, as text"] / text))
        name = "torchinfo's time for document D's summary, over ours"
        rows.append((name, "at least 20", seconds["torchinfo: the same"] / cold))
    print("\n## Targets")
    wanted = [
        [name, limit if " " in limit else f"at most {limit}", f"{one:.2g}"]
        for name, limit, one in rows
    ]
    show(["", "wanted", "measured"], wanted)


if __name__ == "__main__":
    print(f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    targets(networks(), chains(), tools(), *processes())
