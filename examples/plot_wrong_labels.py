"""
Can a teacher find the wrong labels?
====================================

A twentieth of the labels is ten times what it should be. ``trust="outliers"`` believes
the teacher alone where a label is far from what it predicts. The teacher here is robust
itself: a linear model on splines, with Huber's loss.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import HuberRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import DistilledRegressor

rng = np.random.default_rng(0)
X, y_true = make_friedman1(3000, noise=1.0, random_state=0)
is_wrong = rng.random(600) < 0.05
y = np.where(is_wrong, 10 * y_true[:600], y_true[:600])
X_train, X_test, y_test = X[:600], X[600:], y_true[600:]
teacher = make_pipeline(SplineTransformer(), HuberRegressor(max_iter=2000))
student = GradientBoostingRegressor(n_estimators=50)

# %%
# The baseline student, and the distilled one without and with trust. Wrong labels would
# mislead a calibration too, so there is none.
models = {
    "labels alone": {"alpha": 0},
    "distilled": {},
    "with trust": {"trust": "outliers"},
}
models = {
    name: DistilledRegressor(
        teacher,
        student,
        calibrate=None,
        on_poor_teacher="ignore",
        random_state=0,
        **parameters,
    ).fit(X_train, y)
    for name, parameters in models.items()
}
scores = {name: model.score(X_test, y_test) for name, model in models.items()}

# %%
# Each student's predictions for the right labels of new samples.
figure, axes = plt.subplots(1, 3, figsize=(10, 3.7), sharex=True, sharey=True)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    ax.scatter(y_test, model.predict(X_test), s=4, alpha=0.4)
    ax.axline((10, 10), slope=1, color="k", linewidth=1)
    ax.set(title=f"{name}: R2 {scores[name]:.2f}", xlabel="label", ylim=(0, 60))
axes[0].set_ylabel("prediction")

# %%
# **Conclusion.** Distillation from a robust teacher saves the student; trust, which
# leaves the wrong labels out, makes it better still.
assert scores["with trust"] > scores["distilled"] + 0.02
assert scores["with trust"] > scores["labels alone"] + 0.05
