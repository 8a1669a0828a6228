"""The images of Orlov and Grabovoy's study: teachers of other domains, phi, and areas.

A student of few images learns from teachers of three domains: the same set, the set
with normal noise added, and another set whose classes have nothing to do with its own.
phi maps an image into the teacher's domain. How the source maps one set into another is
not known here: this takes the nearest image of the other set.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss, pairwise_distances_argmin
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from benchmarks import results
from benchmarks.problems import load_images
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.metrics import integral_criterion

SETS = {"mnist": "fashion_mnist", "fashion_mnist": "mnist"}
N_TARGET, N_NEAREST = 1_000, 5_000
TEACHER_LAYERS, STUDENT_LAYERS = (256, 128, 64, 64), (64,)
TEACHER_EPOCHS = 10
# The student's loss is looked at after so many epochs.
STAGES = (1, 2, 4, 8, 16, 32, 64)
ALPHA, NOISE, FLOOR = 0.5, 0.5, 1e-6
BASELINE, DISTILLED = "baseline", "distilled"
KEYS = ["study", "domain", "phi"]


class Way(NamedTuple):
    """Which images the teacher learned, and how images are mapped to it."""

    domain: str
    phi: str


SAME, NOISY, OTHER, NONE = "same set", "same set with noise", "other set", "none"
WAYS = (
    Way(SAME, NONE),
    Way(NOISY, NONE),
    Way(NOISY, "add noise"),
    Way(OTHER, NONE),
    Way(OTHER, "nearest image"),
)


def add_noise(X: np.ndarray, seed: int = 0) -> np.ndarray:
    """Add normal noise to each pixel."""
    noise = np.random.default_rng(seed).normal(scale=NOISE, size=X.shape)
    return X + noise.astype(X.dtype)


def nearest_image(X: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Replace each image by the nearest of the source's."""
    return source[pairwise_distances_argmin(X, source)]


@lru_cache(maxsize=2)
def divide(name: str, data_dir) -> tuple:
    """Return the teacher's images, the student's and the held-out ones, with labels."""
    X, y, X_test, y_test = load_images(name, data_dir)
    X_source, X, y_source, y = train_test_split(
        X, y, test_size=N_TARGET, stratify=y, random_state=0
    )
    return (X_source, y_source), (X, y), (X_test, y_test)


def build_network(layers: tuple, epochs: int, seed: int) -> MLPClassifier:
    """Return a network that is trained for so many epochs."""
    return MLPClassifier(
        layers, max_iter=epochs, tol=0, n_iter_no_change=epochs, random_state=seed
    )


@lru_cache(maxsize=4)
def fit_teacher(name: str, noisy: bool, data_dir) -> MLPClassifier:
    """Fit the teacher of a set; one for all runs."""
    (X, y), *_ = divide(name, data_dir)
    teacher = build_network(TEACHER_LAYERS, TEACHER_EPOCHS, 0)
    return teacher.fit(add_noise(X) if noisy else X, y)


def freeze_teacher(target: str, way: Way, data_dir) -> tuple:
    """Return the fitted teacher of a student's set, and phi."""
    name = SETS[target] if way.domain == OTHER else target
    teacher = fit_teacher(name, way.domain == NOISY, data_dir)
    phi = None
    if way.phi == "add noise":
        phi = partial(add_noise, seed=1)
    elif way.phi == "nearest image":
        (X_source, _), *_ = divide(name, data_dir)
        phi = partial(nearest_image, source=X_source[:N_NEAREST])
    return FrozenEstimator(teacher), phi


def measure(target: str, seed: int, data_dir) -> list[dict]:
    """Held-out losses of the student by stage, and what a search chooses."""
    (X_source, _), (X, y), (X_test, y_test) = divide(target, data_dir)
    facts = {"n_source": len(X_source), "n_train": len(X), "n_test": len(X_test)}
    student = build_network(STUDENT_LAYERS, STAGES[-1], seed)

    def trace(build, row):
        for epochs in STAGES:
            model = build(build_network(STUDENT_LAYERS, epochs, seed)).fit(X, y)
            yield facts | row | {"epochs": epochs} | score(model, X_test, y_test)

    rows = list(trace(lambda student: student, {"way": BASELINE}))
    for way in WAYS:
        teacher, phi = freeze_teacher(target, way, data_dir)
        search = DistilledClassifierCV(
            teacher,
            student,
            alphas=(ALPHA,),
            transfers=(None,),
            teacher_input=phi,
            cv=3,
            random_state=seed,
        ).fit(X, y)
        row = {"way": DISTILLED, **way._asdict(), "alpha": search.alpha_}
        row |= {"teacher_right": teacher.score(X if phi is None else phi(X), y)}
        build = partial(
            DistilledClassifier, teacher, alpha=ALPHA, transfer=None, teacher_input=phi
        )
        rows += trace(build, row)
    return rows


def score(model, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Log loss and accuracy; no class is given less than `FLOOR`."""
    proba = np.clip(model.predict_proba(X), FLOOR, None)
    right = model.classes_[proba.argmax(axis=1)] == y
    proba /= proba.sum(axis=1, keepdims=True)
    return {"loss": log_loss(y, proba), "accuracy": right.mean()}


def measure_area(baseline: pd.DataFrame, distilled: pd.DataFrame) -> float:
    """Return the integral criterion of two loss curves that are measured already."""
    return integral_criterion(
        [],
        baseline["loss"],
        distilled["loss"],
        lambda _, loss: loss,
        stages=baseline["epochs"],
    )


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """By set, way and run: the last stage, and the area between the curves."""
    rows = []
    for (study, seed), run in frame.groupby(["study", "seed"], sort=False):
        baseline = run[run["way"] == BASELINE].sort_values("epochs")
        under = np.trapezoid(baseline["loss"], baseline["epochs"])
        distilled = run[run["way"] == DISTILLED]
        for (domain, phi), group in distilled.groupby(["domain", "phi"], sort=False):
            curve = group.sort_values("epochs")
            area = measure_area(baseline, curve)
            last, first = curve.iloc[-1], baseline.iloc[-1]
            rows.append(
                {"study": study, "domain": domain, "phi": phi, "seed": seed}
                | {"teacher_right": last["teacher_right"], "alpha": last["alpha"]}
                | {"area": area, "fraction": area / under}
                | {"baseline_loss": first["loss"], "loss": last["loss"]}
                | {"baseline_accuracy": first["accuracy"], "accuracy": last["accuracy"]}
            )
    return pd.DataFrame(rows)


def compare(summary: pd.DataFrame) -> pd.DataFrame:
    """Means over the runs by set, domain and phi."""
    rows = []
    for (study, domain, phi), group in summary.groupby(KEYS, sort=False):
        kept = int((group["alpha"] == 0).sum())
        rows.append(
            {
                "student's set": study,
                "teacher's": domain,
                "phi": phi,
                "teacher right": f"{group['teacher_right'].mean():.1%}",
                "area between": results.mean_and_std(group["area"], "+.2f"),
                "fraction of the baseline's": f"{group['fraction'].mean():+.1%}",
                "last loss, baseline": f"{group['baseline_loss'].mean():.4f}",
                "last loss": f"{group['loss'].mean():.4f}",
                "accuracy, baseline": f"{group['baseline_accuracy'].mean():.2%}",
                "accuracy": f"{group['accuracy'].mean():.2%}",
                "the search keeps the baseline": f"{kept} of {len(group)}",
            }
        )
    return pd.DataFrame(rows)


def conclude(summary: pd.DataFrame) -> str:
    """Say where a teacher helps, where it harms, and what mapping does."""
    lists: dict[str, list[str]] = {}
    for (study, domain, phi), areas in summary.groupby(KEYS, sort=False)["area"]:
        side = "lower" if areas.mean() > 0 else "higher"
        near = not abs(areas.mean()) > areas.std()
        curve = "within one standard deviation of the baseline's" if near else side
        mapped = "" if phi == NONE else f" and phi {phi}"
        name = f"{study} by a teacher of the {domain}{mapped}"
        lists.setdefault(curve, []).append(name)
    said = [
        f"The distilled student's loss curve is {curve} for {'; '.join(names)}."
        for curve, names in lists.items()
    ]
    means = summary.groupby(KEYS)["area"].mean()
    mapped = means.drop(NONE, level="phi").droplevel("phi")
    gains = (mapped - means.xs(NONE, level="phi")).dropna()
    said.append(
        f"Mapping raises the area in {(gains > 0).sum()} of {len(gains)} pairs of set "
        "and domain."
    )
    harmed = summary.loc[summary["area"] < 0, "alpha"]
    if len(harmed):
        said.append(
            "Where the teacher harms, the search keeps the baseline student in "
            f"{(harmed == 0).sum()} of {len(harmed)} runs."
        )
    return " ".join(said)


def sections(frame: pd.DataFrame) -> list[str]:
    """Make the report's part on images from the raw rows; nothing if there are none."""
    if frame.empty:
        return []
    sizes = frame[["n_source", "n_train", "n_test"]].iloc[0].astype(int)
    summary = summarise(frame)
    return [
        "## MNIST and Fashion-MNIST",
        f"{sizes['n_source']:,} images for the teacher, {sizes['n_train']:,} labelled "
        f"ones for the student, {sizes['n_test']:,} held out; networks of "
        f"{TEACHER_LAYERS} ({TEACHER_EPOCHS} epochs) and {STUDENT_LAYERS}. Parts and "
        "teachers are drawn once, the runs differ in the student's seed. Alpha is "
        f"{ALPHA:g}, fixed beforehand. 'teacher right' is the fraction of the "
        "student's images for which teacher and phi give the label. The area lies "
        "between the baseline and the distilled student's held-out loss over epochs "
        f"{STAGES[0]} to {STAGES[-1]}, above 0 where the distilled one's is lower: "
        "mean ± standard deviation over the runs, of which there are "
        f"{summary['seed'].nunique()}.",
        results.markdown(compare(summary)),
        conclude(summary),
        "Classes of the other set bear the same numbers and no relation to the "
        "student's. The source's areas and its mapping between the sets are not known "
        "here, so nothing stands beside these figures.",
    ]
