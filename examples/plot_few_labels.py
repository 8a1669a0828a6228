"""
What do unlabeled samples make up for?
======================================

Of 1,200 digits few have labels. A teacher that was fitted on these predicts the others,
and a tree learns them too, given as ``X_unlabeled``.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier

X, y = load_digits(return_X_y=True)
teacher = make_pipeline(MinMaxScaler(), LogisticRegression(C=0.3, max_iter=300))
student = DecisionTreeClassifier(max_leaf_nodes=60, random_state=0)
counts = (100, 200, 400, 800)

# %%
# Two splits, four numbers of labels.
scores = []
for seed in range(2):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=1200, stratify=y, random_state=seed
    )
    for count in counts:
        labelled, unlabeled = X_train[:count], X_train[count:]
        model = DistilledClassifier(
            teacher, student, alpha=1.0, transfer=None, cv=3, random_state=seed
        )
        model.fit(labelled, y_train[:count], X_unlabeled=unlabeled)
        baseline = clone(student).fit(labelled, y_train[:count])
        scores.append([one.score(X_test, y_test) for one in (baseline, model)])

# %%
# Mean over the splits.
baselines, distilled = np.reshape(scores, (2, len(counts), 2)).mean(axis=0).T
figure, ax = plt.subplots()
ax.plot(counts, baselines, marker="o", label="labels alone")
ax.plot(counts, distilled, marker="o", label="with the others")
ax.set(xscale="log", xticks=counts, xticklabels=counts, xlabel="digits with labels")
ax.minorticks_off()
ax.set_ylabel("accuracy on held-out digits")
ax.legend()

# %%
# **Conclusion.** With the others predicted, half of the labels do.
assert (distilled[:-1] > baselines[1:]).all()
