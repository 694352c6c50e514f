"""`python -m paramcalc` is the command line."""

import sys

from paramcalc._cli import main

if __name__ == "__main__":
    sys.exit(main())
