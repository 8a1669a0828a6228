"""One block of the cascade benchmark: a table, a seed, a student.

The cascade is fitted once. What it recovers is measured at each fraction of the
samples, in the order of its own score and of others: the margin of the student, the
distance to the teacher, which the teacher alone knows, and the gain by the label, which
nobody knows. The guarantee is put to the test by many draws of held-out samples.
"""

import tempfile
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.exceptions import ConvergenceWarning

from benchmarks.teachers_block import CLASSES, build_student, load
from skdistill import (
    CascadeClassifier,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
)
from skdistill.cascade import certify, find_threshold
from skdistill.inspect import rows_per_second
from skdistill.metrics import kl_by_sample
from skdistill.students import codes_of

TABLES = (
    *("magic_telescope", "spambase", "optdigits", "covertype"),
    *("california_housing", "kin8nm", "cpu_act", "bike_hour"),
)
STUDENTS = ("linear", "tree")
FRACTIONS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
OWN, MARGIN, DISTANCE, LABEL = "cascade", "margin", "distance known", "label known"
GUARANTEE = "guarantee"
BUDGET, LEVEL, N_DRAWN, N_DRAWS = 0.2, 0.9, 500, 400
N_TREES = 200
LEAST = 1e-6


def measure(table: str, seed: int, students, data_dir) -> list[dict]:
    """Return the held-out loss at each fraction, and how often the guarantee held."""
    is_class = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    rows = []
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in students:
            model = build(name, seed, memory, is_class=is_class).fit(X, y)
            student, teacher = model.predict_both(X_test)
            classes = model.classes_ if is_class else None
            orders = find_orders(
                model.deferral_score(X_test), student, teacher, y_test, classes
            )
            losses = [
                losses_of(one, y_test, classes).mean() for one in (student, teacher)
            ]
            facts = {"table": table, "seed": seed, "student": name, "n_train": len(X)}
            facts |= dict(zip(("student_loss", "teacher_loss"), losses, strict=True))
            rows += [
                facts | {"score": score, "fraction": fraction, "loss": loss}
                for score, order in orders.items()
                for fraction, loss in curve(order, student, teacher, y_test, classes)
            ]
            sent, held = check_guarantee(
                model.deferral_score(X_test), student, teacher, seed
            )
            own_sent, own_held = check_own(model, X_test, student, teacher)
            found = {"sent": sent, "held": held}
            found |= {"own_sent": own_sent, "own_held": own_held}
            found |= {"relative_cost": relative_cost(model, X_test)}
            rows.append(facts | {"score": GUARANTEE, "fraction": BUDGET} | found)
    return rows


def build(student: str, seed: int, memory: str, *, is_class: bool):
    """Return the unfitted cascade of a student."""
    forest = ExtraTreesClassifier if is_class else ExtraTreesRegressor
    single, cascade = (
        (DistilledClassifier, CascadeClassifier)
        if is_class
        else (DistilledRegressor, CascadeRegressor)
    )
    pair = single(
        forest(N_TREES, bootstrap=True),
        build_student(student, seed, classes=is_class),
        memory=memory,
        on_poor_teacher="ignore",
    )
    return cascade(pair, budget=BUDGET, random_state=seed)


def losses_of(predictions, y, classes) -> np.ndarray:
    """Return the squared error, or log loss, of each sample."""
    if classes is None:
        return (predictions - y) ** 2
    given = predictions[np.arange(len(y)), codes_of(y, classes)]
    return -np.log(np.maximum(given, LEAST))


def find_orders(score, student, teacher, y, classes) -> dict[str, np.ndarray]:
    """Return scores by which samples can be sent, by their names."""
    loss = partial(losses_of, y=y, classes=classes)
    gain = loss(student) - loss(teacher)
    if classes is None:
        return {OWN: score, DISTANCE: (student - teacher) ** 2, LABEL: gain}
    two = np.sort(student, axis=1)[:, -2:]
    return {
        OWN: score,
        MARGIN: two[:, 0] - two[:, 1],
        DISTANCE: kl_by_sample(teacher, student),
        LABEL: gain,
    }


def curve(score, student, teacher, y, classes):
    """Yield each fraction, with the loss if as many samples go to the teacher."""
    of_student, of_teacher = (losses_of(one, y, classes) for one in (student, teacher))
    # Equal scores are taken by chance, not in the order of the table.
    shuffled = np.random.default_rng(0).permutation(len(score))
    order = shuffled[np.argsort(-score[shuffled], kind="stable")]
    for fraction in FRACTIONS:
        sent = order[: round(fraction * len(order))]
        loss = of_student.copy()
        loss[sent] = of_teacher[sent]
        yield fraction, loss.mean()


def check_guarantee(score, student, teacher, seed: int) -> tuple[float, float]:
    """Return the mean fraction sent, and how often the certificate was right.

    Samples are drawn, the threshold and the certificate are made of them, and the other
    samples show what is true. For values that is the mean probability that a kept
    sample lies within the bound; for classes how often the true fraction does.
    """
    rng, of_classes = np.random.default_rng(seed), student.ndim == 2
    if of_classes:
        student, teacher = student.argmax(axis=1), teacher.argmax(axis=1)
    sent, held = [], []
    for _ in range(N_DRAWS):
        drawn, others = np.split(rng.permutation(len(score)), [N_DRAWN])
        threshold = find_threshold(score[drawn], BUDGET)
        found = certify(
            *(score[drawn], threshold, student[drawn], teacher[drawn]),
            level=LEVEL,
            of_classes=of_classes,
        )
        kept = others[score[others] <= threshold]
        sent.append(1 - len(kept) / len(others))
        if of_classes:
            held.append(np.mean(student[kept] != teacher[kept]) <= found.bound)
        else:
            held.append(np.mean(np.abs(student[kept] - teacher[kept]) <= found.bound))
    return float(np.mean(sent)), float(np.mean(held))


def check_own(model, X, student, teacher) -> tuple[float, float]:
    """Return what fraction the fitted cascade sends, and what of its bound is true.

    Its threshold comes from out-of-fold scores. For values that is the fraction of kept
    samples within the bound; for classes whether the fraction that differs is.
    """
    kept, bound = ~model.defer(X), model.certificate_.bound
    if student.ndim == 2:
        differ = (student.argmax(axis=1) != teacher.argmax(axis=1))[kept].mean()
        return 1 - kept.mean(), float(differ <= bound)
    return 1 - kept.mean(), np.mean(np.abs(student - teacher)[kept] <= bound)


def relative_cost(model, X) -> float:
    """Return the time of student and score, as a fraction of the teacher's."""
    score = SimpleNamespace(predict=model.deferral_score)
    teacher = model.estimator_.teacher_
    return rows_per_second(teacher, X[:1000]) / rows_per_second(score, X[:1000])
