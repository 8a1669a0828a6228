"""`python -m skdistill.cli` is `skdistill`."""

import sys

from skdistill.cli._main import main

if __name__ == "__main__":
    sys.exit(main())
