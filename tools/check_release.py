"""Build what would be released, and use it as those will who install it.

    python tools/check_release.py [--extras all] [--tests tests/test_words.py]

Wheel and sdist are built into `dist/`, looked through and read by twine. The wheel is
installed into an empty environment, alone and with each extra, and used there. The
tests run from the unpacked sdist.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")

# What the tests read, beside the tests themselves.
IN_SDIST = (
    "conftest.py",
    "pyproject.toml",
    "Makefile",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    ".ci/run",
    "benchmarks/__init__.py",
    "benchmarks/results/gap.csv",
    "docs/conf.py",
    "docs/guide/index.md",
    "examples/README.rst",
    "skdistill/py.typed",
    "tests/conftest.py",
    "tools/lowest.py",
)
GENERATED = re.compile(r"docs/(api|gallery)/|build/|\.part$|\.lock$|__pycache__|\.venv")

HEAD = """
import numpy as np, skdistill
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor
X = np.random.default_rng(0).normal(size=(120, 3))
y = X[:, 0] + X[:, 1] ** 2
assert "site-packages" in skdistill.__file__, skdistill.__file__
def distil(student):
    return skdistill.DistilledRegressor(
        Ridge(), student, on_poor_teacher="ignore", random_state=0
    ).fit(X, y)
"""
# What each extra is for, in a few lines.
USES = {
    "blocks": """
import tempfile, pandas as pd
from skdistill.blocks import BlockDistilledRegressor, ParquetBlocks
from xgboost import XGBRegressor
with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/table.parquet"
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y).to_parquet(path)
    BlockDistilledRegressor(
        Ridge(), XGBRegressor(n_estimators=3), on_poor_teacher="ignore"
    ).fit(ParquetBlocks(path, block_size=50), "y")""",
    "cli": "from skdistill.cli import main\nassert main(['--help']) == 0",
    "dask": """
import dask.array as da
from distributed import Client
from skdistill.dask import DaskDistilledRegressor
student = DecisionTreeRegressor(max_depth=2)
with Client(processes=False, n_workers=1, dashboard_address=None):
    DaskDistilledRegressor(Ridge(), student, on_poor_teacher="ignore").fit(
        da.from_array(X, chunks=(60, 3)), da.from_array(y, chunks=60)
    )""",
    "excel": """
import pandas as pd, tempfile
with tempfile.TemporaryDirectory() as folder:
    pd.DataFrame(X).to_excel(f"{folder}/table.xlsx")
    assert len(pd.read_excel(f"{folder}/table.xlsx")) == len(X)""",
    "lightgbm": """
from lightgbm import LGBMRegressor
distil(LGBMRegressor(n_estimators=3, verbose=-1)).predict(X)""",
    "onnx": """
from skdistill.export import to_onnx
to_onnx(distil(DecisionTreeRegressor(max_depth=2)), X)""",
    "plot": """
import matplotlib; matplotlib.use("Agg")
from skdistill.displays import TeacherStudentDisplay
TeacherStudentDisplay.from_estimator(distil(Ridge()), X)""",
    "xgboost": """
from xgboost import XGBRegressor
distil(XGBRegressor(n_estimators=3)).predict(X)""",
}
# What only those need who develop it.
OURS = ("bench", "docs", "release", "test")
USES["all"] = "\n".join(USES.values())


def step(name: str) -> None:
    """Say what comes."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    """Run a command; if it fails, so does the check."""
    done = subprocess.run(  # noqa: S603
        [str(word) for word in command], cwd=cwd, env={**os.environ, **environment}
    )
    if done.returncode:
        sys.exit(f"Failed: {' '.join(map(str, command))[:200]}")


def require(holds: bool, message: str) -> None:
    """Stop with the message if something does not hold."""
    if not holds:
        sys.exit(message)


def build() -> tuple[Path, Path]:
    """Build anew and return the wheel and the sdist."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    return wheel, sdist


def check_contents(wheel: Path, sdist: Path) -> None:
    """Check that nothing is missing and nothing generated has slipped in."""
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.split("/")[0] for name in names}
    others = {top for top in tops if not top.startswith("skdistill")}
    require(not others, f"The wheel holds {sorted(others)}.")
    require("skdistill/py.typed" in names, "The wheel lacks skdistill/py.typed.")
    with tarfile.open(sdist) as file:
        names = [name.partition("/")[2] for name in file.getnames()]
    missing = sorted(set(IN_SDIST) - set(names))
    require(not missing, f"The sdist lacks {missing}.")
    generated = [name for name in names if GENERATED.search(name)]
    require(not generated, f"The sdist holds {generated[:5]}.")


def check_version(wheel: Path) -> None:
    """Check that the changelog and the citation speak of the version that is built."""
    version = re.match(r"skdistill-(\d+\.\d+\.\d+)", wheel.name)[1]
    heading = re.search(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"))[1]
    require(heading == version, f"The changelog begins with {heading}, not {version}.")
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    require(f"version: {version}\n" in citation, f"CITATION.cff is not of {version}.")


def environment(folder: Path, *requirements: str) -> Path:
    """Make an environment with what is required, and return its Python."""
    venv.create(folder, with_pip=True, clear=True)
    python = folder / "bin" / "python"
    run(python, *PIP, *requirements)
    return python


def check_extras(wheel: Path, extras: list[str], folder: Path) -> None:
    """Use the wheel with each extra, from outside of the repository."""
    for extra in extras:
        step(f"the wheel with the extra {extra}")
        python = environment(folder / "venv", f"{wheel}[{extra}]")
        run(python, "-I", "-W", "ignore", "-c", HEAD + USES[extra], cwd=folder)


def check_sdist(sdist: Path, tests: list[str], folder: Path) -> None:
    """Run the tests of the unpacked sdist."""
    with tarfile.open(sdist) as file:
        file.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    python = environment(folder / "venv", "-e", f"{unpacked}[test,bench]")
    command = (python, "-m", "pytest", "-q", "-m", "not slow and not gpu", *tests)
    run(*command, cwd=unpacked, PYTHONPATH="")


def main() -> None:
    """Check all, or what is asked for."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["optional-dependencies"]
    users = [name for name in declared if name not in OURS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extras", nargs="*", choices=users, default=users)
    parser.add_argument("--tests", nargs="*", default=["-n", "2"], help="for pytest")
    asked = parser.parse_args()
    step("wheel and sdist")
    wheel, sdist = build()
    check_contents(wheel, sdist)
    check_version(wheel)
    step("the wheel alone")
    run(ROOT / ".ci" / "bare", wheel)
    with tempfile.TemporaryDirectory() as name:
        check_extras(wheel, asked.extras, Path(name))
        step("the tests of the sdist")
        check_sdist(sdist, asked.tests, Path(name))
    step(f"{wheel.name} and {sdist.name} can be released")


if __name__ == "__main__":
    main()
