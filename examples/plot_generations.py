"""
Does a student gain from itself?
================================

Each generation learns the mean of the labels and what the one before predicts, always
from models that did not see the label in question. Trees vary much, so there is
something to average out.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.tree import DecisionTreeRegressor

from skdistill import SelfDistilledRegressor

X, y = make_friedman1(3000, noise=3.0, random_state=0)
X_train, y_train, X_test, y_test = X[:400], y[:400], X[400:], y[400:]
figure, ax = plt.subplots()
gains = {}
for leaves in (3, 10, 30):
    model = SelfDistilledRegressor(
        DecisionTreeRegressor(min_samples_leaf=leaves), n_generations=3, random_state=0
    ).fit(X_train, y_train)
    gains[leaves] = model.losses_[0] - np.min(model.losses_)
    line, *_ = ax.plot(
        model.losses_, marker="o", label=f"at least {leaves} samples a leaf"
    )
    kept = model.generation_
    ax.plot(
        kept, model.losses_[kept], "o", ms=13, fillstyle="none", color=line.get_color()
    )
    print(leaves, model.reason_)
ax.set(xticks=range(4), xlabel="generation", ylabel="squared error, out-of-fold")
ax.set_title("circles: the generation that is kept", fontsize=10)
ax.legend()

# %%
# **Conclusion.** The smaller the leaves, the more there is to gain; a tree that
# averages already keeps what it was.
assert gains[3] > gains[10] > gains[30]
