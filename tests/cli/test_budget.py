"""Several students under a budget, from the command line."""

import json

import joblib
import pytest

from tests.cli.tables import run, write


def test_auto_takes_the_best_student_within_the_size(tmp_path):
    _, words = write(tmp_path, "regression")
    words += ["--student", "auto", "--max-size", "30kB", "--overwrite"]
    assert run(words) == 0
    out = tmp_path / "out"
    found = json.loads((out / "metrics.json").read_text("utf-8"))
    students = found["students"]
    assert [*students] == ["linear", "tree", "gradient-boosting", "forest"]
    (best,) = [name for name, one in students.items() if one["is_best"]]
    assert students[best]["bytes"] <= 30_000
    assert students["forest"]["score"] is None
    assert not students["forest"]["is_within"]
    scores = [one["score"] for one in students.values() if one["is_within"]]
    assert (
        students[best]["score"] == found["held_out_in_search"]["chosen"] == max(scores)
    )
    kind = {"linear": "Ridge", "tree": "DecisionTreeRegressor"}
    assert type(joblib.load(out / "model.joblib")[-1]).__name__ == kind[best]
    script = (out / "reproduce.py").read_text("utf-8")
    assert "max_bytes=30000.0" in script
    assert script.count("prepare = TableEncoder(") == 1
    compile(script, "reproduce.py", "exec")


def test_where_nothing_fits_the_nearest_student_is_named(tmp_path, capsys):
    _, words = write(tmp_path, "regression")
    assert run([*words, "--student", "auto", "--max-latency", "1us"]) == 1
    error = capsys.readouterr().err
    assert "max_latency=1.0" in error
    assert "The nearest to it is" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--max-latency", "50", "such as 50us. Units are us, ms, s"),
        ("--max-latency", "50kB", "such as 50us"),
        ("--max-latency", "0us", "no number above 0"),
        ("--max-size", "2..0MB", "such as 50B. Units are B, kB, MB, GB"),
        ("--max-size", "-1MB", "no number above 0"),
    ],
)
def test_quantities_need_a_unit(tmp_path, capsys, option, value, allowed):
    _, words = write(tmp_path, "regression")
    assert run([*words, option, value]) == 2
    assert allowed in " ".join(capsys.readouterr().err.split())
