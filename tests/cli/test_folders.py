"""Where results are written: never through links, by names that nobody knows before."""

import json
import os
import random
import shutil
import time
from contextlib import suppress

import pandas as pd
import pytest

from skdistill.cli._errors import CommandError
from skdistill.cli._folders import new_file, new_folder, teacher_cache
from tests.cli.tables import listing, run, run_process, write


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
    old, young, other = (
        tmp_path / name
        for name in (".skdistill.a.part", ".skdistill.b.part", ".other.a.part")
    )
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "model.joblib").touch()
    for folder in (old, other):
        os.utime(folder, (0, time.time() - 48 * 3600))
    with new_file(tmp_path / "out", overwrite=False) as part:
        part.touch()
    assert [folder.exists() for folder in (old, young, other)] == [False, True, True]


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
def test_a_command_killed_at_any_moment_is_run_again(tmp_path):
    rng, chosen = random.Random(0), []
    for _ in range(6):
        _, words = write(tmp_path)
        killed = run_process(words, tmp_path)
        while "Distilling" not in killed.stderr.readline():
            assert killed.poll() is None
        time.sleep(rng.uniform(0, 2))
        killed.kill()
        killed.communicate()
        if not (tmp_path / "out").exists():  # Else it ended before.
            assert run(words) == 0
        metrics = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
        chosen.append([metrics["chosen"], metrics["held_out_in_search"]])
        shutil.rmtree(tmp_path / "out")
    assert chosen == chosen[:1] * len(chosen)
