"""
Does a distilled student need fewer rounds?
===========================================

Boosting is better after each round, up to a point. The loss on held-out samples over the
rounds shows what a teacher is worth at each size, with refined leaves at the last alone.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import DistilledRegressor
from skdistill.displays import StagesDisplay

X, y = make_friedman1(3000, noise=2.0, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
student = GradientBoostingRegressor(n_estimators=150, random_state=0)
model = DistilledRegressor(
    make_pipeline(SplineTransformer(), Ridge()),
    student,
    alpha=0.8,
    refine=None,
    random_state=0,
).fit(X_train, y_train)
baseline = student.fit(X_train, y_train)

# %%
# Both students by their rounds.
figure, ax = plt.subplots()
display = StagesDisplay.from_estimator(model, X_test, y_test, baseline=baseline, ax=ax)
frame = display.frame()
print(frame.iloc[[0, 49, 149]])
