"""What the user asked of `skdistill fit`."""

from dataclasses import dataclass
from pathlib import Path

from skdistill.cli._task import Columns

__all__ = ["FitOptions"]


@dataclass(frozen=True)
class FitOptions:
    """What the user asked for; alpha and temperature are None for "auto".

    The most latency is in microseconds, the largest size in bytes, the time in seconds;
    None is no limit. `started` is when the command began, by `time.monotonic`.
    """

    data: Path
    columns: Columns
    task: str
    loss: str
    student: str
    max_latency: float | None
    max_size: float | None
    teacher: str
    alpha: float | None
    temperature: float | None
    device: str
    test: Path | None
    unlabeled: Path | None
    metric: str | None
    out: Path
    jobs: int
    quick: bool
    time_limit: float | None
    started: float
    seed: int
    overwrite: bool
    check: bool
    shows: str
    command: str
