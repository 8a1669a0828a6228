"""
How many drawn samples pay?
===========================

The teacher predicts drawn samples, and the student learns them beside the 400 that have
labels. How many should there be for each of these?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor
from skdistill.transfer import MungeSampler, TransferSet

X, y = make_friedman1(3000, noise=1.0, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
teacher = make_pipeline(SplineTransformer(), Ridge())
sizes = (0, 1, 2, 5, 10, 20)
students = {
    "tree of 64 leaves": DecisionTreeRegressor(max_leaf_nodes=64),
    "forest of 10 such trees": RandomForestRegressor(10, max_leaf_nodes=64),
}

# %%
# Three seeds for each number; the band is their standard deviation.
figure, ax = plt.subplots()
gains = {}
for name, student in students.items():
    scores = [
        [
            DistilledRegressor(
                teacher,
                student,
                transfer=TransferSet(MungeSampler(), size=size) if size else None,
                refine=None,
                on_poor_teacher="ignore",
                random_state=seed,
            )
            .fit(X_train, y_train)
            .score(X_test, y_test)
            for size in sizes
        ]
        for seed in range(3)
    ]
    mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
    gains[name] = mean - mean[0]
    places = range(len(sizes))
    ax.plot(places, mean, marker="o", label=name)
    ax.fill_between(places, mean - spread, mean + spread, alpha=0.2)
ax.set(xticks=places, xticklabels=sizes)
ax.set(xlabel="drawn samples for each training sample", ylabel="R2 on held-out samples")
ax.legend()

# %%
# **Conclusion.** It depends on the student. One tree gains, and from the first samples
# most; a forest, which averages by itself, gains next to nothing here.
tree, forest = gains.values()
assert tree[4] > 0.05
assert tree[1] > tree[4] / 3
assert abs(forest).max() < 0.02
