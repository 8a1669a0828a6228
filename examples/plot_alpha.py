"""
How much of the teacher?
========================

``alpha`` weighs the teacher's prediction against the label. The more noise there is in
the labels, the more the teacher is worth, and a grid search finds that out.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor

teacher = make_pipeline(SplineTransformer(), Ridge())
student = DecisionTreeRegressor(min_samples_leaf=3, random_state=0)
model = DistilledRegressor(
    teacher,
    student,
    transfer=None,
    refine=None,
    on_poor_teacher="ignore",
    random_state=0,
)
alphas = np.linspace(0, 1, 9)

# %%
# A search for each level of noise, scored by the labels without noise.
searches, curves = {}, {}
X, y_true = make_friedman1(3000, noise=0, random_state=0)
noise = np.random.default_rng(0).normal(size=500)
for level in (0.5, 2.0, 4.0):
    y = y_true[:500] + level * noise
    search = GridSearchCV(model, {"alpha": alphas}, cv=5).fit(X[:500], y)
    searches[level] = search.best_params_["alpha"]
    curves[level] = [
        model.set_params(alpha=alpha).fit(X[:500], y).score(X[500:], y_true[500:])
        for alpha in alphas
    ]

# %%
# A cross marks the alpha that the search chose by the noisy labels alone.
figure, ax = plt.subplots()
for level, curve in curves.items():
    (line,) = ax.plot(alphas, curve, marker="o", markersize=3, label=f"noise {level}")
    chosen = searches[level]
    score = np.interp(chosen, alphas, curve)
    ax.plot(chosen, score, "x", ms=11, mew=2.5, color=line.get_color())
ax.set(xlabel="alpha, the weight of the teacher", ylabel="R2 to the truth")
ax.legend()

# %%
# **Conclusion.** With much noise the teacher helps more than with little.
gains = {level: curve[-1] - curve[0] for level, curve in curves.items()}
assert gains[4.0] > gains[2.0] > gains[0.5]
print({level: round(gain, 2) for level, gain in gains.items()})
