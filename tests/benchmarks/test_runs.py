"""A killed run resumes where it stopped, and ends as one that was not killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import results, runs
from benchmarks.problems import ProblemUnavailableError

CASES = [{"table": table, "seed": seed} for table in "ab" for seed in (0, 1)]
ROOT = Path(__file__).parents[2]

# A benchmark as it is, with one quick teacher in place of the four slow ones.
FOLD_TEACHER = """
import sys
from pathlib import Path
from sklearn.tree import DecisionTreeRegressor
from benchmarks import fold_teacher, results
results.FOLDER = Path(sys.argv.pop(1))
fold_teacher._teachers = lambda seed: {"tree": DecisionTreeRegressor(random_state=seed)}
"""
RUN = "fold_teacher.main()"
# The process kills itself in the middle of the second block, or of writing its rows.
KILL_IN_BLOCK = """
measure = fold_teacher.measure
def measure_or_die(table, seed, data_dir):
    if seed == 1:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(table, seed=seed, data_dir=data_dir)
fold_teacher.measure = measure_or_die
"""
KILL_IN_WRITE = """
write_text = Path.write_text
def write_half_or_die(path, text, **kwargs):
    rows = text.count("diabetes")
    write_text(path, text[: len(text) // rows] if rows == 2 else text, **kwargs)
    if rows == 2:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
Path.write_text = write_half_or_die
"""


def _start(folder, *lines):
    code = "\n".join((FOLD_TEACHER, *lines, RUN))
    command = [sys.executable, "-c", code, str(folder), "--tables", "diabetes"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _finish(folder, *lines):
    process = _start(folder, *lines)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert _finish(folder)[0] == 0
    return folder / "fold_teacher.csv"


@pytest.mark.parametrize(
    "kill", [pytest.param(KILL_IN_BLOCK, marks=pytest.mark.slow), KILL_IN_WRITE]
)
def test_a_killed_run_resumes_and_ends_as_one_that_was_not(kill, whole, tmp_path):
    assert _finish(tmp_path, kill)[0] == -signal.SIGKILL
    path = tmp_path / "fold_teacher.csv"
    assert pd.read_csv(path)["seed"].tolist() == [0]
    code, output = _finish(tmp_path)
    assert code == 0
    assert "fold_teacher 2/2" in output
    assert path.read_bytes() == whole.read_bytes()
    assert os.listdir(tmp_path) == os.listdir(whole.parent)


def test_a_run_killed_from_outside_keeps_what_it_had_said_was_done(whole, tmp_path):
    process = _start(tmp_path)
    while not process.stdout.readline().startswith("fold_teacher 1/3"):
        assert process.poll() is None
    process.kill()
    process.communicate()
    kept = pd.read_csv(tmp_path / "fold_teacher.csv")
    assert kept["seed"].tolist()[0] == 0
    assert _finish(tmp_path)[0] == 0
    assert (tmp_path / "fold_teacher.csv").read_bytes() == whole.read_bytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


def _measure(table, seed):
    return [{"table": table, "seed": seed, "score": seed / 3}]


def test_only_missing_blocks_are_measured(folder, capsys):
    runs.resume("made_up", CASES[1:2], _measure)
    missing = results.pending("made_up", CASES)
    assert missing == [CASES[0], *CASES[2:]]
    runs.resume("made_up", missing, _measure)
    assert results.pending("made_up", CASES) == []
    runs.resume("made_up", [], _measure)
    assert "made_up 3/3: table b, seed 1: 0 s" in capsys.readouterr().out


def test_what_is_not_asked_for_is_not_forgotten(folder):
    runs.resume("made_up", CASES, _measure)
    kept = [case for case in CASES if case["table"] == "a"]
    results.forget("made_up", [case for case in CASES if case["table"] != "a"])
    assert results.read("made_up")[["table", "seed"]].to_dict("records") == kept
    results.forget("made_up", kept)
    assert not results.exists("made_up")


def test_two_processes_do_not_measure_the_same(folder):
    with results.alone("made_up"):
        command = [sys.executable, "-c", ALONE, str(folder)]
        second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr.startswith("made_up is being measured by another process.")
    assert subprocess.run(command).returncode == 0


ALONE = """
import sys
from pathlib import Path
from benchmarks import results
results.FOLDER = Path(sys.argv[1])
with results.alone("made_up"):
    pass
"""


def test_rows_that_are_there_are_not_changed_when_others_are_added(folder, monkeypatch):
    monkeypatch.setattr(results, "versions", lambda: {"python": "3.10"})
    rows = [
        {"seed": 0, "what": "a, b", "score": 0.1 + 0.2, "none": None},
        {"seed": 1, "what": "", "score": np.float64(1e-17 / 7), "none": np.nan},
        {"seed": 2, "what": "NA", "score": 1 / 3, "none": None},
        {"seed": 3, "new": True},
    ]
    for row in rows:
        path = results.append([row], "made_up")
    assert path.read_text().splitlines() == [
        "seed,what,score,none,python,new",
        '0,"a, b",0.30000000000000004,,3.10,',
        "1,,1.4285714285714287e-18,,3.10,",
        "2,NA,0.3333333333333333,,3.10,",
        "3,,,,3.10,True",
    ]


def test_a_block_without_its_table_is_left_out_and_the_others_are_not(folder, capsys):
    def measure(table, seed):
        if table == "a":
            raise ProblemUnavailableError("Put a.csv.gz there.")
        return _measure(table, seed)

    runs.resume("made_up", CASES, measure)
    assert set(results.read("made_up")["table"]) == {"b"}
    assert "table a, seed 1: left out. Put a.csv.gz" in capsys.readouterr().out
    with pytest.raises(ProblemUnavailableError, match="no raw rows of 'nothing'"):
        runs.publish("nothing", str)


def test_a_report_of_too_few_rows_asks_for_the_rest(folder):
    runs.resume("made_up", CASES[:1], _measure)
    with pytest.raises(ProblemUnavailableError, match="too few for its report.*again"):
        runs.publish("made_up", lambda frame: frame.set_index("table").loc["b"])
    assert len(results.read("made_up")) == 1


def test_students_that_are_missing_share_a_block(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["made_up", "--data-dir", "somewhere"])
    options = runs.parse_students("What?\n", ("x", "y"), seeds=2, tables=("a",))
    results.append([{"table": "a", "seed": 0, "student": "x"}], "made_up")
    blocks = []

    def measure(table, students, seed, data_dir):
        blocks.append((table, tuple(students), seed, str(data_dir)))
        return [{"table": table, "seed": seed, "student": name} for name in students]

    runs.run_students("made_up", measure, options)
    assert blocks == [("a", ("y",), 0, "somewhere"), ("a", ("x", "y"), 1, "somewhere")]
    options.fresh = True
    runs.run_students("made_up", measure, options)
    assert blocks[2:] == [("a", ("x", "y"), seed, "somewhere") for seed in (0, 1)]


def test_markdown_and_plot_are_made_from_the_raw_rows(folder):
    results.append([{"seed": seed} for seed in range(4)], "made_up")
    drawn = []
    runs.publish("made_up", lambda frame: f"{len(frame)} rows", drawn.append)
    assert (folder / "made_up.md").read_text() == "4 rows\n"
    assert len(drawn[0]) == 4
