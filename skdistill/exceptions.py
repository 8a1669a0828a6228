"""Warnings of skdistill. Errors are Python's and scikit-learn's own."""

__all__ = [
    "CacheWarning",
    "LabelLeakWarning",
    "MissingClassWarning",
    "NoProbabilityWarning",
    "NoUnlabeledSamplesWarning",
    "PoorTeacherWarning",
    "RoundingWarning",
    "UncheckedWarning",
    "UnrefinedWarning",
]


class CacheWarning(UserWarning):
    """The cache of teacher work is damaged, cannot be written, or makes one wait.

    The fit goes on, and its result is the same.
    """


class PoorTeacherWarning(UserWarning):
    """A teacher seems to have nothing to teach the student.

    Out-of-fold it predicts no better than a constant, or than the baseline student; or
    its predictions are in another unit or its classes in another order.
    """


class LabelLeakWarning(UserWarning):
    """Stored predictions seem to carry labels that candidates are scored by."""


class MissingClassWarning(UserWarning):
    """A teacher was fitted on a fold that holds no sample of some class.

    It gives that class probability 0 for the samples held out of the fold.
    """


class NoProbabilityWarning(UserWarning):
    """A teacher gives some samples no probability of any class.

    It is taken to know nothing of them: all classes that it knows are as probable.
    """


class NoUnlabeledSamplesWarning(UserWarning):
    """A procedure that learns from unlabeled samples was given none."""


class RoundingWarning(UserWarning):
    """Samples rounded to single precision, as an ONNX model takes them, are others.

    A value that lies close to the threshold of a tree may fall on its other side. An
    exported model whose leaves hold small integers is warned of too.
    """


class UncheckedWarning(UserWarning):
    """An exported model was not run, so nobody knows yet that it predicts alike."""


class UnrefinedWarning(UserWarning):
    """Refined leaf values were lost by rounding, so the model is left as it was.

    A library that adds up its trees in single precision rounds away small leaf values
    where the predictions are large for their deviations.
    """
