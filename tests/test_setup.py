"""What is installed: the extras, and the lowest versions that the tests run on."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def resolved(extra):
    """Return the requirements of an extra, with those of the extras that it names."""
    found = []
    for requirement in EXTRAS[extra]:
        named = re.fullmatch(r"skdistill\[(.*)\]", requirement)
        parts = named[1].split(",") if named else []
        found += [one for part in parts for one in resolved(part)]
        found += [] if named else [requirement]
    return found


def test_all_holds_what_users_may_want():
    for extra in set(EXTRAS) - {"all", "bench", "docs", "release", "test"}:
        assert set(resolved(extra)) <= set(resolved("all"))


def test_each_extra_of_users_is_used_before_a_release():
    check = runpy.run_path(str(ROOT / "tools" / "check_release.py"))
    assert set(check["USES"]) == set(EXTRAS) - set(check["OURS"])


def test_development_installs_all():
    for extra in ("bench", "test"):
        assert set(resolved("all")) <= set(resolved(extra))


def test_each_version_of_python_that_is_named_is_tested_where_it_is_installed():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    tested = re.search(r"^SUPPORTED := (.*)$", makefile, re.MULTILINE)[1].split()
    named = "Programming Language :: Python :: 3."
    classifiers = [one for one in PROJECT["classifiers"] if one.startswith(named)]
    assert [one.rpartition(" ")[2] for one in classifiers] == tested
    assert PROJECT["requires-python"] == f">={tested[0]}"


def make_where(folder, programs, *arguments):
    """Run make where these programs are installed, and return what it says."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    for path, line in programs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        path.chmod(0o755)
    return subprocess.run(
        [make, *arguments, f"VENV_OTHER={folder}/py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": f"{folder}/bin{os.pathsep}{os.defpath}", "HOME": str(folder)},
    ).stdout


def test_an_installed_python_is_one_that_runs(tmp_path):
    versions = tmp_path / ".pyenv" / "versions"
    programs = {
        tmp_path / "bin" / "python3.12": "exit 127",  # As a shim of pyenv.
        versions / "3.12.0" / "bin" / "python3.12": "exit 1",
        tmp_path / "bin" / "python3.13": "exit 127",
        versions / "3.13.0" / "bin" / "python3.13": 'echo "$0"',
    }
    told = make_where(tmp_path, programs, "-n", "test-others", "FIRST=3.11")
    assert "installed beside it: 3.13" in told
    assert f"{versions}/3.13.0/bin/python3.13 -m venv {tmp_path}/py3.13" in told
    assert "py3.12" not in told


@pytest.mark.parametrize("has_pip", [False, True])
def test_a_python_for_which_nothing_can_be_installed_is_left_out(tmp_path, has_pip):
    # It cannot make an environment, or there are no wheels for it.
    programs = {
        tmp_path / "bin" / "python3.12": "exit 127",
        tmp_path / "bin" / "python3.13": '[ "$1" = -m ] && exit 1; echo "$0"',
    }
    if has_pip:
        programs[tmp_path / "py3.13" / "bin" / "python"] = "exit 1"
    told = make_where(tmp_path, programs, "test-others", "FIRST=3.11")
    assert "Python 3.13: the package could not be installed" in told


def test_python_is_looked_for_only_where_it_is_asked_for(tmp_path):
    names = ("python3", "python3.11", "python3.12", "python3.13")
    programs = {
        tmp_path / "bin" / name: f'echo >> "{tmp_path}/asked"' for name in names
    }
    assert "test-others" in make_where(tmp_path, programs, "help")
    assert not (tmp_path / "asked").exists()


def test_large_libraries_are_not_required():
    required = " ".join(PROJECT["dependencies"])
    for library in ("xgboost", "lightgbm"):
        assert library not in required
        assert any(one.startswith(f"{library}>=") for one in EXTRAS[library])


def test_the_lowest_versions_are_pinned():
    pins = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "lowest.py")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    names = ("xgboost", "lightgbm", "dask", "onnx")
    extras = [one for name in names for one in EXTRAS[name]]
    expected = [*PROJECT["dependencies"], *extras]
    assert sorted(pins) == sorted(one.replace(">=", "==") for one in expected)


def test_the_package_works_without_docstrings():
    # Docstrings are put together when the classes are made, and -OO drops them.
    script = (
        "import numpy as np, skdistill, skdistill.cli, skdistill.checks\n"
        "from sklearn.linear_model import Ridge\n"
        "model = skdistill.DistilledRegressor(Ridge(), Ridge(), transfer=None)\n"
        "X = np.arange(20.0)[:, None]\n"
        "search = skdistill.DistilledRegressorCV(Ridge(), Ridge(), temperatures=[2])\n"
        "raise SystemExit(model.fit(X, X[:, 0]).score(X, X[:, 0]) < 0.9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-OO", "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
