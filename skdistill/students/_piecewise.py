"""What an adapter knows of training on samples that are never together in memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from skdistill._typing import Estimator, Table

__all__ = ["Blocks", "PiecewiseAdapter"]

# Each call begins anew: samples, their target and their weights, block by block.
Blocks: TypeAlias = Callable[[], Iterator[tuple[Table, NDArray, NDArray | None]]]


class PiecewiseAdapter:
    """Base of the adapters: trains on no pieces, unless a subclass overrides that."""

    trains_distributed: bool = False
    trains_in_blocks: bool = False

    def fit_distributed(
        self, student: Estimator, X: Any, mixed: Any, weight: Any, client: Any
    ) -> Estimator:
        """Fit a student on samples that lie on the workers of a Dask cluster.

        Parameters
        ----------
        student : estimator
            Unfitted, to be fitted in place; one that `reason_not_to_distribute` has
            nothing against.
        X : dask.array.Array or dask.dataframe.DataFrame
            The samples, in partitions.
        mixed : dask.array.Array of shape (n_samples,) or (n_samples, n_classes)
            Their target in as many partitions: values, or probabilities.
        weight : dask.array.Array of shape (n_samples,) or None
            Their weights.
        client : distributed.Client
            The client of the cluster.

        Returns
        -------
        student : fitted estimator
        """
        raise NotImplementedError

    def reason_not_to_distribute(self, student: Estimator, soften: str) -> str:
        """Return why a student's parameters rule `fit_distributed` out, else ""."""
        return ""

    def fit_in_blocks(
        self, student: Estimator, blocks: Blocks, folder: Path
    ) -> Estimator:
        """Fit a student on samples that come block by block.

        Parameters
        ----------
        student : estimator
            Unfitted, to be fitted in place; one that `reason_not_in_blocks` has nothing
            against.
        blocks : callable
            Each call returns an iterator over all blocks: the samples, their target
            (values, or a probability for each class), and their weights or None.
        folder : Path
            Holds files until the student is fitted.

        Returns
        -------
        student : fitted estimator
        """
        raise NotImplementedError

    def reason_not_in_blocks(self, student: Estimator, soften: str) -> str:
        """Return why the parameters of a student rule `fit_in_blocks` out, else ""."""
        return ""
