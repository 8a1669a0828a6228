"""A C model compiled by the compiler at hand, to predict the samples."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from skdistill.export._c_file import CModel
from skdistill.export._check import Predictions

__all__ = ["find_compiler", "run_c"]

_COMPILERS = ("cc", "gcc", "clang")
_OPTIONS = ("-std=c99", "-O1", "-ffp-contract=off")
# Reads rows from one file, and writes outputs and the index of the class to another.
_DRIVER = """\
#include <stdio.h>
#include "{header}"

int main(int argc, char **argv)
{{
    {real} x[{n_features}], y[{n_outputs}];
    FILE *rows = argc == 3 ? fopen(argv[1], "rb") : NULL;
    FILE *found = argc == 3 ? fopen(argv[2], "wb") : NULL;
    if (rows == NULL || found == NULL)
        return 1;
    while (fread(x, sizeof x, 1, rows) == 1) {{
        {predict}
        {real} label = {label};
        fwrite(y, sizeof y, 1, found);
        fwrite(&label, sizeof label, 1, found);
    }}
    fclose(rows);
    return fclose(found);
}}
"""


def find_compiler() -> str | None:
    """Return the path of a C compiler, if there is one on the PATH."""
    return next(filter(None, map(shutil.which, _COMPILERS)), None)


def run_c(model: CModel, X: NDArray, compiler: str) -> Predictions:
    """Compile a model and return what it predicts.

    Parameters
    ----------
    model : CModel
        The files.
    X : ndarray of shape (n_samples, n_features)
        The samples.
    compiler : str
        The path of the compiler.

    Returns
    -------
    Predictions

    Raises
    ------
    RuntimeError
        If it does not compile or run.
    """
    with TemporaryDirectory(prefix="skdistill_") as name:
        folder = Path(name)
        (folder / model.header_name).write_text(model.header, encoding="ascii")
        (folder / "model.c").write_text(model.source, encoding="ascii")
        (folder / "driver.c").write_text(_driver(model), encoding="ascii")
        command = [compiler, *_OPTIONS, "model.c", "driver.c", "-o", "driver", "-lm"]
        _call(command, folder)
        X.astype(model.dtype).tofile(folder / "rows")
        _call([os.fspath(folder / "driver"), "rows", "found"], folder)
        found = np.fromfile(folder / "found", dtype=model.dtype)
    found = found.reshape(len(X), model.n_outputs + 1)
    values, indices = found[:, :-1].astype(float), found[:, -1].astype(np.intp)
    if model.classes is None:
        return Predictions(values, None)
    return Predictions(values, model.classes[indices])


def _driver(model: CModel) -> str:
    real = "double" if model.dtype == "float64" else "float"
    predict, label = f"{model.name}_predict(x, y);", "0"
    if model.classes is not None:
        predict = f"{model.name}_predict_proba(x, y);"
        label = f"({real}){model.name}_predict(x)"
    elif model.n_outputs == 1:
        predict = f"y[0] = {model.name}_predict(x);"
    return _DRIVER.format(
        header=model.header_name,
        real=real,
        n_features=model.n_features,
        n_outputs=model.n_outputs,
        predict=predict,
        label=label,
    )


def _call(command: list[str], folder: Path) -> None:
    # The compiler is the one on the PATH, the other command what it made.
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        what = "The C compiler" if "-lm" in command else "The compiled model"
        raise RuntimeError(
            f"{what} must end without an error. Got exit code {done.returncode} of "
            f"{' '.join(command)}: {done.stderr.strip()[:500]}"
        )
