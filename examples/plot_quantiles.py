"""
Does a student of quantiles keep its level?
===========================================

A student of the 0.9 quantile learns drawn samples too, with labels that are drawn: the
teacher's prediction and an out-of-fold residual of a sample like it. Where noise grows
with the level, so should the band between two such students.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import DistilledRegressor


def draw(n_samples, seed):
    """Return samples whose noise grows with the level."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 6, size=n_samples)
    level = 2 + x + np.sin(2 * x)
    return x[:, None], level + 0.25 * level * rng.normal(size=n_samples)


X, y = draw(300, 0)
X_test, y_test = draw(4000, 1)
teacher = make_pipeline(SplineTransformer(n_knots=8), Ridge(0.1))

# %%
# Two students, of the quantiles 0.1 and 0.9.
grid = np.linspace(0, 6, 300)[:, None]
figure, ax = plt.subplots()
ax.scatter(X, y, s=6, color="0.7", label="training samples")
bands, below = [], {}
for quantile in (0.1, 0.9):
    student = GradientBoostingRegressor(
        loss="quantile", alpha=quantile, n_estimators=60, max_depth=2
    )
    model = DistilledRegressor(teacher, student, random_state=0).fit(X, y)
    bands.append(model.predict(grid))
    below[quantile] = np.mean(y_test <= model.predict(X_test))
ax.fill_between(grid[:, 0], *bands, alpha=0.3, label="between the students")
ax.set(xlabel="x", ylabel="y")
ax.legend(loc="upper left")

# %%
# **Conclusion.** The fractions of new labels below the students are near their levels.
assert all(abs(found - quantile) < 0.05 for quantile, found in below.items())
print({quantile: round(float(found), 3) for quantile, found in below.items()})
