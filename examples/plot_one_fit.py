"""
What does one fit buy?
======================

A tree, boosting and a network learn a function of ten features, once from 800 labels
alone and once from a slow teacher beside them, with all defaults. Their size stays the
same.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor

X, y = make_friedman1(4000, noise=1.0, random_state=0)
X_train, y_train, X_test, y_test = X[:800], y[:800], X[800:], y[800:]
teacher = make_pipeline(StandardScaler(), SVR(C=30, gamma=0.05))
network = MLPRegressor(
    hidden_layer_sizes=32,
    learning_rate_init=0.01,
    max_iter=500,
    tol=0.01,
    random_state=0,
)
students = {
    "tree of 64 leaves": DecisionTreeRegressor(max_leaf_nodes=64, random_state=0),
    "boosting, 40 trees": GradientBoostingRegressor(n_estimators=40, random_state=0),
    "network of 32 units": make_pipeline(StandardScaler(), network),
}

# %%
# One fit for each student.
scores = {}
for name, student in students.items():
    baseline = clone(student).fit(X_train, y_train)
    model = DistilledRegressor(teacher, student, random_state=0).fit(X_train, y_train)
    scores[name] = [one.score(X_test, y_test) for one in (baseline, model)]
lead = model.teacher_.score(X_test, y_test)

# %%
# The bars begin where the baseline student ends.
before, after = np.array([*scores.values()]).T
figure, ax = plt.subplots()
ax.barh([*scores], before, color="0.8", label="labels alone")
ax.barh([*scores], after - before, left=before, label="distilled")
ax.axvline(lead, color="k", linestyle="--", label="teacher")
ax.set(xlabel="R2 on held-out samples", xlim=(0.5, 1))
ax.invert_yaxis()
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)

# %%
# **Conclusion.** Each of the three students is better at no cost in size.
assert (after > before).all()
recovered = (after - before) / (lead - before)
print(dict(zip(scores, recovered.round(2), strict=True)))
