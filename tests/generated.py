"""How tests with generated cases are run."""

from hypothesis import HealthCheck, Phase, settings


def examples(number):
    """Return the settings of a test of so many examples, always the same."""
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
