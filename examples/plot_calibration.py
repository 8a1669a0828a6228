"""
What does calibration do to a teacher that is too sure?
=======================================================

Naive Bayes takes features for independent, so it is nearly certain where it should not
be. Its out-of-fold predictions show that, and put it right before the student learns.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

X, y = make_classification(
    4000, 20, n_informative=6, n_redundant=12, class_sep=0.6, random_state=3
)
X_train, y_train, X_test, y_test = X[:1000], y[:1000], X[1000:], y[1000:]

# %%
# The same distillation with and without calibration.
models = {
    name: DistilledClassifier(
        GaussianNB(),
        DecisionTreeClassifier(max_leaf_nodes=24),
        alpha=1.0,
        calibrate=calibrate,
        on_poor_teacher="ignore",
        random_state=0,
    ).fit(X_train, y_train)
    for name, calibrate in {"as it is": None, "calibrated": "auto"}.items()
}

# %%
# Left the teacher's probabilities, and what the step of calibration makes of them;
# right the students that learned from the one and the other.
raw = np.log(models["as it is"].teacher_.predict_proba(X_test) + 1e-12)
calibration = models["calibrated"].calibration_
probabilities = {
    "teacher": [softmax(raw, axis=1), softmax(calibration.transform(raw), axis=1)],
    "student": [model.predict_proba(X_test) for model in models.values()],
}
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True)
losses = {}
for ax, (title, both) in zip(axes, probabilities.items(), strict=True):
    losses[title] = [
        log_loss(y_test, np.clip(one[:, 1], 1e-6, 1 - 1e-6)) for one in both
    ]
    for name, proba, loss in zip(models, both, losses[title], strict=True):
        CalibrationDisplay.from_predictions(
            y_test,
            proba[:, 1],
            n_bins=8,
            strategy="quantile",
            ax=ax,
            name=f"{name}, log loss {loss:.2f}",
        )
    ax.set(title=title, xlabel="probability", ylabel="fraction of the class")

# %%
# **Conclusion.** Calibrated, teacher and student have the lower log loss.
for before, after in losses.values():
    assert after < before
print("temperature of the calibration:", round(calibration.temperature_, 2))
