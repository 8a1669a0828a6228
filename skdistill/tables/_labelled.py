"""A classifier of codes that says labels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._typing import Estimator, Table

__all__ = ["LabelledClassifier"]


class LabelledClassifier:
    """The labels and probabilities of a fitted classifier that learned codes.

    Parameters
    ----------
    classifier : estimator
        Fitted to the codes 0..K-1, as XGBoost's must be.
    classes : array-like of shape (n_classes,)
        The label of each code.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.tables import LabelledClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    >>> LabelledClassifier(tree, ["no", "yes"]).predict([[1.0]]).tolist()
    ['yes']
    """

    def __init__(self, classifier: Estimator, classes: ArrayLike) -> None:
        self.classifier = classifier
        self.classes_ = np.asarray(classes)

    def predict(self, X: Table) -> NDArray:
        """Return the labels of samples, of shape (n_samples,)."""
        return self.classes_[np.ravel(self.classifier.predict(X))]

    def predict_proba(self, X: Table) -> NDArray:
        """Return the probabilities of samples, of shape (n_samples, n_classes)."""
        return self.classifier.predict_proba(X)
