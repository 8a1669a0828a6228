"""
Why must predictions be out-of-fold?
====================================

A teacher predicts samples that it was trained on, and these predictions carry the noise
of their own labels. Here the labels are nothing but noise, so there is nothing to
learn.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor

rng = np.random.default_rng(0)
X, noise = rng.normal(size=(400, 5)), rng.normal(size=400)
student = DecisionTreeRegressor(min_samples_leaf=3, random_state=0)

# %%
# The same teacher twice: by folds, as by default, and in-sample, for comparison only.
# The first knows that it knows nothing, and a warning would say so.
models = {}
for cross_fit in ("kfold", False):
    models[cross_fit] = DistilledRegressor(
        ExtraTreesRegressor(50, random_state=0),
        student,
        alpha=1.0,
        cross_fit=cross_fit,
        calibrate=None,
        transfer=None,
        refine=None,
        on_poor_teacher="ignore",
        random_state=0,
    ).fit(X, noise)

# %%
# What the two students say of their training samples, beside the labels.
figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharex=True, sharey=True)
titles = ["out-of-fold", "in-sample"]
correlations = []
for ax, model, title in zip(axes, models.values(), titles, strict=True):
    learned = model.predict(X)
    correlations.append(np.corrcoef(noise, learned)[0, 1])
    ax.scatter(noise, learned, s=8, alpha=0.6)
    ax.axline((0, 0), slope=1, color="0.6", linewidth=1)
    ax.set(title=f"{title}: correlation {correlations[-1]:.2f}", xlabel="noise")
axes[0].set_ylabel("the student's prediction")

# %%
# **Conclusion.** In-sample predictions hand the noise on to the student; out-of-fold
# ones have none to hand on.
assert correlations[1] > 0.8
assert abs(correlations[0]) < 0.2
