"""
Which samples can be drawn?
===========================

A teacher predicts any sample, so a student can learn as many as are drawn. They should
lie where the data lie. Here the data are a spiral, and five samplers draw 1,500 samples
each.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import NearestNeighbors

from skdistill.transfer import (
    ConditionalSampler,
    JitterSampler,
    MixupSampler,
    MungeSampler,
    SwapNoiseSampler,
)

rng = np.random.default_rng(0)
angle = np.sqrt(rng.uniform(0.5, 9, size=400)) * np.pi
X = np.column_stack([angle * np.cos(angle), angle * np.sin(angle)])
X += rng.normal(scale=0.15, size=X.shape)

# %%
# Each sampler is fitted on the 400 samples.
samplers = (
    MungeSampler(random_state=0),
    ConditionalSampler(random_state=0),
    JitterSampler(random_state=0),
    MixupSampler(random_state=0),
    SwapNoiseSampler(random_state=0),
)
nearest = NearestNeighbors(n_neighbors=1).fit(X)
figure, axes = plt.subplots(1, 5, figsize=(12, 2.9), sharex=True, sharey=True)
distances = {}
for ax, sampler in zip(axes, samplers, strict=True):
    drawn = sampler.fit(X).sample(1500)
    name = type(sampler).__name__
    distances[name] = nearest.kneighbors(drawn)[0].mean()
    ax.scatter(*drawn.T, s=2, alpha=0.5)
    ax.scatter(*X.T, s=1, color="k")
    ax.set(title=f"{name}\n{distances[name]:.2f} off", xticks=[], yticks=[], aspect=1)
    ax.grid(False)

# %%
# **Conclusion.** Samplers that look at neighbours stay with the data; mixup and swap
# noise fill the gaps, where nothing is and the teacher knows nothing.
assert max(distances["MungeSampler"], distances["JitterSampler"]) < min(
    distances["MixupSampler"], distances["SwapNoiseSampler"]
)
