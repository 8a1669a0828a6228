"""Naive Bayes learns soft labels class by class: its statistics are weighted sums.

One `partial_fit` a class over all rows, weighted by the target's share of that class,
gives the sums that weighted copies would, without making one.
"""

__all__ = ["fit_naive_bayes"]


def fit_naive_bayes(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit a naive Bayes classifier; see `skdistill.students.register`."""
    for label, share in zip(classes, labels.mixed.T, strict=True):
        weight = share if sample_weight is None else share * sample_weight
        if not weight.any():
            continue  # A class that no row has a share of is known, and no more.
        student.partial_fit(X, [label] * len(y), classes=classes, sample_weight=weight)
    return student
