"""The command line: `skdistill fit`, `skdistill predict`, `skdistill report`."""

from skdistill.cli._main import main

__all__ = ["main"]
