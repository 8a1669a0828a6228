"""
Are three teachers better than one?
===================================

A forest, nearest neighbours and a linear model on splines know different things.
``combine="stack"`` weighs them by their out-of-fold predictions.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from skdistill import DistilledRegressor

X, y = make_friedman1(3000, noise=1.5, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
teachers = [
    ("trees", ExtraTreesRegressor(60, min_samples_leaf=3, bootstrap=True)),
    ("neighbours", make_pipeline(StandardScaler(), KNeighborsRegressor(10))),
    ("splines", make_pipeline(SplineTransformer(), Ridge())),
]
student = GradientBoostingRegressor(n_estimators=40)

# %%
# Each alone, all alike, and all weighed. ``memory`` would keep their work.
choices = {name: (teacher, {}) for name, teacher in teachers}
choices["uniform"] = teachers, {"combine": "uniform"}
choices["stack"] = teachers, {"combine": "stack"}
scores = {}
for name, (teacher, parameters) in choices.items():
    model = DistilledRegressor(
        teacher, student, on_poor_teacher="ignore", random_state=0, **parameters
    ).fit(X_train, y_train)
    scores[name] = model.score(X_test, y_test)
    scores[f"{name} (teacher)"] = model.teacher_.score(X_test, y_test)
weights = " ".join(f"{weight:.2f}" for weight in model.combination_.weights_)

# %%
# Students beside their teachers.
figure, ax = plt.subplots()
places = range(len(choices))
ax.scatter(places, [scores[name] for name in choices], 90, label="student")
ax.scatter(
    places,
    [scores[f"{name} (teacher)"] for name in choices],
    700,
    color="k",
    marker="_",
    label="teacher",
)
ax.set(
    xticks=places,
    xticklabels=choices,
    ylabel="R2 on held-out samples",
    xlim=(-0.5, len(choices) - 0.5),
)
ax.set_title(f"weights of the stack: {weights}", fontsize=10)
ax.legend(loc="lower right", markerscale=0.6)

# %%
# **Conclusion.** Weighed teachers teach at least as well as the best of them, and
# better than a plain mean.
assert scores["stack"] > max(scores[name] for name, _ in teachers) - 0.01
assert scores["stack"] > scores["uniform"]
