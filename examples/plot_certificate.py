"""
How far can the student stray from the teacher?
===============================================

A certificate is a bound on the distance between the two, from held-out samples without
labels. Nothing is assumed of the models. Does it hold for samples that it has not seen?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skdistill import DistilledRegressor
from skdistill.inspect import FidelityCertificate

X, y = make_friedman1(6400, noise=1.0, random_state=0)
model = DistilledRegressor(
    make_pipeline(SplineTransformer(), Ridge()),
    GradientBoostingRegressor(n_estimators=40),
    random_state=0,
).fit(X[:400], y[:400])

# %%
# A certificate from 500 held-out samples, one of many that could have been drawn.
held_out, new = X[400:900], X[900:]
certificate = FidelityCertificate.from_estimator(model, held_out, level=0.9)
print(certificate)

# %%
# The same for 200 draws of 500 samples, each tried on those that are left.
distance = np.abs(model.teacher_.predict(X[400:]) - model.predict(X[400:]))
rng = np.random.default_rng(0)
covered = []
for _ in range(200):
    order = rng.permutation(len(distance))
    drawn, rest = distance[order[:500]], distance[order[500:]]
    bound = FidelityCertificate.from_values(drawn, np.zeros(500), level=0.9).bound
    covered.append(np.mean(rest <= bound))

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8))
axes[0].hist(distance, bins=60, color="0.7")
axes[0].axvline(certificate.bound, color="C1", label=f"bound {certificate.bound:.2f}")
axes[0].set(xlabel="distance from the teacher", ylabel="samples")
axes[0].legend()
axes[1].hist(covered, bins=20)
axes[1].axvline(np.mean(covered), color="C1", label=f"mean {np.mean(covered):.3f}")
axes[1].axvline(0.9, color="k", linestyle="--", label="promised")
axes[1].set(xlabel="fraction of new samples within the bound", ylabel="certificates")
axes[1].legend()

# %%
# **Conclusion.** On average over certificates, at least nine of ten new samples are
# within the bound, as promised; a single certificate may be a little off.
assert np.mean(covered) > 0.895
