"""
When does boosting begin to learn the noise?
============================================

With noisy labels boosting is best after some rounds, and worse after more. A teacher
that has averaged the noise out lets it go on.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import DistilledRegressor
from skdistill.displays import StagesDisplay

X, y = make_friedman1(3000, noise=5.0, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
student = GradientBoostingRegressor(n_estimators=150, random_state=0)
model = DistilledRegressor(
    make_pipeline(SplineTransformer(), Ridge()),
    student,
    alpha=1.0,
    refine=None,
    random_state=0,
).fit(X_train, y_train)
baseline = student.fit(X_train, y_train)

# %%
# Both students by their rounds.
figure, ax = plt.subplots()
display = StagesDisplay.from_estimator(model, X_test, y_test, baseline=baseline, ax=ax)
frame = display.frame()
best = frame.idxmax()

# %%
# **Conclusion.** The baseline student is at its best early and loses much of that
# later; the distilled one loses next to nothing.
lost = frame.max() - frame.iloc[-1]
assert best["baseline student"] < 75
assert lost["distilled student"] < lost["baseline student"] / 3
print(lost.round(3).to_dict())
