"""Save fitted estimators of this version, to be loaded by the tests of later ones.

Done once for each release, on the lowest versions of the libraries, and committed::

    .venv-min/bin/python -m tests.save_models
"""

import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    __version__,
)
from tests.transfer.cases import SAMPLERS, fitted

FOLDER = Path(__file__).parent / "saved"


def save(folder: Path) -> Path:
    """Write estimators, samples and what they predict to a file of the version."""
    X, y = make_regression(40, 3, noise=1.0, random_state=0)
    _, labels = make_classification(40, 3, n_informative=3, n_redundant=0)
    # Parts that hold plain arrays, so that other versions of scikit-learn load them.
    ridge, bayes = Ridge(), GaussianNB()
    models = [
        DistilledRegressor(ridge, ridge, temperature=2, rescale=True).fit(X, y),
        DistilledRegressorCV(ridge, ridge, cv=2, transfers=(None,)).fit(X, y),
        DistilledClassifier(bayes, bayes).fit(X, labels),
        DistilledClassifier(bayes, ridge).fit(X, labels),  # By its logits.
        DistilledClassifierCV(bayes, bayes, cv=2, transfers=(None,)).fit(X, labels),
        *(fitted(sampler, X) for sampler in SAMPLERS if hasattr(sampler, "p")),
    ]
    saved = {str(model): (model, X, predictions_of(model, X)) for model in models}
    path = folder / f"{__version__}.pkl"
    folder.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps(saved, protocol=4))
    return path


def predictions_of(model, X) -> np.ndarray:
    """Return what an estimator predicts for samples, or draws."""
    if hasattr(model, "sample"):
        return model.sample(20)
    return getattr(model, "predict_proba", model.predict)(X)


if __name__ == "__main__":
    save(FOLDER)
