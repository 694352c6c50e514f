"""Networks that several tests look at."""

from __future__ import annotations

import paramcalc as pc

ANSWER = pc.Sequential(
    pc.Input(1, 28, 28),
    pc.Conv2d(None, 32, 5),
    pc.Pool(2),
    pc.Conv2d(None, 32, 3),
    pc.Pool(2),
    pc.Flatten(),
    pc.Dense(None, 256),
    pc.Dense(None, 10),
)
"""Of document D, the accepted answer."""
