"""Soft labels for classifiers that scikit-learn trains by the gradient of log loss.

With logits z, q = softmax(z), the label y and the soft label m, and d = m - onehot(y),
the loss of a sample on the soft label is ::

    log sum_k exp(z_k) - sum_k m_k z_k = CE(y, q) - sum_k d_k z_k

so its gradient is that on the label less d, and its Hessian is the same. scikit-learn's
own loss is asked for the label, and d is taken off: where soft labels are certain, d is
0, and the model is that of the labels bit for bit. With two classes there is one logit,
of which d is the second class's.

The labels' codes, which scikit-learn splits into training and validation samples, carry
d along.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from skdistill._sklearn import HalfBinomialLoss, HalfMultinomialLoss

__all__ = ["SoftCodes", "SoftLabelsLostError", "soft_loss"]


class SoftLabelsLostError(RuntimeError):
    """A release of scikit-learn treats labels in another way than is known."""

    def __init__(self) -> None:
        super().__init__(
            "This release of scikit-learn treats labels in another way than "
            "is known. Use a student that does not stop early, or another "
            "release of scikit-learn."
        )


class SoftCodes(np.ndarray):
    """Labels as codes, with the soft labels' difference from them.

    Attributes
    ----------
    shift : ndarray of shape (n_samples, n_classes), or (n_samples,) for two
        Soft labels minus onehot labels. None in what is computed from codes.
    """

    shift: NDArray | None = None

    @classmethod
    def of(cls, codes: NDArray, soft: NDArray, dtype: DTypeLike = np.float64) -> Self:
        """Return the codes of labels with their soft labels, which may be overwritten.

        Parameters
        ----------
        codes : ndarray of int of shape (n_samples,)
            The labels.
        soft : ndarray of shape (n_samples, n_classes)
            A probability for each class.
        dtype : dtype, default=float64
            That of `shift` for three classes or more. In single precision it is stored
            class by class, as histogram boosting stores its gradient.
        """
        result = codes.astype(np.float64).view(cls)
        if soft.shape[1] == 2:
            result.shift = soft[:, 1] - codes
        else:
            is_double = np.dtype(dtype) == np.float64
            shift = soft if is_double else np.asfortranarray(soft, dtype=dtype)
            shift[np.arange(len(codes)), codes] -= 1
            result.shift = shift
        return result

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if self.shift is not None and isinstance(part, SoftCodes):
            part.shift = self.shift[key]
        return part

    def __eq__(self, other: Any) -> Any:
        """Return the soft label of a class, which takes the place of ``codes == k``."""
        if self.shift is None or not isinstance(other, int):
            return super().__eq__(other)
        return (np.asarray(self) == other).astype(float) + self.shift[:, other]

    __hash__ = None

    @property
    def of_second(self) -> NDArray:
        """The soft labels of the second of two classes."""
        return np.asarray(self) + self.shift


class _SoftLoss:
    """Takes the difference of soft labels off a loss of scikit-learn on labels.

    Held-out labels may have no soft ones.
    """

    def loss(
        self,
        y_true: NDArray,
        raw_prediction: NDArray,
        sample_weight: NDArray | None = None,
        loss_out: NDArray | None = None,
        n_threads: int = 1,
    ) -> NDArray:
        loss = super().loss(  # type: ignore[misc]
            np.asarray(y_true), raw_prediction, None, loss_out, n_threads
        )
        shift = getattr(y_true, "shift", None)
        if shift is not None:
            shift = shift.reshape(len(loss), -1)
            loss -= np.einsum("ik,ik->i", shift, raw_prediction.reshape(shift.shape))
        if sample_weight is not None:
            loss *= sample_weight
        return loss

    def gradient(
        self,
        y_true: NDArray,
        raw_prediction: NDArray,
        sample_weight: NDArray | None = None,
        gradient_out: NDArray | None = None,
        n_threads: int = 1,
    ) -> NDArray:
        gradient = super().gradient(  # type: ignore[misc]
            np.asarray(y_true), raw_prediction, sample_weight, gradient_out, n_threads
        )
        return _take_off(gradient, y_true, sample_weight)

    def gradient_hessian(
        self,
        y_true: NDArray,
        raw_prediction: NDArray,
        sample_weight: NDArray | None = None,
        gradient_out: NDArray | None = None,
        hessian_out: NDArray | None = None,
        n_threads: int = 1,
    ) -> tuple[NDArray, NDArray]:
        gradient, hessian = super().gradient_hessian(  # type: ignore[misc]
            np.asarray(y_true),
            raw_prediction,
            sample_weight,
            gradient_out,
            hessian_out,
            n_threads,
        )
        return _take_off(gradient, y_true, sample_weight), hessian

    def fit_intercept_only(
        self, y_true: SoftCodes, sample_weight: NDArray | None = None
    ) -> NDArray:
        is_multiclass = self.is_multiclass  # type: ignore[attr-defined]
        soft = y_true if is_multiclass else y_true.of_second
        return super().fit_intercept_only(soft, sample_weight)  # type: ignore[misc]


def _take_off(gradient: NDArray, y_true: NDArray, weight: NDArray | None) -> NDArray:
    """Take the difference off the gradient of the training samples, in place."""
    shift = getattr(y_true, "shift", None)
    if shift is None:
        raise SoftLabelsLostError
    if weight is None:
        gradient -= shift
    else:  # Class by class, which needs no second array of this size.
        columns = (part.reshape(len(shift), -1).T for part in (gradient, shift))
        for column, off in zip(*columns, strict=True):
            column -= off * weight
    return gradient


def soft_loss(n_classes: int) -> Any:
    """Return the loss of scikit-learn that learns `SoftCodes`."""
    if n_classes == 2:
        return type("SoftBinomialLoss", (_SoftLoss, HalfBinomialLoss), {})()
    cls = type("SoftMultinomialLoss", (_SoftLoss, HalfMultinomialLoss), {})
    return cls(n_classes=n_classes)
