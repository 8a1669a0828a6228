"""
What does a temperature let through?
====================================

A teacher that is nearly sure of a class says little of the others. Dividing its logits
by a temperature makes their order heard: which wrong digits does this one look like?
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
teacher = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=500)).fit(X, y)
logits = teacher.predict_log_proba(X_test)

# %%
# Three held-out digits of which the teacher is sure, and what it says at three
# temperatures.
sure = softmax(logits, axis=1).max(axis=1)
digits = [np.flatnonzero((y_test == digit) & (sure > 0.9))[0] for digit in (3, 7, 9)]
temperatures = (1, 2, 4)
figure, axes = plt.subplots(
    3, 4, figsize=(9, 5.5), width_ratios=[1, 2, 2, 2], sharey="col"
)
for row, sample in zip(axes, digits, strict=True):
    row[0].imshow(X_test[sample].reshape(8, 8), cmap="gray_r")
    row[0].set_axis_off()
    for ax, temperature in zip(row[1:], temperatures, strict=True):
        bars = ax.bar(range(10), softmax(logits[sample] / temperature))
        bars[y_test[sample]].set_color("C1")
        ax.set(xticks=range(10), ylim=(0, 1))
for ax, temperature in zip(axes[0, 1:], temperatures, strict=True):
    ax.set_title(f"T = {temperature}")
axes[1, 1].set_ylabel("probability")
for ax in axes[-1, 1:]:
    ax.set_xlabel("digit")

# %%
# **Conclusion.** The order of the classes stays; how much the wrong ones weigh together
# grows with the temperature.
wrong = [
    1 - softmax(logits[digits] / temperature, axis=1).max(axis=1).mean()
    for temperature in temperatures
]
assert wrong[0] < wrong[1] < wrong[2]
print(dict(zip(temperatures, np.round(wrong, 2), strict=True)))
