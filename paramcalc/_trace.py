"""The way of a shape through a network: what everything that reports on a network reads.

Not trace.py: `paramcalc.trace` is the function.
"""

from __future__ import annotations

from typing import NamedTuple

from paramcalc._checks import wrong
from paramcalc._network import Network, plan_of, run
from paramcalc.errors import ParamcalcError, show
from paramcalc.layers._base import Layer, Shape, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Step(NamedTuple):
    """One layer on the way, with the shapes at its two ends: a tuple of the four.

    Args:
        path: where it stands: `[2]`, `features[2]`; empty for a layer on its
            own.
        layer: the layer.
        input_shape: what arrives, without the batch axis.
        output_shape: what leaves.
        inputs: which steps it reads, by their place in the trace; -1 is the network's
            input. The merging of branches reads the last step of each.

    Example:
        >>> import paramcalc as pc
        >>> step, = pc.trace(pc.Flatten(), (12, 4, 4))
        >>> step.layer, step.input_shape, step.output_shape, step.inputs
        (Flatten(), (12, 4, 4), (192,), (-1,))
    """

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    inputs: tuple[int, ...] = (-1,)

    @property
    def num_params(self) -> int:
        """How many values are learnt here; by the merging of branches none."""
        return int(0 if isinstance(self.layer, Network) else self.layer._params(self.input_shape))

    @property
    def num_macs(self) -> int:
        """How many multiply-accumulates one example costs here; the merging of branches none."""
        return int(
            0
            if isinstance(self.layer, Network)
            else self.layer._macs(self.input_shape, self.output_shape)
        )

    @property
    def num_uncovered(self) -> tuple[int, ...]:
        """Along each axis that windows slide along, how many positions are seen by none.

        They are those beyond the last window, for which one more would be too long; and those
        between windows, where the stride is larger than they are.

        Raises:
            ShapeError: a layer of one's own does not say what it sees.
            ParamcalcError: a window has more than 1,000,000 taps, and gaps between them.
        """
        if isinstance(self.layer, Network):
            return ()
        sources = self.layer.sources(self.input_shape)
        pairs = zip(sources, self.output_shape, strict=True)
        return tuple(
            [
                self.input_shape[source[0]] - covered(source[1], self.input_shape[source[0]], count)
                for source, count in pairs
                if source is not None and source[1] != Window() and source[1].spacing == 1
            ]
        )


MAX_TAPS = 1_000_000
"""With more, apart from each other, it is not looked for what they see."""


def covered(window: Window, length: int, count: int) -> int:
    """How many positions of an axis are seen by `count` windows."""
    step, reach = window.stride, window.dilation * (window.kernel_size - 1) + 1
    if window.dilation == 1 and step <= window.kernel_size:  # Without gaps.
        last = (count - 1) * step - window.padding + reach
        return min(last, length) - max(-window.padding, 0)
    if window.dilation == 1:  # Apart from each other: all but the outermost lie within.
        first, last = -(-window.padding // step), (length - reach + window.padding) // step
        within = max(min(last, count - 1) - max(first, 0) + 1, 0)
        starts = [at * step - window.padding for at in {first - 1, last + 1} if 0 <= at < count]
        cut = [max(min(start + reach, length) - max(start, 0), 0) for start in starts]
        return within * reach + sum(cut)
    if window.kernel_size > MAX_TAPS:
        problem = (
            f"a window of {show(window.kernel_size)} taps with gaps is too large to be followed"
        )
        raise ParamcalcError(problem)
    # A tap covers every step-th position from its first; taps of the same remainder may overlap.
    ends: dict[int, int] = {}
    number = 0
    for tap in range(window.kernel_size):
        turns, remainder = divmod(tap * window.dilation - window.padding, step)
        start = max(turns, ends.get(remainder, 0))
        stop = min(turns + count, (length - 1 - remainder) // step + 1)
        number += max(stop - start, 0)
        ends[remainder] = max(stop, ends.get(remainder, 0))
    return number


def ask(layer: Layer, question: str, shape: Shape | None, output: Shape | None = None) -> Any:
    """A layer's answer to a question such as "num_params"; the merging of branches has none."""
    if layer._network_depth:
        return () if question == "parameters" else 0
    if question == "num_macs":
        return layer._macs(shape, output)
    names = {"num_params": "_params", "parameters": "_tensors", "output_shape": "_shape"}
    return getattr(layer, names[question])(shape)


def walk(network: object, input_shape: object, verb: str, *, counting: bool = True) -> list[Step]:
    """The steps of a network, for the caller of a verb.

    With nothing to start from, shapes are None; or refused, if more than counts is asked for.
    """
    if not isinstance(network, Layer):
        raise TypeError(wrong(verb, "network", "be a Layer", network))
    shape = network._arriving(input_shape)  # pyright: ignore[reportPrivateUsage]
    if not counting:
        network._needed(shape, "the output shape")  # pyright: ignore[reportPrivateUsage]
    plan = plan_of(network)
    shapes = run(plan, shape)
    return [
        Step(path, layer, shapes[source], shapes[number], inputs)
        for number, (path, layer, source, inputs) in enumerate(plan.nodes)
    ]


def trace(network: Layer, input_shape: Shape | None = None) -> tuple[Step, ...]:
    """The steps of a shape through a network: each layer, what arrives and what leaves.

    Networks within the network are entered. A `Sequential` is no step of its own;
    `Add`, `Multiply` and `Concat` are one behind their branches, for the merging.
    Each layer is computed once.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis; it may be
            left out behind an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or
            list of ints.
        ShapeError: a layer does not fit what arrives at it, or the shape is
            missing.

    Example:
        >>> import paramcalc as pc
        >>> for step in trace(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28)):
        ...     print(step.path, step.layer, step.output_shape)
        [0] Conv2d(1, 32, 5) (32, 24, 24)
        [1] Pool(2) (32, 12, 12)
    """
    return tuple(walk(network, input_shape, "trace", counting=False))
