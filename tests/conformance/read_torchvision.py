"""Read torchvision's networks from its own source: PYTHONPATH=../.. python read_torchvision.py.

It needs the files of torchvision 0.21.0, and neither imports nor runs them.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from test_torch_read import GOLDEN
from torchvision_sources import REFUSED, TORCHVISION

import paramcalc as pc


def main() -> None:
    """Compare each network with what torch says of it."""
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise SystemExit("there is no torchvision")
    folder, same = Path(spec.origin).parent, 0
    for name, one in TORCHVISION.items():
        source = "\n".join([(folder / file).read_text("utf-8") for file in one.files])
        try:
            network = pc.readers.torch(source, one.call, input_shape=one.shape)
        except pc.ReadError as error:
            answer = "" if str(error) == REFUSED.get(name) else "wrongly "
            print(f"{name}: {answer}refused: {error}")
            continue
        found = [network.num_params(), list(network.output_shape())]
        same += found == GOLDEN["torchvision"][name]
        if found != GOLDEN["torchvision"][name]:
            print(f"{name}: {found}, and torch has {GOLDEN['torchvision'][name]}")
    print(f"{same} of {len(TORCHVISION)} networks are those of torchvision")
    sys.exit(same + len(REFUSED) != len(TORCHVISION))


if __name__ == "__main__":
    main()
