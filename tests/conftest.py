"""Property tests are not timed: a slow machine is no failure."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(  # The same examples for every mutant, and one failure will do.
    "mutation",
    settings.get_profile("untimed"),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("untimed")

if "MUTANT_UNDER_TEST" in os.environ:
    import paramcalc as pc

    # mutmut wraps what it mutates, and hides the defaults from repr().
    for name in pc.__all__:
        init: Any = getattr(getattr(pc, name), "__init__", None)
        if hasattr(init, "__wrapped__"):
            init.__defaults__ = init.__wrapped__.__defaults__
