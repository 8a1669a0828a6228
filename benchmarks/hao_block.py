"""One block of Hao's study: a set of images, a seed, and a student at every alpha.

Part of the training labels is flipped. A student learns these labels mixed with a
teacher's predictions, which are out-of-fold or in-sample. Validation labels are flipped
as well, as no one would know which; the test labels are right.
"""

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier

from skdistill import DistilledClassifier

N_TRAIN, N_VALID, N_FOLDS = 10_000, 2_000, 5
ALPHAS = tuple(round(i / 9, 4) for i in range(10))
NOISES = (0.05, 0.1, 0.2, 0.4)
LENGTHS = (1, 3, 10, 30, 100)
TEMPERATURES = (1.0, 2.0, 4.0)
OUT_OF_FOLD, IN_SAMPLE = "out-of-fold", "in-sample"
CLIP = 1e-6


class Teacher(NamedTuple):
    """A network, and the rows that each fold's one learns (None: all it may see)."""

    layers: tuple[int, ...]
    n_rows: int | None


TEACHERS = {
    "weak": Teacher((8,), 500),
    "middle": Teacher((32,), 2_000),
    "strong": Teacher((128, 64), None),
}
TEACHER_EPOCHS, STUDENT = 20, (32,)


class Setting(NamedTuple):
    """How a student is distilled; the defaults are those of the first study."""

    teacher: str = "strong"
    targets: str = OUT_OF_FOLD
    noise: float = NOISES[0]
    epochs: int = LENGTHS[-1]
    temperature: float = TEMPERATURES[0]


STUDIES = {
    "length": [Setting(epochs=epochs) for epochs in LENGTHS],
    "temperature": [Setting(temperature=T) for T in TEMPERATURES],
    "teacher": [Setting(teacher=teacher) for teacher in TEACHERS],
    "noise": [
        Setting(noise=noise, targets=targets)
        for noise in NOISES
        for targets in (OUT_OF_FOLD, IN_SAMPLE)
    ],
}
SETTINGS = tuple(dict.fromkeys(chain.from_iterable(STUDIES.values())))


def alphas_of(study: str) -> tuple[float, ...]:
    """Return the alphas of a study: all ten in the first, every third elsewhere."""
    return ALPHAS if study == "length" else ALPHAS[::3]


def flip(y: NDArray, noise: float, seed: int) -> tuple[NDArray, NDArray]:
    """Return labels of which a fraction is wrong, and which these are.

    What is flipped at a small fraction is flipped, to the same class, at a larger one.
    """
    rng = np.random.default_rng(seed)
    n_classes = y.max() + 1
    order, shift = rng.permutation(len(y)), rng.integers(1, n_classes, len(y))
    flipped = np.zeros(len(y), dtype=bool)
    flipped[order[: round(noise * len(y))]] = True
    return np.where(flipped, (y + shift) % n_classes, y), flipped


def score(y: NDArray, probabilities: NDArray) -> dict[str, float]:
    """Accuracy, log loss, and the accuracy on the class where it is worst."""
    right = probabilities.argmax(axis=1) == y
    p = np.clip(probabilities, CLIP, 1)
    return {
        "accuracy": right.mean(),
        "log_loss": log_loss(y, p / p.sum(axis=1, keepdims=True)),
        "worst_class": min(right[y == label].mean() for label in np.unique(y)),
    }


class Block:
    """The rows drawn from a set of images, and a memory of the teachers' work."""

    def __init__(self, images, seed: int, memory: str) -> None:
        X, y, *self.test = images
        self.seed, self.memory = seed, memory
        rows, valid = train_test_split(
            np.arange(len(y)),
            train_size=N_TRAIN,
            test_size=N_VALID,
            stratify=y,
            random_state=seed,
        )
        self.train, self.valid = (X[rows], y[rows]), (X[valid], y[valid])
        self._baseline: dict = {}

    def study(self, setting: Setting) -> list[dict]:
        """Scores of the student at every alpha, and of its teacher."""
        X, y = self.train
        noisy, flipped = flip(y, setting.noise, self.seed)
        X_valid, y_valid = self.valid
        noisy_valid, _ = flip(y_valid, setting.noise, self.seed)
        folds = self._folds(noisy, TEACHERS[setting.teacher].n_rows)
        rows = []
        for alpha in alphas_of("length" if setting in STUDIES["length"] else "noise"):
            if alpha == 0:
                model = self._fit_baseline(setting, X, noisy)
            else:
                model = self._build(setting, alpha, folds).fit(X, noisy)
            row = {"alpha": alpha, "valid": model.score(X_valid, noisy_valid)}
            scores = self._score(model, model.predict_proba(X), noisy, flipped)
            rows.append(row | scores)
        predictions = self._predict(model.teacher_, setting.targets, folds)
        teacher = self._score(model.teacher_, predictions, noisy, flipped)
        facts = setting._asdict() | {f"teacher_{key}": teacher[key] for key in teacher}
        return [row | facts for row in rows]

    def _fit_baseline(self, setting, X, y):
        """Fit the student on the labels alone, once for all settings that share it."""
        key = setting.noise, setting.epochs
        if key not in self._baseline:
            self._baseline[key] = self._build_student(setting).fit(X, y)
        return self._baseline[key]

    def _build_student(self, setting):
        return MLPClassifier(STUDENT, max_iter=setting.epochs, random_state=self.seed)

    def _folds(self, y, n_rows):
        """Return folds whose training part is cut to `n_rows`."""
        splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=self.seed)
        # The training part comes sorted; a part of it is drawn, by class.
        return [
            (train if n_rows is None else self._cut(train, y, n_rows), held_out)
            for train, held_out in splitter.split(y, y)
        ]

    def _cut(self, rows, y, n_rows):
        return train_test_split(
            rows, train_size=n_rows, stratify=y[rows], random_state=self.seed
        )[0]

    def _build(self, setting, alpha, folds):
        layers = TEACHERS[setting.teacher].layers
        return DistilledClassifier(
            MLPClassifier(layers, max_iter=TEACHER_EPOCHS, random_state=self.seed),
            self._build_student(setting),
            alpha=alpha,
            temperature=setting.temperature,
            cross_fit="kfold" if setting.targets == OUT_OF_FOLD else False,
            cv=folds,
            transfer=None,
            calibrate=None,
            memory=self.memory,
        )

    def _predict(self, teacher, targets, folds):
        """Return what the student learned of each training row, before tempering."""
        X, _ = self.train
        if targets == IN_SAMPLE:
            return teacher.predict_proba(X)
        predictions = np.empty((len(X), len(teacher.classes_)))
        for fold_teacher, (_, held_out) in zip(teacher.estimators, folds, strict=True):
            predictions[held_out] = fold_teacher.predict_proba(X[held_out])
        return predictions

    def _score(self, model, predictions, noisy, flipped):
        """Score on the test rows, and on training rows whose label is flipped."""
        X_test, y_test = self.test
        said, (_, y) = predictions.argmax(axis=1), self.train
        return score(y_test, model.predict_proba(X_test)) | {
            "corrected": (said == y)[flipped].mean(),
            "repeated": (said == noisy)[flipped].mean(),
        }
