"""Where results are written: never through links, by names that nobody knows before."""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from skdistill.cli._errors import CommandError
from skdistill.cli._folders import new_file, new_folder, read_result, teacher_cache
from tests.cli.tables import listing, run, run_process, write
from tests.kills import killed, make_old


@pytest.mark.parametrize("new", [new_file, new_folder])
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("target", ["file", "folder", "nothing"])
def test_a_link_is_refused_as_written(new, overwrite, target, tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "out").symlink_to(target)
    before = listing(tmp_path)
    with (
        pytest.raises(CommandError, match=f"out is a link to {target}"),
        new(tmp_path / "out", overwrite=overwrite),
    ):
        pass
    assert listing(tmp_path) == before
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_behind_a_link_is_no_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with new_file(tmp_path / "link" / "out.csv", overwrite=False) as part:
        part.write_text("new")
    assert (tmp_path / "real" / "out.csv").read_text() == "new"
    assert listing(tmp_path / "real") == {"out.csv"}


def test_the_cache_of_a_command_is_no_link(tmp_path):
    (tmp_path / ".out.cache").symlink_to(tmp_path)
    with (
        pytest.raises(CommandError, match=r"\.out\.cache is a link"),
        teacher_cache(tmp_path / "out"),
    ):
        pass
    assert (tmp_path / ".out.cache").is_symlink()


@pytest.mark.parametrize("new", [new_file, new_folder])
def test_no_name_is_used_twice(new, tmp_path):
    names = set()
    for _ in range(5):
        with suppress(KeyError), new(tmp_path / "out", overwrite=False):
            names.update(listing(tmp_path))
            raise KeyError
    assert len({name.partition("/")[0] for name in names}) == 5
    assert listing(tmp_path) == set()
    assert str(os.getpid()) not in "".join(names)


def test_what_a_killed_command_left_is_swept_by_age(tmp_path):
    aside = "out.0123456789abcdef.old"
    old = [".skdistill.a.part"]
    young, others = [".skdistill.b.part"], [".other.a.part", ".skdistill.a.txt"]
    for name in (aside, *old, *young, *others):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.joblib").touch()
        if name not in young:
            make_old(tmp_path / name)
    for overwrite, kept in ((False, [aside]), (True, [])):
        with new_file(tmp_path / "out", overwrite=overwrite) as part:
            part.touch()
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {*kept, *young, *others, "out"}


def test_a_result_that_is_being_replaced_is_not_swept(tmp_path, monkeypatch):
    out = tmp_path / "out"
    _, words = write(tmp_path)
    assert run(words) == 0
    make_old(out)
    rename = Path.rename

    def and_sweep(self, target):
        rename(self, target)
        if str(target).endswith(".old"):
            with new_file(tmp_path / "other", overwrite=True) as part:
                part.touch()
            raise OSError("no space")

    monkeypatch.setattr(Path, "rename", and_sweep)
    assert run([*words, "--overwrite"]) == 1
    (left,) = tmp_path.glob("out.*.old")
    assert read_result(left)
    with pytest.raises(CommandError, match=f"{left.name}: rename it to out"):
        read_result(out)


def test_names_of_files_cannot_move_the_cursor(tmp_path, capsys):
    folder = tmp_path / "a\x1b[2J\u202egnp"
    folder.mkdir()
    data, words = write(folder)
    assert run(words) == 0
    out = folder / "p.csv"
    assert run(["predict", str(folder / "out"), str(data), "--out", str(out)]) == 0
    assert run(["report", str(folder / "out")]) == 0
    assert run(words) == 1
    shown = "".join(capsys.readouterr())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert r"a\x1b[2J\u202egnp" in shown
    assert len(pd.read_csv(out)) == len(pd.read_csv(data))


@pytest.mark.slow
def test_a_command_killed_at_any_moment_is_run_again(tmp_path, capsys):
    data, words = write(tmp_path)
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    results, whole = [], None

    def start():
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(tmp_path / ".out.cache", ignore_errors=True)
        return run_process(words, tmp_path, TMPDIR=str(temporary))

    for _ in killed(start):
        make_old(tmp_path)
        if not out.exists():
            again = run_process(words, tmp_path, TMPDIR=str(temporary))
            _, error = again.communicate()
            assert again.returncode == 0, error
        # What has appeared is whole, and nothing else stays.
        whole = whole or listing(tmp_path)
        assert listing(tmp_path) == whole
        predicted = tmp_path / "p.csv"
        assert run(["predict", str(out), str(data), "--out", str(predicted)]) == 0
        metrics = json.loads((out / "metrics.json").read_text("utf-8"))
        chosen = [metrics["chosen"], metrics["held_out_in_search"]]
        results.append([chosen, predicted.read_text()])
        predicted.unlink()
    assert results == results[:1] * 21
