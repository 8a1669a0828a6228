"""A process that is killed at any moment leaves a cache that serves the next."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.kills import killed, make_old

ROOT = Path(__file__).parents[2]
SCRIPT = """
    import sys
    from pathlib import Path
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    from skdistill import DistilledRegressor
    from tests.doubles import CountingTeacher

    folder = Path(sys.argv[1])
    X, y = load_diabetes(return_X_y=True)
    print("begins", flush=True)
    model = DistilledRegressor(
        CountingTeacher(folder / "fits", seconds=0.02),
        Ridge(),
        memory=folder / "m",
        random_state=0,
        transfer=None,
        on_poor_teacher="warn",
    ).fit(X, y)
    print(model.predict(X).tobytes().hex()[:200])
"""


def start(folder):
    path = folder / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return subprocess.Popen(
        [sys.executable, path, folder],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_a_cache_that_serves(tmp_path):
    folder, found = tmp_path / "m", set()
    (tmp_path / "fits").mkdir()

    def start_anew():
        shutil.rmtree(folder, ignore_errors=True)
        return start(tmp_path)

    for process in killed(start_anew):
        assert process.returncode in (0, -signal.SIGKILL)
        if folder.exists():
            make_old(folder)
        done = start(tmp_path)
        out, error = done.communicate()
        assert done.returncode == 0, error
        found.add(out)
        # Nothing of the killed process is taken for an entry, or stays for ever.
        names = [path.name for path in (folder / "skdistill").iterdir()]
        assert len([name for name in names if not name.startswith(".")]) == 1
        assert {name for name in names if name.startswith(".")} <= {".locks"}
    assert len(found) == 1
