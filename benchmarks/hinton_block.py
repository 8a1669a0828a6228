"""One block of Hinton's study: a table, a student, a seed, and an ensemble of ten.

The ten models are of the student's own kind and size and differ in their seed alone;
their mean is the teacher. What the student learns is gone through over alpha, T and
whose logits are tempered, with in-sample predictions, as in the source, and out-of-fold
ones.
"""

import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from benchmarks.problems import load_images
from benchmarks.quality_block import build_encoder, load_table, score
from skdistill import DistilledClassifier

IMAGES = "mnist"
TABLES = (IMAGES, "letter_recognition", "covertype")
STUDENTS = ("network", "boosting")
N_IMAGES, N_TRAIN, N_VALID, MAX_TEST = 10_000, 5_000, 2_000, 5_000
N_MEMBERS, N_FOLDS = 10, 5
ALPHAS, TEMPERATURES = (0.25, 0.5, 0.75, 1.0), (1.0, 2.0, 4.0, 8.0)
# Whose logits can be tempered: boosting is trained by the gradient of any loss.
SOFTEN = {"network": ("teacher",), "boosting": ("both", "teacher")}
IN_SAMPLE, OUT_OF_FOLD = "in-sample", "out-of-fold"
TARGETS = {IN_SAMPLE: False, OUT_OF_FOLD: "kfold"}
SINGLE, ENSEMBLE, DISTILLED = "single", "ensemble", "distilled"


def build_student(name: str, table: str, seed: int):
    """Return one of `STUDENTS`; every seed gives another model."""
    if name == "boosting":
        from lightgbm import LGBMClassifier

        return LGBMClassifier(
            n_estimators=50,
            num_leaves=16,
            subsample=0.7,
            subsample_freq=1,
            colsample_bytree=0.7,
            n_jobs=1,
            verbose=-1,
            random_state=seed,
        )
    epochs = 30 if table == IMAGES else 60
    return MLPClassifier((32,), max_iter=epochs, random_state=seed)


def list_students(table: str) -> tuple[str, ...]:
    """Return the students of a table; boosting takes too long on pixels."""
    return STUDENTS[:1] if table == IMAGES else STUDENTS


def draw(table: str, seed: int, data_dir):
    """Draw training, validation and test rows; only the first shape the encoder."""
    if table == IMAGES:
        X, y, X_test, y_test = load_images(table, data_dir)
        sizes = {"train_size": N_IMAGES, "test_size": N_VALID}
        X, X_valid, y, y_valid = train_test_split(
            X, y, **sizes, stratify=y, random_state=seed
        )
        return (X, y), (X_valid, y_valid), (X_test, y_test)
    X, y = load_table(table, data_dir)
    X, X_rest, y, y_rest = train_test_split(
        X, y, train_size=N_TRAIN, stratify=y, random_state=seed
    )
    X_valid, X_test, y_valid, y_test = train_test_split(
        X_rest, y_rest, train_size=N_VALID, stratify=y_rest, random_state=seed
    )
    encoder = build_encoder().fit(X)
    X, X_valid, X_test = (
        encoder.transform(part).astype(np.float32)
        for part in (X, X_valid, X_test[:MAX_TEST])
    )
    return (X, y), (X_valid, y_valid), (X_test, y_test[:MAX_TEST])


class Block:
    """One table, student and seed, and a memory that shares the ensembles."""

    def __init__(self, table: str, name: str, seed: int, data_dir, memory: str) -> None:
        self.table, self.name, self.seed, self.memory = table, name, seed, memory
        self.train, self.valid, self.test = draw(table, seed, data_dir)
        self.facts = {
            "table": table,
            "student": name,
            "seed": seed,
            "n_train": len(self.train[1]),
            "n_test": len(self.test[1]),
        }

    def measure(self) -> list[dict]:
        """Scores of the ten, of their mean, and of every distilled student."""
        rows = []
        for targets in TARGETS:
            for temperature in TEMPERATURES:
                for alpha in ALPHAS:
                    rows += self._distil(targets, alpha, temperature)
        ensemble = self._fit(IN_SAMPLE, 1.0, 1.0, "teacher").teacher_
        rows.append(self._score(ENSEMBLE, ensemble))
        rows += [self._score(SINGLE, member) for member in ensemble.estimators_]
        return [self.facts | row for row in rows]

    def _distil(self, targets, alpha, temperature):
        """Fit the student in each way; at T = 1 the ways are one."""
        rows, ways = [], SOFTEN[self.name]
        for soften in ways[:1] if temperature == 1 else ways:
            model = self._fit(targets, alpha, temperature, soften)
            settings = {"targets": targets, "alpha": alpha, "temperature": temperature}
            row = self._score(DISTILLED, model) | settings
            same = ways if temperature == 1 else [soften]
            rows += [row | {"soften": way} for way in same]
        return rows

    def _build(self, member):
        return build_student(self.name, self.table, N_MEMBERS * self.seed + member)

    def _fit(self, targets, alpha, temperature, soften):
        members = [(f"model{i}", self._build(i)) for i in range(N_MEMBERS)]
        return DistilledClassifier(
            VotingClassifier(members, voting="soft"),
            self._build(0),
            alpha=alpha,
            temperature=temperature,
            soften=soften,
            cross_fit=TARGETS[targets],
            cv=N_FOLDS,
            transfer=None,
            calibrate=None,
            memory=self.memory,
            random_state=self.seed,
        ).fit(*self.train)

    def _score(self, way, model):
        row = {"way": way}
        for part, (X, y) in (("valid", self.valid), ("test", self.test)):
            scores = score(y, model.predict_proba(X))
            row |= {f"{part}_{name}": scores[name] for name in ("accuracy", "log_loss")}
        return row
