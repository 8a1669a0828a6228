"""What a fitted model predicts after some of the rounds of its training."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skdistill._fitting import final_step
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter, round_of
from skdistill.students._registry import find_adapter
from skdistill.students._while_fitting import with_params

__all__ = [
    "ResumingAdapter",
    "RoundsAdapter",
    "has_stages",
    "keeping_stages",
    "last_step",
    "predict_stage",
]


class RoundsAdapter(StudentAdapter):
    """Models whose `predict` takes the number of rounds to predict with."""

    @abstractmethod
    def count_rounds(self, model: Estimator) -> int:
        """Return after how many rounds a fitted model predicts."""

    @abstractmethod
    def rounds_param(self, n_rounds: int) -> dict[str, Any]:
        """Return the parameter of `predict` for the first rounds alone."""

    def stages(
        self, model: Estimator, X: Table, method: str
    ) -> Iterator[NDArray] | None:
        if not hasattr(model, method):
            return None
        predict, n_rounds = self._predict(model, X, method), self.count_rounds(model)
        return (predict(n) for n in range(1, n_rounds + 1))

    def stage(
        self, model: Estimator, X: Table, method: str, fraction: float
    ) -> NDArray | None:
        if not hasattr(model, method):
            return None
        n_rounds = round_of(fraction, self.count_rounds(model))
        return self._predict(model, X, method)(n_rounds)

    def _predict(
        self, model: Estimator, X: Table, method: str
    ) -> Callable[[int], NDArray]:
        predict = partial(getattr(model, method), X)
        return lambda n: predict(**self.rounds_param(n))


class ResumingAdapter(StudentAdapter):
    """Students whose training can go on, on other labels.

    Attributes
    ----------
    training_rounds : str
        The parameter that says for how many rounds a student is trained.
    """

    training_rounds: str = "n_estimators"

    def planned_rounds(self, student: Estimator) -> int:
        """Return for how many rounds an unfitted student is to be trained."""
        return int(student.get_params()[self.training_rounds])

    def reason_not_to_resume(self, student: Estimator) -> str:
        """Return why parameters of a student do not let it; empty if they do."""
        return ""

    def resume(
        self,
        student: Estimator,
        X: Table,
        y: NDArray,
        n_rounds: int,
        params: Mapping[str, Any],
    ) -> None:
        """Train a fitted student for further rounds, on these labels.

        Parameters
        ----------
        student : estimator
            Fitted. All its parameters but `training_rounds` are as they were, and stay.
        X, y : array-like
            The samples and their labels.
        n_rounds : int
            The number of further rounds.
        params : mapping of str to object
            Parameters of `fit`.
        """
        own, of_fit = self.further(student, n_rounds)
        with with_params(student, **own):
            student.fit(X, y, **of_fit, **params)

    def further(
        self, student: Estimator, n_rounds: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a student's parameters for further rounds, and those of its `fit`."""
        raise NotImplementedError


def last_step(model: Estimator, X: Table) -> tuple[Estimator, Table]:
    """Return the last step of a fitted model, and what it sees of some samples.

    Parameters
    ----------
    model : estimator
        Fitted; a Pipeline or a FrozenEstimator is looked into.
    X : table of shape (n_samples, n_features)
        The samples, as the model sees them.

    Returns
    -------
    step : estimator
    X : table

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdistill.students import last_step
    >>> model = make_pipeline(StandardScaler(), Ridge()).fit([[0], [2]], [0, 1])
    >>> last_step(model, [[0], [4]])
    (Ridge(), array([[-1.],
           [ 3.]]))
    """
    if isinstance(model, FrozenEstimator):
        return last_step(model.estimator, X)
    if isinstance(model, Pipeline):
        X = model[:-1].transform(X) if len(model.steps) > 1 else X
        return last_step(model.steps[-1][1], X)
    return model, X


def has_stages(model: Estimator) -> bool:
    """Return whether it can be asked what a model predicts after some rounds.

    Parameters
    ----------
    model : estimator
        Fitted or not; a Pipeline, a FrozenEstimator or a TransformedTargetRegressor is
        looked into. An unfitted one may first have to be told by `keeping_stages`.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    >>> from skdistill.students import has_stages
    >>> has_stages(GradientBoostingRegressor()), has_stages(RandomForestRegressor())
    (True, False)
    """
    model = final_step(model)
    if isinstance(model, FrozenEstimator):
        return has_stages(model.estimator)
    return find_adapter(model).has_stages(model)


def keeping_stages(model: Estimator) -> Estimator:
    """Return an unfitted model that, once fitted, has the stages of its training.

    Boosting has them in any case. A perceptron's weights after some of its epochs must
    be kept while it is fitted: those nearest to ``max_iter * 2 ** (-k / 2)`` for
    k = 0, 1, 2, ...

    Parameters
    ----------
    model : estimator
        A Pipeline or a TransformedTargetRegressor is looked into.

    Returns
    -------
    model : estimator
        A clone where something is to be kept, else the model itself.

    Examples
    --------
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skdistill.students import keeping_stages, predict_stage
    >>> model = keeping_stages(MLPRegressor(tol=10.0, random_state=0))
    >>> model = model.fit([[0.0], [1.0]], [0.0, 4.0])
    >>> model.n_iter_, sorted(model.checkpoints_)
    (12, [1, 2, 3, 4, 6, 9, 12])
    >>> early = predict_stage(model, [[1.0]], "predict", 0.25)
    >>> (early < model.predict([[1.0]])).all()
    np.True_
    """
    if not isinstance(model, Pipeline):
        return find_adapter(model).keeping_stages(model)
    name, last = model.steps[-1]
    kept = keeping_stages(last)
    return model if kept is last else clone(model).set_params(**{name: kept})


def predict_stage(model: Estimator, X: Table, method: str, fraction: float) -> NDArray:
    """Return what a fitted model predicts after a fraction of its rounds.

    Parameters
    ----------
    model : estimator
        Fitted; a Pipeline, a FrozenEstimator or a TransformedTargetRegressor is looked
        into.
    X : table of shape (n_samples, n_features)
        The samples.
    method : {"predict", "predict_proba"}
        What is asked for.
    fraction : float
        From 0 to 1, which is what the model itself predicts; at least one round counts.

    Returns
    -------
    predictions : ndarray of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)

    Raises
    ------
    ValueError
        If the model has no stages.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.students import predict_stage
    >>> model = GradientBoostingRegressor(n_estimators=2, learning_rate=0.5)
    >>> model = model.fit([[0.0], [1.0]], [0.0, 4.0])
    >>> predict_stage(model, [[0.0], [1.0]], "predict", 0.5)
    array([1., 3.])
    """
    final, seen = last_step(model, X)
    found = find_adapter(final).stage(final, seen, method, fraction)
    if found is None:
        raise ValueError(
            f"The model must be trained in stages that can be asked for {method}. Got "
            f"{type(final).__name__}. Take boosting, a perceptron that was fitted to "
            "keep its stages, or the whole model."
        )
    return found
