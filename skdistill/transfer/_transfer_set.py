"""How a transfer set is made: who draws its samples, how many, and what they weigh."""

from numbers import Real
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

from skdistill._sklearn import HasMethods, Interval, StrOptions
from skdistill._typing import Sampler

__all__ = ["TransferSet"]

# How many samples are drawn for a training sample, and in all. Where training samples
# are many, drawn ones add little, and would cost ten times the work.
_PER_SAMPLE, _AT_MOST = 10, 100_000


class TransferSet(BaseEstimator):
    """What a student learns from beside its training samples: unlabeled ones.

    The transfer set holds the samples that `sampler` draws and the unlabeled samples
    given to `fit`. Their target is the teacher's prediction alone, whatever alpha is.

    Parameters
    ----------
    sampler : estimator, "auto" or None, default="auto"
        Draws samples: an estimator with `fit` and `sample`, such as those of
        `skdistill.transfer`. With "auto" the student decides which. If None, no sample
        is drawn, and the transfer set holds the given unlabeled samples only.
    size : float or "auto", default="auto"
        Samples drawn for each training sample, above 0. "auto" is ten, but at most
        100,000 in all.
    weight : float, default=1.0
        Weight of a sample of the transfer set, above 0, where a training sample weighs
        1 on average, without those of weight 0.

    References
    ----------
    Bucila, Caruana and Niculescu-Mizil, "Model Compression", KDD 2006; Hinton, Vinyals
    and Dean, "Distilling the Knowledge in a Neural Network", 2015, for the name.

    Examples
    --------
    >>> from skdistill.transfer import MungeSampler, TransferSet
    >>> transfer = TransferSet(MungeSampler(p=0.2), size=4)
    >>> transfer.get_params(deep=False)
    {'sampler': MungeSampler(p=0.2), 'size': 4, 'weight': 1.0}
    >>> transfer.count(300)
    1200

    A search reaches inside, as `GridSearchCV` does over a distilled estimator with
    ``{"transfer__size": [2, 10]}``:

    >>> transfer.set_params(size=2, sampler__p=0.5)
    TransferSet(sampler=MungeSampler(), size=2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sampler": [StrOptions({"auto"}), HasMethods(["fit", "sample"]), None],
        "size": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "weight": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        sampler: Sampler | str | None = "auto",
        *,
        size: float | str = "auto",
        weight: float = 1.0,
    ) -> None:
        self.sampler = sampler
        self.size = size
        self.weight = weight

    def validate(self) -> Self:
        """Check the parameters.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is not as described.
        """
        self._validate_params()
        return self

    def count(self, n_samples: int) -> int:
        """Return how many samples to draw beside so many training samples.

        Parameters
        ----------
        n_samples : int
            The number of training samples, at least 1.

        Returns
        -------
        n_drawn : int
            At least 1; 0 if `sampler` is None.
        """
        if self.sampler is None:
            return 0
        if isinstance(self.size, str):
            return min(_PER_SAMPLE * n_samples, _AT_MOST)
        return max(1, round(float(self.size) * n_samples))
