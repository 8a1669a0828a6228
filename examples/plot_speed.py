"""
What does a row cost?
=====================

A forest, what it was distilled into, and the same as an ONNX model: microseconds for a
single row, and kilobytes. They hold for the machine that built this page.
"""

import pickle
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from onnxruntime import InferenceSession
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

from skdistill import DistilledRegressor
from skdistill.export import to_onnx

X, y = load_diabetes(return_X_y=True)
model = DistilledRegressor(
    RandomForestRegressor(200, n_jobs=1), GradientBoostingRegressor(), random_state=0
).fit(X, y)
onnx_model = to_onnx(model, X).SerializeToString()
session = InferenceSession(onnx_model, providers=["CPUExecutionProvider"])


def microseconds(predict, X, n_calls):
    """Return the shortest time of a single row, which hides other load."""
    times = []
    for row in range(n_calls):
        start = perf_counter()
        predict(X[row : row + 1])
        times.append(perf_counter() - start)
    return 1e6 * min(times)


# %%
# The same rows, one after the other.
single = X.astype(np.float32)
times = {
    "forest of 200 trees": microseconds(model.teacher_.predict, X, 20),
    "boosting, 100 trees": microseconds(model.student_.predict, X, 200),
    "the same in ONNX": microseconds(
        lambda row: session.run(None, {"X": row}), single, 200
    ),
}
sizes = [len(pickle.dumps(part)) for part in (model.teacher_, model.student_)]
sizes = np.array([*sizes, len(onnx_model)]) / 1000
figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
labels = ["microseconds for a row", "kilobytes"]
for ax, values, label in zip(axes, ([*times.values()], sizes), labels, strict=True):
    bars = ax.barh([*times], values, color=["C3", "C0", "C2"])
    ax.bar_label(bars, [f"{value:,.0f}" for value in values], padding=3)
    ax.set(xscale="log", xlabel=label)
    ax.margins(x=0.2)
axes[0].invert_yaxis()

# %%
# **Conclusion.** The student takes a small part of the teacher's time and bytes, and in
# the ONNX runtime a small part of that.
forest, boosting, onnx = times.values()
assert onnx < boosting < forest
assert sizes[1] < sizes[0] / 10
