"""Cases of a distilled fit, usual and absurd, drawn field by field."""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.neighbors import (
    KernelDensity,
)
from sklearn.preprocessing import StandardScaler

from skdistill.refine import LeafRefinement
from skdistill.targets import TeacherBound
from skdistill.teachers import (
    AffineCalibration,
    AttentiveTrust,
    Combination,
    ConfidenceTrust,
    OutlierTrust,
    TemperatureScaling,
)
from skdistill.transfer import (
    ConditionalSampler,
    JitterSampler,
    MixupSampler,
    MungeSampler,
    TransferSet,
)
from tests.distilled.case_data import (
    METADATA,
    PRIVILEGED,
    STORED,
    TABLES,
    TARGETS,
    UNLABELED,
    WEIGHTS,
)
from tests.distilled.case_parts import MIXED, PARTS, STRANGE

# How often a field has the first of its usual values, and teachers are several.
_USUAL, _SEVERAL = 0.7, 0.3
# Where a case has its own folder.
FOLDER, FILE = "<a folder>", "<a file>"


def first_columns(X):
    return X[:, :1] if hasattr(X, "ndim") else X


def half(X):
    return X[::2]


def nan_trust(predictions, y):
    return np.full(len(y), np.nan)


def half_trust(predictions, y):
    return np.full(len(y), 0.5)


def short_trust(predictions, y):
    return np.ones(3)


# For each parameter its usual values, and absurd or rare ones.
PARAMS = {
    "alpha": (
        [0.5, 0.0, 1.0, 0.9],
        [-1, 2, np.nan, "a", None, True, np.inf, 1e-320, 1 - 1e-16, 1],
    ),
    "temperature": (
        [1.0, 1.0, 2.0, 0.5],
        [0, -1, np.nan, np.inf, "1", 5e-324, 1e-300, 1e-100, 1e308, None, 1e-3, 1e3],
    ),
    "cross_fit": (
        ["auto", "kfold", False],
        ["stack", "oob", True, "x", None],
    ),
    "cv": (
        [2, 3, KFold(2), None],
        [
            0,
            1,
            -1,
            1000,
            2.5,
            "a",
            [],
            [([0], [1])],
            [([], [0, 1, 2])],
            [([0, 1], [0, 1])],
            [(["a"], ["b"])],
            [([0.5], [1.5])],
            [1, 2],
            ShuffleSplit(2),
            TimeSeriesSplit(2),
            GroupKFold(2),
            LeaveOneOut(),
        ],
    ),
    "memory": ([None, False, FOLDER], [3, True, FILE, "\0", f"{FILE}/below"]),
    "n_jobs": ([None, 1], [0, "a", 1.5]),
    "random_state": ([0], [None, -1, "a", 2**40, np.random.RandomState(0)]),
    "verbose": ([0], [-1, "a", None]),
    "transfer": (
        [
            "auto",
            None,
            MungeSampler(),
            ConditionalSampler(),
            TransferSet(size=2, weight=0.5),
        ],
        [
            "x",
            JitterSampler(scale=0.0),
            JitterSampler(scale=1e300),
            MixupSampler(),
            MungeSampler(p=0),
            MungeSampler(p=2),
            TransferSet(size=0),
            TransferSet(size=1e-9, weight=1e300),
            TransferSet(weight=5e-324),
            TransferSet(None, weight=1e-300),
            GaussianMixture(2),
            KernelDensity(),
            KernelDensity(kernel="cosine"),
        ],
    ),
    "refine": (
        ["auto", None],
        [
            "x",
            "leaves",
            LeafRefinement(1.0),
            LeafRefinement(0),
            LeafRefinement(1e300),
            LeafRefinement(5e-324),
            LeafRefinement(1e-9, diversify=False),
            LeafRefinement(np.inf),
            True,
        ],
    ),
    "calibrate": (
        ["auto", None],
        ["x", AffineCalibration(), TemperatureScaling(), StandardScaler(), True],
    ),
    "combine": (
        ["uniform", "score", "stack", "row"],
        [
            "x",
            None,
            Combination([0, 0]),
            Combination([1.0, np.nan]),
            Combination([1e300, 1e300]),
            Combination([1.0, 2.0, 3.0]),
            Combination("uniform", of="logits"),
            PCA(1),
        ],
    ),
    "trust": (
        [None, None, None, "attentive", "outliers", "corrected"],
        [
            "confidence",
            "spread",
            "matching",
            "x",
            nan_trust,
            half_trust,
            short_trust,
            OutlierTrust(),
            AttentiveTrust(),
            ConfidenceTrust(),
            True,
        ],
    ),
    "on_poor_teacher": (["ignore", "warn", "baseline"], ["x", None]),
    "teacher_input": (
        [None, None, None, StandardScaler()],
        [PCA(2), PCA(50), half, first_columns, len, "x"],
    ),
}
OF_TASK = {
    "regression": {
        "rescale": ([False, True], [None, "x"]),
        "bound": (
            [None],
            ["label", "teacher", TeacherBound(margin=-1), TeacherBound(margin=1e300)],
        ),
    },
    "classification": {
        "soften": (["teacher"], ["both", "both", "x"]),
        "prediction_type": (["probabilities"], ["logits", "x"]),
    },
}


@dataclass
class Case:
    """What is drawn; everything else follows from it and `seed`."""

    task: str
    seed: int
    n_samples: int
    n_features: int
    table: str
    target: str
    weight: str
    unlabeled: str
    privileged: str
    stored: str
    unlabeled_stored: str
    metadata: str
    teacher: Any
    student: Any
    params: dict = field(repr=False)

    def __repr__(self):
        pairs = [(one.name, getattr(self, one.name)) for one in fields(self)]
        usual = {**PARAMS, **OF_TASK[self.task]}
        text = ", ".join(f"{k}={v!r}" for k, v in pairs if k != "params")
        params = {k: v for k, v in self.params.items() if v is not usual[k][0][0]}
        return f"Case({text}, params={params!r})"


def case_of(random):
    """Return a case of which at most three fields are absurd."""
    task = random.choice(["regression", "classification"])
    kinds = {
        "table": TABLES,
        "target": TARGETS[task],
        "weight": WEIGHTS,
        "unlabeled": UNLABELED,
        "privileged": PRIVILEGED,
        "stored": STORED,
        "unlabeled_stored": (["none"], STORED[1]),
        "metadata": METADATA,
        "n_samples": ([30, 12, 60, 110], [0, 1, 2, 3, 5]),
        "n_features": ([2, 1, 5], [0, 1, 1, 1]),
    }
    params = {**PARAMS, **OF_TASK[task]}
    names = [*kinds, *kinds, *params, "teacher", "student"]
    absurd = random.sample(names, random.choice([0, 0, 1, 1, 1, 2, 3]))

    def pick(name, values):
        usual, rare = values
        if name in absurd:
            return random.choice(rare)
        return usual[0] if random.random() < _USUAL else random.choice(usual)

    chosen = {name: pick(name, values) for name, values in kinds.items()}
    if "unlabeled_stored" in absurd:
        chosen["unlabeled"] = "like"
    if chosen["stored"] == "right" and "unlabeled_stored" not in absurd:
        chosen["unlabeled_stored"] = "none"
        if chosen["unlabeled"] == "like":
            chosen["unlabeled_stored"] = "right"
    parts = MIXED if chosen["table"] == "mixed frame" else PARTS
    shuffled = random.sample(parts[task], len(parts[task]))
    of_part = (shuffled, [*STRANGE[task], *parts[task], None])
    student, teacher = pick("student", of_part), random.choice(parts[task])
    if random.random() < _SEVERAL:
        teacher = [("a", teacher), ("b", pick("student", of_part))]
    if "teacher" in absurd:
        teacher = random.choice(of_part[1])
    if chosen["stored"] == "right":
        teacher = None
    values = {name: pick(name, values) for name, values in params.items()}
    seed = random.randrange(10)
    return Case(task, seed, **chosen, teacher=teacher, student=student, params=values)


cases = st.randoms(use_true_random=True).map(case_of)


def fresh(part):
    """Return a copy of a parameter, so that no case sees another."""
    return clone(part, safe=False)
