"""
What does a tree learn from a smooth teacher?
=============================================

Two half moons, and every sixth label is wrong. A tree of ten leaves that learns from
these labels spends leaves on wrong ones. The same tree, taught by nearest neighbours
that average wrong labels out, spends them on the moons.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

rng = np.random.default_rng(1)
X, y_true = make_moons(2300, noise=0.2, random_state=1)
y = np.where(rng.random(len(y_true)) < 1 / 6, 1 - y_true, y_true)
X_train, y_train, X_test, y_test = X[:300], y[:300], X[300:], y_true[300:]

# %%
# Teacher, baseline student and distilled student; both students are trees of one size.
tree = DecisionTreeClassifier(max_leaf_nodes=10, random_state=0)
model = DistilledClassifier(
    KNeighborsClassifier(25), tree, alpha=1.0, refine=None, random_state=0
).fit(X_train, y_train)
baseline = tree.fit(X_train, y_train)
models = {"teacher": model.teacher_, "baseline student": baseline, "distilled": model}
scores = {name: one.score(X_test, y_test) for name, one in models.items()}

# %%
# Every model's probability, with the labels that were learned.
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharex=True, sharey=True)
for ax, (name, one) in zip(axes, models.items(), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        one,
        X_train,
        response_method="predict_proba",
        ax=ax,
        cmap="RdBu_r",
        eps=0.3,
        alpha=0.5,
    )
    ax.scatter(*X_train.T, c=y_train, cmap="RdBu_r", s=14, edgecolor="w", linewidth=0.4)
    ax.set(title=f"{name}: {scores[name]:.1%} right", xticks=[], yticks=[])
    ax.grid(False)

# %%
# **Conclusion.** At one size, the tree that learned from the teacher is right more
# often.
assert scores["distilled"] > scores["baseline student"] + 0.01
print({name: round(score, 3) for name, score in scores.items()})
