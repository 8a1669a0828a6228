"""
Which student for which budget?
===============================

A search distils several students from one teacher's work, and keeps the best that fits
into a number of leaves. Its frontier shows what each one scores and costs.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressorCV
from skdistill.displays import ParetoDisplay
from skdistill.transfer import TransferSet

X, y = make_friedman1(1500, noise=1.0, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
students = [
    ("tree of 16", DecisionTreeRegressor(max_leaf_nodes=16)),
    ("tree of 64", DecisionTreeRegressor(max_leaf_nodes=64)),
    ("10 stumps", GradientBoostingRegressor(n_estimators=10, max_depth=1)),
    ("5 trees of 8", GradientBoostingRegressor(n_estimators=5)),
    ("12 trees of 8", GradientBoostingRegressor(n_estimators=12)),
    ("40 trees of 4", GradientBoostingRegressor(n_estimators=40, max_depth=2)),
]

# %%
# All six, with at most 200 leaves.
search = DistilledRegressorCV(
    make_pipeline(SplineTransformer(), Ridge()),
    students,
    transfers=[TransferSet(size=4)],
    max_leaves=200,
    cv=3,
    random_state=0,
).fit(X_train, y_train)
frontier = search.frontier()
print(frontier[["score", "leaves", "is_best"]])

# %%
# Those that no other one beats in both are connected.
figure, ax = plt.subplots()
ParetoDisplay.from_search(search, cost="leaves", ax=ax)

# %%
# **Conclusion.** At this budget many small trees are worth more than one large one.
best = frontier.index[frontier["is_best"]][0]
assert best in ("12 trees of 8", "40 trees of 4")
assert frontier.loc[best, "score"] > frontier.loc["tree of 64", "score"] + 0.05
