"""The study of Orlov and Grabovoy runs, and its report comes from raw rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning

from benchmarks import orlov, orlov_images, results

SIZES = {"n_source": 8_700, "n_train": 300, "n_test": 1_000}


def _bike_rows(spared):
    rows = []
    for seed, shift in enumerate((-0.01, 0.0, 0.01)):
        for way in orlov.WAYS:
            fraction = 0.0 if way == orlov.BASELINE else spared.get(way, 0.02) + shift
            row = {"study": orlov.TABLE, "seed": seed, "way": way, **SIZES}
            row |= {"mse": (18_000 + 1_000 * seed) * (1 - fraction)}
            rows.append(row | ({"alpha": 0.5} if way == orlov.CV else {}))
    return rows


def _image_rows():
    rows = []
    for seed in range(2):
        facts = {"study": "mnist", "seed": seed, **SIZES}
        for epochs in (1, 2, 4):
            stage = facts | {"epochs": epochs, "accuracy": 0.5}
            rows.append(stage | {"way": orlov_images.BASELINE, "loss": 1.0})
            for way, loss in zip(
                orlov_images.WAYS, (0.5, 1.0, 0.9, 1.5, 1.2), strict=True
            ):
                row = stage | way._asdict() | {"way": orlov_images.DISTILLED}
                row |= {"loss": loss + 0.01 * seed, "alpha": 0.5 * (loss < 1)}
                rows.append(row | {"teacher_right": 0.75})
    return rows


def test_a_gain_is_compared_with_the_source_and_the_standard_deviation():
    spared = {orlov.GIVEN: 0.5, orlov.CV: 0.001, orlov.LONGER: 0.1}
    frame = pd.DataFrame(_bike_rows(spared)).assign(**results.versions())
    text = orlov.report(frame)
    assert orlov.source_gain() == pytest.approx(0.0152, abs=1e-4)
    assert "'mixing + given rows': a gain of 50.0% ± 1.0%, larger than" in text
    assert "'cv, given rows': a gain of 0.1% ± 1.0%, smaller than" in text
    assert "'mixing': a gain of 2.0% ± 1.0%, within one" in text
    assert "steps are not what the given rows bring" in text
    assert "18,411.4" in text
    assert "MNIST" not in text


def test_areas_lie_between_the_curves():
    frame = pd.DataFrame(_image_rows())
    summary = orlov_images.summarise(frame)
    # Three epochs wide, and the second run's curve is nearer by a hundredth.
    assert summary["area"].iloc[:2].tolist() == pytest.approx([1.5, 0])
    assert summary["fraction"].iloc[5] == pytest.approx(0.49)
    said = orlov_images.conclude(summary)
    assert "is lower for mnist by a teacher of the same set; mnist by" in said
    near = (
        "is within one standard deviation of the baseline's for mnist by a teacher of"
    )
    assert near in said
    assert "is higher for mnist by a teacher of the other set; mnist by" in said
    assert "Mapping raises the area in 2 of 2 pairs" in said
    assert "keeps the baseline student in 5 of 5 runs" in said
    both = pd.DataFrame([*_bike_rows({}), *_image_rows()])
    text = orlov.report(both.assign(**results.versions()))
    assert "| 75.0% " in text
    assert "2 of 2" in text


def test_one_value_has_no_standard_deviation():
    assert results.mean_and_std(pd.Series([0.5]), "+.2f") == "+0.50"
    assert results.mean_and_std(pd.Series([-1.0, 1.0]), "+.1%") == "+0.0% ± 141.4%"


def test_the_parts_are_apart():
    X = np.arange(30.0)[:, np.newaxis]
    parts = orlov.divide(X, X[:, 0], 0, (15, 10, 5))
    assert [len(y) for _, y in parts] == [15, 10, 5]
    assert sorted(np.concatenate([y for _, y in parts])) == X[:, 0].tolist()
    assert all((part[:, 0] == y).all() for part, y in parts)


def test_one_run_of_each_study(tmp_path, monkeypatch):
    X, y = load_diabetes(return_X_y=True)
    small = {"TEACHER_LAYERS": (32,), "STUDENT_LAYERS": (2,), "EPOCHS": 5}
    for name, value in (small | {"TEACHER_EPOCHS": 50, "BATCH": 25}).items():
        monkeypatch.setattr(orlov, name, value)
    digits, labels = load_digits(return_X_y=True)
    images = digits[:400] / 16, labels[:400], digits[400:500] / 16, labels[400:500]
    small = {"TEACHER_LAYERS": (32,), "TEACHER_EPOCHS": 80, "STAGES": (1, 30)}
    small |= {"N_TARGET": 100, "load_images": lambda *_: images}
    for name, value in small.items():
        monkeypatch.setattr(orlov_images, name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        rows = orlov.compare_ways(orlov.divide(X, y, 0, (250, 50, 100)), 0)
        frame = pd.DataFrame(orlov.measure("mnist", 0, tmp_path))
    mse = pd.DataFrame(rows).set_index("way")["mse"]
    assert list(mse.index) == list(orlov.WAYS)
    assert mse[orlov.GIVEN] < mse[orlov.BASELINE]
    assert len(frame) == 2 * (1 + len(orlov_images.WAYS))
    teachers = frame.groupby(["domain", "phi"])["teacher_right"].first()
    assert teachers[orlov_images.SAME, orlov_images.NONE] > 0.8
    # The untrained student knows nothing yet.
    losses = frame.groupby("epochs")["loss"].mean()
    assert losses[30] < losses[1]
