"""Hao's study runs, and its report comes from raw rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from benchmarks import hao, hao_block, results, runs


@pytest.fixture
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600], X[600:900] / 16, y[600:900]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(hao_block, "N_TRAIN", 300)
    monkeypatch.setattr(hao_block, "N_VALID", 100)


def test_flipped_labels_are_wrong_and_stay_flipped():
    y = np.repeat(np.arange(10), 10)
    few, few_flipped = hao_block.flip(y, 0.05, 0)
    many, many_flipped = hao_block.flip(y, 0.4, 0)
    assert (few_flipped.sum(), many_flipped.sum()) == (5, 40)
    np.testing.assert_array_equal(few != y, few_flipped)
    np.testing.assert_array_equal(few[few_flipped], many[few_flipped])


def test_the_worst_class_is_that_of_the_lowest_recall():
    scores = hao_block.score(np.array([0, 0, 1, 1]), np.array([[0.9, 0.1]] * 4))
    assert (scores["accuracy"], scores["worst_class"]) == (0.5, 0.0)
    assert scores["log_loss"] == pytest.approx(-np.log(0.9 * 0.1) / 2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_setting_of_haos_study(digits, few_rows, tmp_path, monkeypatch):
    monkeypatch.setitem(hao_block.TEACHERS, "middle", hao_block.Teacher((8,), 50))
    block = hao_block.Block(digits, 0, tmp_path)
    setting = hao_block.Setting(teacher="middle", noise=0.2, epochs=5)
    frame = pd.DataFrame(block.study(setting))
    assert frame["alpha"].tolist() == [0.0, 0.3333, 0.6667, 1.0]
    assert frame["teacher_corrected"].nunique() == 1
    # The folds cover each row once, and their teachers learn the rows they are given.
    folds = block._folds(block.train[1], 50)
    assert [len(train) for train, _ in folds] == [50] * 5
    held_out = np.sort(np.concatenate([held_out for _, held_out in folds]))
    np.testing.assert_array_equal(held_out, np.arange(300))


def test_out_of_fold_predictions_are_those_of_the_fold_that_did_not_see_the_row(
    digits, few_rows, tmp_path
):
    block = hao_block.Block(digits, 0, tmp_path)
    X, y = block.train
    folds = block._folds(y, None)
    with pytest.warns(ConvergenceWarning):
        model = block._build(hao_block.Setting(epochs=1), 0.5, folds).fit(X, y)
    predictions = block._predict(model.teacher_, hao_block.OUT_OF_FOLD, folds)
    accuracy = (predictions.argmax(axis=1) == y).mean()
    assert accuracy == pytest.approx(model.teacher_score_)


def _hao_rows(images=("dots", "lines")):
    rows = []
    for name in images:
        for seed in range(2):
            for setting in hao_block.SETTINGS:
                for alpha in hao_block.ALPHAS:
                    gain = alpha * setting.noise * (1 + seed)
                    row = {"images": name, "seed": seed, "alpha": alpha}
                    row |= setting._asdict() | {"valid": 0.5 + gain}
                    for metric in hao.METRICS:
                        row |= {metric: 0.5 + gain, f"teacher_{metric}": 0.75}
                    rows.append(row)
    return pd.DataFrame(rows).assign(**results.versions())


def test_haos_report_is_made_from_raw_rows():
    frame = _hao_rows()
    compared = hao.compare_ways(hao.select(frame, "noise"))
    assert set(compared["alpha"]) == {1.0}
    gain = compared.assign(gain=hao.measure_gain(compared)).groupby("noise")["gain"]
    assert gain.mean().tolist() == pytest.approx([7.5, 15, 30, 60])
    text = hao.report(frame)
    assert "| 0.33  | 0.67        | 52.50 ± 1.18 |" in text
    assert "out-of-fold ones in 0 of 8 pairs" in text


def test_all_alphas_only_in_the_first_of_haos_studies():
    frame = _hao_rows(["dots"])
    n_seeds = 2
    assert len(hao.select(frame, "length")) == 5 * 10 * n_seeds
    assert len(hao.select(frame, "noise")) == 8 * 4 * n_seeds


def test_only_settings_that_are_missing_are_measured(digits, few_rows, folder, capsys):
    settings = [hao_block.Setting(epochs=epochs) for epochs in (1, 2)]
    results.append([{"images": "mnist", "seed": 0, **settings[0]._asdict()}], hao.NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hao, "SETTINGS", settings)
        patch.setattr(hao, "load_images", lambda *_: digits)
        patch.setattr(hao_block, "TEACHER_EPOCHS", 1)
        patch.setattr(runs, "publish", lambda *_: None)
        patch.setattr("sys.argv", ["hao", "--images", "mnist", "--seeds", "1"])
        hao.main()
    assert "hao 1/1: images mnist, seed 0" in capsys.readouterr().out
    assert results.read(hao.NAME)["epochs"].tolist() == [1, 2, 2, 2, 2]


def test_haos_plot_shows_a_line_for_each_length(folder):
    pytest.importorskip("matplotlib")
    path = hao.draw(_hao_rows())
    assert path == folder / "hao.svg"
    assert ">epochs<" in path.read_text(encoding="utf-8")
