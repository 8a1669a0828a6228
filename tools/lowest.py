"""Print the lowest supported version of each dependency, as pins for pip.

The versions are those in ``[project] dependencies`` of pyproject.toml, and those of the
libraries that users install by an extra::

    python tools/lowest.py
"""

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = ("xgboost", "lightgbm", "dask", "onnx")


def pin(requirement: str) -> str:
    """Turn "name>=1.2,<3" into "name==1.2"; what follows a ";" stays."""
    versions, semicolon, marker = requirement.partition(";")
    name, bound, lowest = versions.partition(">=")
    if not bound:
        raise ValueError(
            f"A dependency in {PYPROJECT.name} must state its lowest version first, "
            f"as name>=x. Got {requirement!r}."
        )
    return f"{name.strip()}=={lowest.split(',')[0].strip()}{semicolon}{marker}"


def main() -> None:
    """Write one pin a line."""
    with PYPROJECT.open("rb") as file:
        project = tomllib.load(file)["project"]
    requirements = list(project["dependencies"])
    for extra in EXTRAS:
        requirements += project["optional-dependencies"][extra]
    sys.stdout.writelines(f"{pin(requirement)}\n" for requirement in requirements)


if __name__ == "__main__":
    main()
