"""The peers of `benchmarks.peers`, and one runner for each, run where the peer is."""

import sys
from dataclasses import dataclass
from pathlib import Path

BASELINE = "baseline"


@dataclass(frozen=True)
class Peer:
    """A runner, its way and its environment; if None, this one is used."""

    runner: str
    way: str
    environment: str | None = None

    def python(self, environments: Path) -> Path:
        """Return the interpreter that runs it."""
        if self.environment is None:
            return Path(sys.executable)
        return environments / f".venv-{self.environment}" / "bin" / "python"


PEERS = {
    BASELINE: Peer("ours", "baseline"),
    "skdistill": Peer("ours", "one fit"),
    "skdistill CV": Peer("ours", "search"),
    "by hand": Peer("by_hand", "duplication"),
    "AutoGluon": Peer("autogluon", "default", "autogluon"),
    "imodels": Peer("imodels", "default", "imodels"),
    "TabTune xRFM": Peer("tabtune", "XRFM", "tabtune"),
    "TabTune TabPFN": Peer("tabtune", "TabPFN", "tabtune"),
}
