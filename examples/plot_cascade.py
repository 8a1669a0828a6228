"""
Which samples should go on to the teacher?
==========================================

A student that is nearly good enough can send some samples to its teacher. A small model
learns which ones gain most; at random, the score would rise along a straight line.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import CascadeRegressor, DistilledRegressor
from skdistill.displays import CascadeDisplay

X, y = make_friedman1(3000, noise=0.5, random_state=0)
X_train, y_train, X_test, y_test = X[:800], y[:800], X[800:], y[800:]
pair = DistilledRegressor(
    make_pipeline(SplineTransformer(), Ridge()),
    GradientBoostingRegressor(n_estimators=5, max_depth=2),
    transfer=None,
)
cascade = CascadeRegressor(pair, budget=0.3, cv=3, random_state=0).fit(X_train, y_train)

# %%
# The score over the fraction that is sent.
figure, ax = plt.subplots()
curve = CascadeDisplay.from_estimator(cascade, X_test, y_test, ax=ax).frame()

# %%
# **Conclusion.** A third of the samples, chosen well, brings more than half of what the
# teacher has over the student, and about as many are sent as the budget says.
alone, with_all = curve["score"].iloc[[0, -1]]
lead = with_all - alone
gained = np.interp(0.3, curve["fraction"], curve["score"]) - alone
sent = cascade.defer(X_test).mean()
assert gained > lead / 2
assert sent < 0.33
print(f"{sent:.0%} of the samples are sent, {gained / lead:.0%} of the lead is gained")
