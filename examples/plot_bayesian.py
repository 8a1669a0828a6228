"""
What does a teacher from elsewhere add to six labels?
=====================================================

A Bayesian linear model takes its prior from a teacher of other samples, and says how
sure it is. Here a line is learned from six labels, without and with a teacher that saw
thirty.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.frozen import FrozenEstimator

from skdistill import BayesianDistilledRegressor

rng = np.random.default_rng(3)


def draw(n_samples, low, high):
    """Return samples of a line with noise."""
    x = rng.uniform(low, high, size=n_samples)
    return x[:, None], 1 + 1.5 * x + rng.normal(scale=1.0, size=n_samples)


X_elsewhere, y_elsewhere = draw(30, -3, 3)
X, y = draw(6, 0.5, 2)
teacher = BayesianDistilledRegressor(alpha=0, noise_variance=1.0)
teacher.fit(X_elsewhere, y_elsewhere)

# %%
# The band is two standard deviations of the mean.
grid = np.linspace(-3, 3, 100)[:, None]
truth = 1 + 1.5 * grid[:, 0]
figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharex=True, sharey=True)
widths, errors = [], []
for ax, alpha in zip(axes, (0.0, 0.5, 1.0), strict=True):
    model = BayesianDistilledRegressor(
        FrozenEstimator(teacher), alpha=alpha, noise_variance=1.0
    ).fit(X, y)
    design = np.column_stack([np.ones(len(grid)), grid])
    spread = np.sqrt(np.einsum("ij,jk,ik->i", design, model.covariance_, design))
    mean = model.predict(grid)
    ax.plot(grid, truth, color="k", linewidth=1, linestyle="--", label="truth")
    ax.plot(grid, mean, label="mean")
    low, high = mean - 2 * spread, mean + 2 * spread
    ax.fill_between(grid[:, 0], low, high, alpha=0.3, label="two deviations")
    ax.scatter(X, y, color="C3", zorder=3, s=20, label="labels")
    ax.set(title=f"alpha {alpha}", xlabel="x", ylim=(-8, 9))
    widths.append(spread.mean())
    errors.append(np.mean((mean - truth) ** 2))
axes[0].set_ylabel("y")
axes[-1].legend(loc="lower right")

# %%
# **Conclusion.** The more the teacher weighs, the narrower the band and the nearer the
# line.
assert widths[0] > widths[1] > widths[2]
assert errors[0] > errors[2]
print(np.round(widths, 2), np.round(errors, 2))
