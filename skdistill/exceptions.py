"""Warnings of skdistill. Errors are Python's and scikit-learn's own."""

__all__ = ["MissingClassWarning"]


class MissingClassWarning(UserWarning):
    """A teacher was fitted on a fold that holds no row of some class.

    It gives that class probability 0 on the rows held out of the fold.
    """
