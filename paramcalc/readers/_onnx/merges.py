"""The operators of ONNX that make one value of several."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc._branches import Add, Concat, Multiply
from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, Scale
from paramcalc.layers.product import MatMul
from paramcalc.readers._onnx.constants import FOLDED, folded, joined
from paramcalc.readers._onnx.layers import dense
from paramcalc.readers._onnx.network import Call, Operators, Tensors
from paramcalc.readers._onnx.values import Flow, Held, spread


def aligned(call: Call, values: Sequence[Flow | Held]) -> tuple[Flow, list[Flow]]:
    """Values that are merged, the batch in one place; and the first of those with the most axes."""
    flows = [one for one in values if isinstance(one, Flow) and one.batch is not None]
    if not flows:
        every = [
            one if isinstance(one, Flow) else call.reading.as_flow(one, one.dims) for one in values
        ]
        return max(every, key=lambda one: len(one.axes)), every
    lead = max(flows, key=lambda one: len(one.axes))
    return lead, [fitted(call, one, lead) for one in values]


def from_end(flow: Flow) -> int:
    """The place of the batch, counted from the last axis."""
    return len(flow.axes) - (flow.batch or 0)


def fitted(call: Call, value: Flow | Held, lead: Flow) -> Flow:
    """A value that is merged with another, without the axis that stands at its batch."""
    at = from_end(lead)
    if isinstance(value, Flow) and value.batch is not None:
        rests = [one.axes[one.batch or 0] for one in (value, lead)]
        if from_end(value) == at and rests[0] == rests[1] and value.before == lead.before:
            return value
        shapes = [show(one.full(call.reading.batch)) for one in (value, lead)]
        raise ReadError(f"merges {shapes[0]} and {shapes[1]}, whose batch axes do not meet")
    dims = value.axes if isinstance(value, Flow) else value.dims
    if len(dims) > len(lead.axes):
        raise ReadError(f"merges {show(dims)} with {show(lead.full(call.reading.batch))}")
    if len(dims) >= at:
        place = len(dims) - at
        if dims[place] not in (1, call.reading.batch):
            problem = f"a tensor of shape {show(dims)} differs along the batch axis, {place}"
            raise ReadError(problem)
        kept = () if lead.has_own_axis else (1,)
        dims = (*dims[:place], *kept, *dims[place + 1 :])
    if isinstance(value, Flow):
        return value._replace(axes=dims, batch=None)
    return call.reading.as_flow(value, dims)


def merged(call: Call, layer: Layer, values: Sequence[Flow | Held]) -> None:
    """A layer that makes one of several."""
    lead, flows = aligned(call, values)
    if len(flows) == 1:
        return call.put(flows[0])
    node, shape = call.layer(layer, *flows)
    if lead.has_own_axis:
        place = len(shape) - from_end(lead) + 1
        return call.put(Flow(node, shape, (*shape[:place], 1, *shape[place:]), place))
    batch = None if lead.batch is None else len(shape) - from_end(lead)
    return call.put(Flow(node, shape, shape, batch, lead.before))


def concat(call: Call) -> None:
    values = call.all_values()
    rank = len(call.full())
    axis = call.axis(call.attribute("axis", 1), rank)
    if any(len(one.axes if isinstance(one, Flow) else one.dims) != rank for one in values):
        raise ReadError("its inputs have different numbers of axes")
    given = [one for one in values if isinstance(one, Held) and not one.counts]
    if len(given) == len(values):
        return call.put(joined(given, axis, call.named()))
    flows = [one for one in values if isinstance(one, Flow)]
    own = call.own_axis(axis, aligned(call, flows)[0]) if flows else axis
    return merged(call, Concat(dim=own), values)


def matmul(call: Call) -> None:
    first, second = call.value(0), call.value(1)
    if isinstance(first, Flow) and isinstance(second, Held) and len(second.dims) == 2:
        weight = call.weight(1)
        tensors: Tensors = {"weight": weight}
        in_features, out_features = weight.dims
        bias, output = added(call, out_features)
        if bias:
            tensors["bias"] = bias
        return dense(call, first, (in_features, out_features), tensors, output)
    flows = [one for one in (first, second) if isinstance(one, Flow)]
    if any(one.batch is not None and from_end(one) < 3 for one in flows):
        raise ReadError(f"works along the batch axis: {call.way_out}")
    return merged(call, MatMul(), [first, second])


def added(call: Call, size: int) -> tuple[Held | None, str]:
    """The bias that the next node adds to a matrix product, and its output, if that is all."""
    after = call.reading.following.get(call.step.outputs[0])
    if after is None or after.op_type != "Add" or call.reading.uses[call.step.outputs[0]] != 1:
        return None, ""
    others = [one for one in after.inputs if one != call.step.outputs[0]]
    bias = call.reading.values.get(others[0]) if len(others) == 1 else None
    if not isinstance(bias, Held) or not bias.counts or bias.dims != (size,):
        return None, ""
    call.reading.done.add(after.number)
    return bias, after.outputs[0]


def elementwise(call: Call) -> None:
    """A function of several values at each place."""
    values = call.all_values()
    if call.step.op_type in ("Add", "Div", "Mul", "Sub") and len(values) != 2:
        raise ReadError(f"expects 2 inputs, got {show(call.step.inputs)}")
    flows = [one for one in values if isinstance(one, Flow) or one.counts]
    if not flows:
        return call.put(folded(call, [one for one in values if isinstance(one, Held)]))
    kind, first = call.step.op_type, flows[0]
    if len(flows) == 1 and isinstance(first, Flow) and len(values) > 1:
        full = first.full(call.reading.batch)
        others = [one.dims for one in values if isinstance(one, Held)]
        if all(spread(full, dims) == full for dims in others):
            return call.keep(Activation(kind.lower()), first)
    if len(values) == 2 and kind == "Mul" and len(flows) == 2 and scaled_by(call, values):
        return None
    if kind not in ("Add", "Sum", "Sub", "Mul", "Div"):
        raise ReadError(f"merges values by {kind}: {call.way_out}")
    if kind in ("Sub", "Div"):
        name = "neg" if kind == "Sub" else "reciprocal"
        flow = values[1] if isinstance(values[1], Flow) else call.flow(1)
        node, _ = call.layer(Activation(name), flow, name=f"{call.named()}_{name}")
        values[1] = flow._replace(node=node, made=flow.shape)
    return merged(call, Multiply() if kind in ("Mul", "Div") else Add(), values)


def scaled_by(call: Call, values: list[Flow | Held]) -> bool:
    """Whether a product with a trained tensor is a `Scale`, which it then is."""
    held_ones = [one for one in values if isinstance(one, Held)]
    flow = next((one for one in values if isinstance(one, Flow)), None)
    if flow is None or len(held_ones) != 1 or flow.batch is None or not flow.has_own_axis:
        return False
    dims, place = held_ones[0].dims, len(held_ones[0].dims) - from_end(flow)
    if place >= 0:
        if dims[place] != 1:
            return False
        dims = (*dims[:place], *dims[place + 1 :])
    if len(dims) > len(flow.shape) or spread(flow.shape, dims) != flow.shape:
        return False
    call.keep(Scale(dims), flow, {"gamma": held_ones[0]})
    return True


MERGES: Operators = {
    **dict.fromkeys([*FOLDED, "Sum", "Pow"], (elementwise, "axis broadcast consumed_inputs fmod")),
    "Concat": (concat, ""),
    "MatMul": (matmul, ""),
}
"""As `LAYERS`."""
