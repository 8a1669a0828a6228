"""With what the models and the report were made: date, versions, licences."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from skdistill._typing import Estimator
from skdistill._version import __version__
from skdistill.inspect import Parts
from skdistill.teachers import learns_in_context, named_teachers

__all__ = ["check_about", "made_with"]

# Packages whose distribution has another name.
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_LONGEST_LICENCE = 60


def check_about(about: Any) -> dict[str, str]:
    """Return what the user says of how the models were made, as strings."""
    if about is None:
        return {}
    if not isinstance(about, Mapping):
        raise ValueError(
            "about must be a dict of what to say of how the model was made, such as "
            f"{{'file': 'houses.csv'}}. Got {about!r}. Leave it out to say nothing."
        )
    return {str(name): str(value) for name, value in about.items()}


def made_with(parts: Parts) -> dict[str, Any]:
    """Return the date, the versions of the libraries, and the teacher's licences.

    Parameters
    ----------
    parts : Parts
        Teacher and student.

    Returns
    -------
    dict
        "date"; "versions" by distribution; "teacher_licences", those of the libraries
        that the teacher's estimators come from, as they declare them.
    """
    model = parts.model
    teachers = [one for _, one in named_teachers(model.teacher)]
    of_teacher = _distributions([*teachers, model.teacher_])
    used = of_teacher | _distributions([model.student_])
    licences = {name: _licence(found) for name, found in of_teacher.items()}
    if any(learns_in_context(one) for one in teachers):
        licences["its weights"] = "have a licence of their own"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {
            "skdistill": __version__,
            **{name: found["Version"] for name, found in used.items()},
            "Python": ".".join(map(str, sys.version_info[:3])),
        },
        "teacher_licences": {name: one for name, one in licences.items() if one},
    }


def _distributions(models: list[Estimator]) -> dict[str, Any]:
    """Return the metadata of the libraries that estimators and their parts are of."""
    parts = [
        part
        for model in models
        for part in (model, *getattr(model, "get_params", dict)().values())
    ]
    packages = {type(part).__module__.partition(".")[0] for part in parts}
    found = {}
    for package in sorted(packages - {"builtins", "numpy", "skdistill"}):
        name = _DISTRIBUTIONS.get(package, package)
        try:
            found[name] = metadata(name)
        except PackageNotFoundError:  # A module of the user, or the standard library.
            continue
    return found


def _licence(found: Any) -> str | None:
    """Return the licence that a distribution declares, if it does so in a few words."""
    # Older ones declare the whole text, which begins with its name.
    declared = found.get("License-Expression") or found.get("License") or ""
    licence = (declared.strip().splitlines() or [""])[0]
    return licence if 0 < len(licence) <= _LONGEST_LICENCE else None
