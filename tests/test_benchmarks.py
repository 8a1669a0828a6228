"""The benchmarks run, and what they claim holds on one split."""

import os
import shutil
import warnings
from dataclasses import asdict
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import Bunch

from benchmarks import (
    ablation,
    demo,
    few_labels,
    gap,
    gap_block,
    gap_classes,
    processes,
    quality,
    quality_block,
    refine,
    results,
    sardar,
    sardar_block,
    sardar_predictions,
    ship,
)
from benchmarks.problems import (
    DATA_VARIABLE,
    ProblemUnavailableError,
    encode,
    load_images,
    load_problem,
)
from skdistill.inspect import count_values


def test_the_demo_shows_both_tasks_and_points_at_its_report(
    tmp_path, monkeypatch, capsys
):
    small = demo.regression(0.05)
    monkeypatch.setattr(demo, "regression", lambda scale: small)
    monkeypatch.setattr(demo, "classification", lambda scale: small)
    monkeypatch.setattr(demo, "N_TIMED_ROWS", 2)
    monkeypatch.setattr("sys.argv", ["demo"])
    monkeypatch.chdir(tmp_path)
    demo.main()
    shown = capsys.readouterr().out.replace("\n", "")
    assert "distilled" in shown
    assert "report.html" in shown
    assert "regression, 111 held-out samples" in (tmp_path / "report.html").read_text(
        "utf-8"
    )


def test_a_table_that_is_nowhere_says_how_to_get_it(tmp_path):
    with pytest.raises(ProblemUnavailableError, match="nowhere.csv.gz.*--data-dir"):
        load_problem("nowhere", tmp_path, download=False)


@pytest.mark.parametrize(
    ("load", "name"), [(load_problem, "adult"), (load_images, "mnist")]
)
def test_a_table_that_openml_does_not_give_is_unavailable(load, name, monkeypatch):
    def fail(*args, **kwargs):
        raise URLError("no network")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fail)
    with pytest.raises(ProblemUnavailableError, match="no network.*--data-dir"):
        load(name)


def test_a_table_that_is_in_no_folder_comes_from_openml(tmp_path, monkeypatch):
    asked = []

    def fetch(**options):
        asked.append(options)
        data = pd.DataFrame({"IDpol": [7, 8], "Area": ["x", "y"]})
        return Bunch(data=data, target=pd.Series([0, 1]))

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    problem = load_problem("fremtpl2_freq", tmp_path)
    assert list(problem.X) == ["Area"]
    assert problem.y.tolist() == [0, 1]
    assert asked == [{"data_id": 41214, "target_column": "ClaimNb", "as_frame": True}]
    problem.X.assign(target=[2, 3]).to_csv(
        tmp_path / "fremtpl2_freq.csv.gz", index=False
    )
    assert load_problem("fremtpl2_freq", tmp_path).y.tolist() == [2, 3]
    assert load_problem("friedman1", tmp_path).X.shape == (1000, 10)
    assert len(asked) == 1


def test_a_table_is_read_from_the_data_folder_first(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "target": [0.5, 1.5]})
    frame.to_csv(tmp_path / "diabetes.csv.gz", index=False)
    problem = load_problem("diabetes", tmp_path, drop=["a"])
    assert list(encode(problem.X)) == ["b_x", "b_y"]
    assert problem.y.tolist() == [0.5, 1.5]
    assert len(load_problem("diabetes").X) == 442


def test_markdown_escapes_what_would_break_the_table():
    table = results.markdown(pd.DataFrame({"name": ["a|b", None]}))
    assert table.splitlines()[2:] == [r"| a\|b |", "|      |"]


def test_images_are_rows_of_pixels_between_0_and_1(tmp_path):
    images, labels = np.full((2, 3, 3), 255, dtype=np.uint8), np.arange(2)
    np.savez(
        tmp_path / "dots.npz",
        x_train=images,
        y_train=labels,
        x_test=images[:1],
        y_test=labels[:1],
    )
    x_train, y_train, x_test, _ = load_images("dots", tmp_path)
    assert x_train.dtype == np.float32
    assert x_train.tolist() == [[1.0] * 9] * 2
    assert (y_train.tolist(), len(x_test)) == ([0, 1], 1)
    with pytest.raises(ProblemUnavailableError, match="lines.npz.*--data-dir"):
        load_images("lines", tmp_path, download=False)


def test_rows_are_added_to_those_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert not results.exists("made_up")
    results.append([{"a": 1}], "made_up")
    results.append([{"a": 2}], "made_up")
    assert results.read("made_up")["a"].tolist() == [1, 2]
    results.forget("made_up")
    assert not results.exists("made_up")


def test_the_first_of_equally_good_candidates_is_chosen():
    losses = {(0.0, 1.0): [0.25, 0.5], (0.5, 1.0): [0.5, 0.25], (1.0, 1.0): [0.5, 0.5]}
    assert quality_block.choose(losses) == (0.0, 1.0)
    assert quality_block.choose(losses | {(1.0, 2.0): [0.25, 0.25]}) == (1.0, 2.0)


def test_a_wrong_certainty_costs_a_bounded_loss():
    scores = quality_block.score(np.array([0, 1]), np.array([[1, 0], [1, 0]]))
    assert scores["log_loss"] == pytest.approx(-np.log(quality_block.CLIP) / 2)
    assert (scores["auc"], scores["accuracy"]) == (0.5, 0.5)


def test_held_out_rows_do_not_change_how_training_rows_are_encoded():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=80), "b": ["x", "y"] * 40})
    X_train, X_test, y_train, _ = quality_block.split(X, np.repeat([0, 1], 40), 0)
    assert (X_train.shape, X_test.shape, y_train.mean()) == ((60, 3), (20, 3), 0.5)
    np.testing.assert_allclose(X_train[:, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(X_train[:, 0].std(), 1, atol=1e-6)


def _quality_rows():
    losses = {"forest": (0.5, 0.4), "tree": (0.303, 0.31)}
    rows = []
    for student, (baseline, chosen) in losses.items():
        for seed, shift in enumerate((-0.01, 0.01)):
            row = {"table": "made_up", "student": student, "seed": seed}
            row |= {"alpha": seed / 2, "temperature": 1.0 + seed}
            row |= dict.fromkeys(("n_train", "n_test", "n_features", "n_classes"), 2)
            for way, loss in (
                ("teacher", 0.3),
                ("baseline", baseline),
                ("chosen", chosen),
                ("default", baseline),
            ):
                row[f"{way}_log_loss"] = loss + shift
                row[f"{way}_auc"] = row[f"{way}_accuracy"] = 1 - loss - shift
            rows.append(row)
    return pd.DataFrame(rows).assign(**results.versions())


def test_the_gap_recovered_is_that_of_the_means():
    frame = _quality_rows()
    summary = quality.summarise(frame).set_index("student")
    for metric in ("log_loss", "auc"):
        recovered = summary[f"chosen_{metric}_recovered"]
        assert recovered["forest"] == pytest.approx(0.5)
        # The teacher leads the tree by too little to divide by.
        assert np.isnan(recovered["tree"])
    by_student = quality.summarise_students(summary.reset_index(), "log_loss")
    assert by_student["with a lead"].tolist() == [1, 0]
    assert by_student["chosen: mean recovered"].tolist() == ["50%", ""]
    assert by_student["chosen: worse"].tolist() == [0, 1]
    assert by_student["default: worse"].tolist() == [0, 0]


def test_the_quality_report_shows_what_was_chosen():
    frame = _quality_rows()
    assert quality.show_choices(frame) == ["baseline, 0.5/2"] * 2
    text = quality.report(frame)
    assert "in 1 of 2 pairs" in text
    assert "0.4000 ± 0.0141" in text


def _gap_rows():
    scores = {"boosting": (0.6, 0.7), "tree": (0.797, 0.79)}
    rows = []
    for student, (baseline, chosen) in scores.items():
        for seed, shift in enumerate((-0.01, 0.01)):
            row = {"table": "made_up", "student": student, "seed": seed}
            row |= dict.fromkeys(("n_train", "n_test", "n_features"), 2)
            row |= {"cv_alpha": seed / 2, "cv_transfer": "auto", "cv_strength": 10.0}
            for way, score in (
                ("teacher", 0.8),
                ("baseline", baseline),
                ("default", baseline),
                ("cv", chosen + shift),
            ):
                row |= {f"{way}_r2": score + shift, f"{way}_seconds": 1.0}
            for way in ("baseline", "cv"):
                row |= dict.fromkeys(
                    (f"{way}_values", f"{way}_bytes", f"{way}_row_us"), 7.0
                )
            row |= dict.fromkeys(ablation.SETTINGS, 0.0)
            row |= {f"{way}_r2": chosen for way in ablation.SETTINGS}
            rows.append(row)
    return pd.DataFrame(rows).assign(**results.versions())


def test_no_fraction_of_a_gap_that_is_too_small():
    summary = gap.summarise(_gap_rows()).set_index("student")
    assert summary["cv_recovered"]["boosting"] == pytest.approx(0.5)
    # The gains are 0.09 and 0.11, the lead is 0.2.
    assert summary["cv_std"]["boosting"] == pytest.approx(np.sqrt(2) / 20)
    assert np.isnan(summary["cv_recovered"]["tree"])
    shown = [gap.show_recovered(row, "cv") for _, row in summary.iterrows()]
    assert shown == ["50% ± 7%", "R2 -0.0070"]


def test_goals_are_compared_with_what_the_search_recovers():
    goals = gap.compare_with_goals(gap.summarise(_gap_rows()))
    # The tree has no fraction to compare.
    assert goals["reached"].tolist() == ["no", ""]
    assert goals["goal"].tolist() == ["75%", "40%"]
    assert goals["worse by more than 0.003"].tolist() == [0, 1]
    assert goals["worst"].tolist() == ["made_up +0.1000", "made_up -0.0070"]


def test_the_gap_reports_are_made_from_raw_rows():
    frame = _gap_rows()
    assert gap.show_choices(frame) == ["1 baseline, 1 transfer + leaves 10"] * 2
    text = gap.report(frame)
    assert "in 1 of 2 pairs" in text
    assert "0% (0%)" in text
    assert "50%" in ablation.report(frame)


def test_what_a_student_stores_is_counted():
    X, y = load_diabetes(return_X_y=True)
    rounds = {"boosting": 100, "lightgbm-100x16": 100, "forest": 20, "tree": 1}
    leaves = {"boosting": 8, "lightgbm-100x16": 16, "forest": 128, "tree": 64}
    for name, n_trees in rounds.items():
        fitted = gap_block.build_student(name, 0).fit(X, y)
        count = count_values(fitted).total
        assert n_trees * leaves[name] / 2 < count <= n_trees * leaves[name], name
    network = gap_block.build_student("mlp", 0)
    network.regressor[-1].set_params(max_iter=5)
    with pytest.warns(ConvergenceWarning):
        network.fit(X, y)
    assert count_values(network).total == (10 + 1) * 64 + 64 + 1


def test_dates_are_days_and_repeated_rows_are_dropped(tmp_path, monkeypatch):
    frame = pd.DataFrame(
        {
            "day": ["2011-01-01", "2011-01-03", "2011-01-03"],
            "b": ["x", "y", "y"],
            "target": [1, 2, 2],
        }
    )
    frame.to_csv(tmp_path / "made_up.csv.gz", index=False)
    monkeypatch.setitem(gap_block.DATES, "made_up", "day")
    X, y = gap_block.load_table("made_up", tmp_path)
    assert X.to_numpy().tolist() == [[0, 1, 0], [2, 0, 1]]
    assert y.tolist() == [1, 2]


def test_missing_values_become_the_training_rows_median():
    X = pd.DataFrame({"a": [1.0] * 30 + [5.0] * 9 + [np.nan]})
    X_train, X_test, _, _ = gap_block.split(X, np.arange(40.0), 0)
    assert (len(X_train), len(X_test)) == (30, 10)
    values = np.concatenate([X_train, X_test])
    assert (values == 1).sum() == 31


@pytest.mark.slow
def test_one_block_of_the_gap(monkeypatch):
    monkeypatch.setattr(gap_block, "build_teacher", lambda seed: Ridge())
    (row,) = gap.measure("diabetes", ["tree"], 0, None)
    assert row["teacher_r2"] > row["baseline_r2"] < row["cv_r2"]
    assert (row["n_train"], row["n_test"]) == (331, 111)
    assert row["baseline_values"] == row["cv_values"] == 64
    (parts,) = ablation.measure("diabetes", ["forest"], 0, None)
    assert parts["teacher_r2"] == row["teacher_r2"]
    assert parts["mixing_r2"] != parts["+ both_r2"] != parts["+ both, in-sample_r2"]


def _gap_classes_rows():
    losses = {"lightgbm": (0.5, 0.38), "forest": (0.303, 0.31)}
    rows = []
    for student, (baseline, chosen) in losses.items():
        for seed, shift in enumerate((-0.01, 0.01)):
            row = {"table": "made_up", "student": student, "seed": seed}
            row |= dict.fromkeys(("n_train", "n_test", "n_features", "n_classes"), 2)
            row |= {"cv_alpha": seed / 2, "cv_transfer": "auto", "cv_strength": 10.0}
            for way, loss in (
                ("teacher", 0.3),
                ("baseline", baseline),
                ("default", baseline),
                ("cv", chosen + shift),
            ):
                row |= {f"{way}_log_loss": loss + shift, f"{way}_seconds": 1.0}
            rows.append(row)
    return pd.DataFrame(rows).assign(**results.versions())


def test_less_loss_is_a_gain():
    metric = gap_classes.LOG_LOSS
    summary = gap.summarise(_gap_classes_rows(), gap_classes.WAYS, metric)
    assert summary["cv_gain"].tolist() == pytest.approx([0.12, -0.007])
    # The teacher leads the forest by too little to divide by.
    assert summary["cv_recovered"].tolist() == pytest.approx([0.6, np.nan], nan_ok=True)
    shown = [gap.show_recovered(row, "cv", metric) for _, row in summary.iterrows()]
    assert shown == ["60% ± 7%", "log loss +0.0070"]
    goals = gap.compare_with_goals(summary, gap_classes.GOALS, metric)
    assert goals["reached"].tolist() == ["yes", ""]
    assert goals["worse by more than 0.003"].tolist() == [0, 1]
    assert goals["worst"].tolist() == ["made_up -0.1200", "made_up +0.0070"]


def test_the_gap_report_of_classifiers_is_made_from_raw_rows():
    text = gap_classes.report(_gap_classes_rows())
    assert "in 1 of 2 pairs" in text
    assert "1 baseline, 1 transfer + leaves 10" in text
    assert "0.3800" in text


def test_string_columns_become_categories_and_parts_keep_the_fraction_of_each_class(
    tmp_path,
):
    frame = pd.DataFrame({"a": np.arange(80.0), "b": ["x", "y"] * 40, "target": 0})
    frame.loc[:19, "target"] = 1
    frame.to_csv(tmp_path / "credit_g.csv.gz", index=False)
    X, y = gap_classes.load_table("credit_g", tmp_path)
    assert X.dtypes.astype(str).tolist() == ["float64", "category"]
    X_train, X_test, y_train, y_test = gap_classes.split(X, y, 0)
    assert (len(X_train), len(X_test)) == (60, 20)
    assert y_train.mean() == y_test.mean() == 0.25


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_one_block_of_the_gap_of_classifiers(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    likely = 1 / (1 + np.exp(-3 * frame.sum(axis=1)))
    frame = frame.assign(text=["x", "y"] * 100, target=rng.random(200) < likely)
    frame.to_csv(tmp_path / "credit_g.csv.gz", index=False)
    teacher = gap_classes.with_encoder(LogisticRegression())
    monkeypatch.setattr(gap_classes, "build_teacher", lambda seed: teacher)
    (row,) = gap_classes.measure("credit_g", ["lightgbm"], 0, tmp_path)
    assert row["teacher_log_loss"] < row["cv_log_loss"] < row["baseline_log_loss"]
    assert (row["n_train"], row["n_test"], row["n_classes"]) == (150, 50, 2)


def _few_rows():
    rows = []
    for seed in range(2):
        for way, alpha, temperature, valid, test in (
            (few_labels.HARD_ALL, 0, 1, 0.9, 0.9),
            (few_labels.HARD_FEW, 0, 1, 0.5, 0.5),
            (few_labels.SOFT_FEW, 1, 1, 0.7, 0.8),
            (few_labels.SOFT_FEW, 1, 2, 0.8, 0.7 + 0.1 * seed),
            (few_labels.SOFT_FEW, 1, 4, 0.8, 0.9),
        ):
            rows.append(
                {
                    "student": "network",
                    "seed": seed,
                    "way": way,
                    "n_rows": 100 if way == few_labels.HARD_ALL else 3,
                    "alpha": alpha,
                    "temperature": temperature,
                    "valid": valid,
                    "test": test,
                    "images": "dots",
                    "teacher": 0.95,
                }
            )
    return pd.DataFrame(rows).assign(**results.versions())


def test_the_temperature_is_chosen_on_validation_rows():
    recovered = few_labels.recover(few_labels.choose(_few_rows()))
    assert recovered["temperature"].tolist() == [2, 2]
    assert recovered["recovered"].tolist() == pytest.approx([0.5, 0.75])


def test_few_labels_stand_beside_the_source():
    text = few_labels.report(_few_rows())
    assert "62 ± 18" in text
    assert "Hinton et al." in text
    assert "87%" in text


def test_validation_rows_are_none_of_the_few():
    few, valid = few_labels.divide(np.repeat(np.arange(10), 100), 0)
    assert len(few) == 30
    assert len(valid) == 485
    assert not set(few) & set(valid)


OTHERS = {
    sardar_block.TUNED: 0.6,
    sardar_block.DEFAULT: 0.65,
    sardar_block.SEARCH: 0.7,
}


def _sardar_rows():
    methods = (
        sardar_block.Method(sardar_block.TEACHER),
        sardar_block.Method(sardar_block.BASELINE, 0.0, 1.0),
        *sardar_block.DISTILLED,
        *map(sardar_block.Method, OTHERS),
    )
    frame = pd.DataFrame(
        {"table": sardar_block.REPAIRED, "split": split} | asdict(method)
        for split in range(2)
        for method in methods
    ).assign(scale=1000.0, **results.versions())
    r2 = frame["method"].map({sardar_block.TEACHER: 0.75} | OTHERS).fillna(0.5)
    return frame.assign(mse=1 - r2, r2=r2)


def test_sardars_students_are_held_against_a_tuned_one():
    rows = _sardar_rows()
    text = sardar.report(rows)
    assert "alone recovers 40% of it" in text
    without = sardar.report(rows[~rows["method"].isin(OTHERS)])
    assert "alone recovers" not in without
    assert "defaults recovers 60% and 33%, `DistilledRegressorCV` 80% and 67%." in text


def test_the_papers_scales_are_compared_with_the_tables_own():
    frame = _sardar_rows()
    text = sardar.blame_scales(frame)
    # 957 of a million is an R2 of 1 - 0.000957; a quarter of a million is our error.
    assert "0.9990" in text
    assert "MSE 250,000 and R2 0.7500" in text
    assert text in sardar.report(frame)


def test_scores_are_drawn_beside_the_papers(monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        sardar, "draw_bars", lambda panels, name, **_: drawn.update({name: panels})
    )
    sardar.draw(_sardar_rows())
    mse, r2 = drawn["sardar"].values()
    others = [1 - r2 for r2 in OTHERS.values()]
    assert mse["mean"].tolist() == [0.25, *[0.5] * (len(mse) - 4), *others]
    known = r2["the paper"].dropna()
    soft = [f"soft distillation, T = {T:g}" for T in sardar_block.TEMPERATURES]
    assert list(known.index) == ["hard distillation", *soft]
    assert known.iloc[0] == sardar.PAPER[sardar.HARD]["r2"]
    assert r2.index[-4] == "soft distillation, T = 5, rescaled"


def test_predictions_lie_on_a_line_whose_slope_is_said():
    truth = pd.Series([-1.0, 0.0, 1.0])
    predictions = dict.fromkeys(sardar_predictions.SHOWN, 0.5 * truth)
    frame = pd.DataFrame({"split": 0, "truth": truth} | predictions)
    text = sardar_predictions.report(frame.assign(**results.versions()))
    assert "| 0.7500 | 0.50 " in text


@pytest.mark.data
def test_sardars_study_on_one_split():
    folder = os.environ.get(DATA_VARIABLE)
    if folder is None:
        pytest.skip(f"{DATA_VARIABLE} names no folder with {sardar.REPAIRED}.csv.gz")
    frame = pd.DataFrame(sardar.measure(load_problem(sardar.REPAIRED, folder), 0))
    r2 = frame.set_index(["method", "temperature", "rescale"])["r2"]
    assert r2[sardar.BASELINE, 1.0, False] > 0.7
    assert r2[sardar.SOFT, 1.0, False] > 0.7
    # A temperature costs, at most what a perfect student would lose and some more.
    for temperature in (0.5, 2.0, 5.0):
        assert r2[sardar.SOFT, temperature, False] < r2[sardar.SOFT, 1.0, False]
        assert r2[sardar.SOFT, temperature, True] == pytest.approx(
            r2[sardar.SOFT, 1.0, False], abs=0.03
        )


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_the_peak_memory_of_a_process_is_not_that_of_its_parent():
    before = processes.peak_mb()
    np.ones(int(before + 300) * 2**17)  # In MB, so above what earlier tests held.
    assert processes.peak_mb() > before + 200
    case = ("scikit-learn", 300, 3, 4, "path")
    row = processes.measure_apart("benchmarks.refine", "measure_once", case)
    assert row["peak_mb"] < processes.peak_mb() - 100


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize("way", refine.WAYS)
def test_the_cost_of_refinement_is_measured_in_a_process_apart(way):
    case = dict(zip(refine.COLUMNS, ("scikit-learn", 300, 3, 4), strict=True))
    (row,) = refine.measure(repeat=0, **case, way=way)
    assert row["way"] == way
    assert 0 < row["added_mb"] + 1 < row["peak_mb"]


KINDS = ("row", "batch")


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
@pytest.mark.parametrize(
    "students",
    [("tree", "linear"), pytest.param(ship.STUDENTS, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("table", ship.TABLES)
def test_every_kind_of_student_is_shipped(table, students, monkeypatch):
    pytest.importorskip("skl2onnx")
    X, y = load_diabetes(return_X_y=True)
    X, y = X.astype(np.float32), np.digitize(y, [90, 160])
    teacher = (Ridge() if table == "bike_hour" else LogisticRegression()).fit(X, y)
    monkeypatch.setattr(ship, "load_table", lambda *_: (X[:80], X[80:100], y[:80]))
    monkeypatch.setattr(ship, "fit_teacher", lambda *_: teacher)
    us = {"teacher": 9000.0, "student": 210.0, "onnx": 10.0, "c": 1.0, "sql": 100.0}
    monkeypatch.setattr(
        ship,
        "clock",
        lambda ways, _: {f"{way}_{n}_us": us[way] for way in ways for n in KINDS},
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        rows = ship.measure(table, students, 0, None)
    frame = pd.DataFrame(rows).assign(**results.versions())
    assert (frame["difference"] < 1e-5).all()
    assert (frame["onnx_bytes"] < frame["student_bytes"]).all()
    assert (frame[["c_equal", "sql_equal"]].fillna(1.0) > 0.9).all(axis=None)
    shown = ship.report(pd.concat([frame, frame.assign(seed=1)]))
    assert [shown.count(f"| {name} ") for name in students] == [2] * len(students)
    if students == ship.STUDENTS:
        assert "20 times as fast as by `predict`: yes (21 times at least)." in shown
