"""
What is a column worth that only the teacher sees?
==================================================

A measurement that is taken a day later is no input of a model that predicts today. It
is known for the training samples, though, so the teacher may see it, and what it knows
from there reaches the student in its predictions.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

from skdistill import DistilledRegressor

weights = np.random.default_rng(0).normal(size=30)
sizes = (60, 100, 200, 400)


def scores(seed, size):
    """Return R2 of students that learn the labels, and a teacher with the column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2000, 30))
    truth = X @ weights
    later = truth + rng.normal(size=2000)
    y = later + 8 * rng.normal(size=2000)
    few, rest = slice(0, size), slice(size, None)
    models = [
        DistilledRegressor(
            Ridge(), Ridge(), alpha=alpha, transfer=None, on_poor_teacher="ignore"
        ).fit(X[few], y[few], X_privileged=later[few, None])
        for alpha in (0.0, 1.0)
    ]
    return [model.score(X[rest], truth[rest]) for model in models]


# %%
# Ten tables of each size. The label is what the later measurement says, and much noise.
found = np.array([[scores(seed, size) for size in sizes] for seed in range(10)])
mean, error = found.mean(axis=0), found.std(axis=0) / np.sqrt(10)
figure, ax = plt.subplots()
names = ["labels alone", "the teacher sees the later measurement"]
for name, one, spread in zip(names, mean.T, error.T, strict=True):
    ax.plot(sizes, one, marker="o", label=name)
    ax.fill_between(sizes, one - spread, one + spread, alpha=0.2)
ax.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="labelled samples")
ax.minorticks_off()
ax.set_ylabel("R2 to what is to be known today")
ax.legend()

# %%
# **Conclusion.** The student, which never sees the measurement, is better for it, and
# most where labels are few.
gain = mean[:, 1] - mean[:, 0]
assert (gain > 0).all()
assert gain[0] > gain[-1]
print(gain.round(2))
