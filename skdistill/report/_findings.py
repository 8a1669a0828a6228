"""What a report says first, in sentences."""

from typing import Any

from skdistill._figures import readable
from skdistill.report._table import is_noise, percent, score_label, seconds, signed

__all__ = ["findings"]


def findings(numbers: dict[str, Any]) -> list[str]:
    """Return the report in a few sentences."""
    said = [_verdict(numbers), _speed(numbers), numbers["certificate"]["statement"]]
    warning = numbers.get("poor_teacher")
    return [
        *([] if warning is None else [f"Warning: {warning}"]),
        *said,
        *_tuned(numbers),
        *_calibrated(numbers),
        *_combined(numbers),
        *numbers["notes"],
    ]


def _tuned(numbers: dict[str, Any]) -> list[str]:
    """Say with which parameters the baseline student was the best on the labels."""
    tuned = numbers.get("tuned")
    if not tuned:
        return []
    listed = ", ".join(f"{name}={_shown_value(tuned[name])}" for name in tuned)
    return [f"The baseline student was tuned on the labels too: {listed}."]


def _calibrated(numbers: dict[str, Any]) -> list[str]:
    """Say how the teachers' predictions were put right before they were mixed."""
    learned: Any = numbers.get("calibration")
    by_name = {"The teacher": learned}
    if numbers.get("teachers"):
        by_name = {f"Teacher {name!r}": one for name, one in learned.items()}
    return [
        f"{who}'s out-of-fold predictions were calibrated: {_shown(one)}."
        for who, one in by_name.items()
        if one is not None
    ]


def _combined(numbers: dict[str, Any]) -> list[str]:
    """Say how much each of several teachers counts."""
    learned = numbers.get("combination")
    if learned is None or "weights" not in learned:
        return []
    weights = learned["weights"]
    counted = "weights of its own for each sample"
    if weights is not None:
        by_name = dict(zip(numbers["teachers"], weights, strict=True))
        counted = f"weights {_shown(by_name)}"
    return [
        f"The teachers' {learned['of']} were combined: {counted}; out-of-fold the mean "
        f"squared error is {_shown_value(learned['squared_error'])}, of each alone "
        f"{_shown_value(learned['squared_error_each'])}."
    ]


def _shown(learned: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {_shown_value(value)}"
        for name, value in learned.items()
        if name != "method"
    )


def _shown_value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown_value, value))}]"
    return readable(value) if isinstance(value, float) else str(value)


def _verdict(numbers: dict[str, Any]) -> str:
    """Return what the deciding score says, which comes first."""
    score, fraction = next(iter(numbers["recovered"].items()))
    scores = {
        name: signed(score, model["scores"][score])
        for name, model in numbers["models"].items()
    }
    rival = f"{'tuned ' if numbers.get('tuned') else ''}baseline student"
    less = " (less is better)" if score.startswith("neg_") else ""
    said = (
        f"In {score_label(score)}{less} the distilled student has "
        f"{scores['distilled']}, the {rival} {scores['baseline']}, the "
        f"teacher {scores['teacher']}."
    )
    if fraction is None:
        return f"{said} The teacher does not lead the {rival}: no gap to close."
    found = numbers.get("leads", {}).get(score, {})
    if is_noise(numbers, score, "lead"):
        return (
            f"{said} The teacher's lead over the {rival} is within noise "
            f"({_with_error(found, 'lead')}): no gap to close."
        )
    if is_noise(numbers, score, "gain"):
        return (
            f"{said} The distilled student is as good as the {rival} within noise "
            f"({_with_error(found, 'gain')}); the teacher's lead is not."
        )
    if fraction < 0:
        return f"{said} The distilled student is worse than the {rival}."
    return (
        f"{said} It recovers {percent(fraction)} of the teacher's lead over the "
        f"{rival}."
    )


def _with_error(found: dict[str, Any], what: str) -> str:
    error = readable(found[f"{what}_error"], 2)
    return f"{readable(abs(found[what]), 2)} with a standard error of {error}"


def _speed(numbers: dict[str, Any]) -> str:
    teacher, student = (numbers["models"][name] for name in ("teacher", "distilled"))
    times = teacher["latency_median"] / student["latency_median"]
    said = (
        "The distilled student predicts a single sample in "
        f"{seconds(student['latency_median'])}, the teacher in "
        f"{seconds(teacher['latency_median'])}: {readable(times, 3)} times as fast."
    )
    if teacher["bytes"] and student["bytes"]:
        fraction = student["bytes"] / teacher["bytes"]
        said += f" It takes {fraction:.2%} of the teacher's space."
    return said
