"""Write the layers of Keras's NASNetLarge: python tests/conformance/make_nasnet.py.

It needs Keras 3.15.1 and a backend, such as torch with KERAS_BACKEND=torch; the tests need neither.
"""

from __future__ import annotations

import gzip
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from records import entries

FIELDS = ["strides", "padding", "cropping", "activation"]


def main() -> None:
    """Make it without its weights, and look at each layer."""
    keras: Any = import_module("keras")
    network = keras.applications.NASNetLarge(weights=None)
    places = {one.name: at for at, one in enumerate(network.layers)}
    layers: list[dict[str, Any]] = []
    for one in network.layers:
        config = one.get_config()
        size = config.get("kernel_size", config.get("pool_size"))
        given = entries(one.input)
        reads = (one.input,) if given is None else given
        sources: list[str] = [tensor._keras_history.operation.name for tensor in reads]
        layers.append(
            {
                "kind": type(one).__name__,
                "reads": [places[name] for name in sources if name != one.name],
                "output": one.output.shape[1:],
                "trainable": [list(weight.shape) for weight in one.trainable_weights],
                "others": [list(weight.shape) for weight in one.non_trainable_weights],
                "config": {"size": size} | {field: config.get(field) for field in FIELDS},
            }
        )
    golden = {"keras": keras.__version__, "count": network.count_params(), "layers": layers}
    text = json.dumps(golden, indent=None, separators=(",", ":"))
    path = Path(__file__).with_name("nasnet.json.gz")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
