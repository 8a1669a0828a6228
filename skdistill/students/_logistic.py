"""Logistic regression of scikit-learn learns soft labels by its own solvers.

With raw predictions z = X w and, for each sample, the difference d of soft labels from
onehot ones, its loss on soft labels is ::

    1 / sum_i s_i * sum_i s_i (CE(y_i, softmax(z_i)) - d_i z_i) + penalty

The samples' part of the new term is linear in w, so it is summed up once, as
``S = sum_i s_i d_i x_i / sum_i s_i``: each loss loses <S, w>, and each gradient S. No
step of a solver looks at soft labels. Where they are certain, S is 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import validate_data

from skdistill._sklearn import (
    LOGISTIC_ADVICE,
    HalfBinomialLoss,
    HalfMultinomialLoss,
    LinearModelLoss,
    NewtonCholeskySolver,
    count_iterations,
    linear_loss_keeps_float32,
    newton_cg,
    validate_params,
)
from skdistill._typing import Estimator, Table
from skdistill.students._class_weight import weigh_classes
from skdistill.students._duplication import classes_of
from skdistill.students._linear import WeightBalancedAdapter
from skdistill.students._registry import register
from skdistill.students._soft_codes import SoftCodes
from skdistill.targets import Target

__all__ = ["LogisticAdapter"]


# Which minimise the loss by its gradient over all samples.
_SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky")


class LogisticAdapter(WeightBalancedAdapter):
    """LogisticRegression with l2 penalty, by solvers of all samples."""

    trains_natively = True

    def learns_natively(self, student: Estimator) -> bool:
        is_its_own = type(student).fit is LogisticRegression.fit
        if LinearModelLoss is None or not is_its_own:
            return False
        params = student.get_params(deep=False)
        return (
            params["solver"] in _SOLVERS
            and params.get("penalty", "deprecated") in ("deprecated", "l2", None)
            and params.get("multi_class", "deprecated") == "deprecated"
            and not (params["l1_ratio"] or params["dual"])
        )

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        # What it does not know, or cannot learn, scikit-learn says itself.
        is_usual = len(classes_of(target)) > 1 and not fit_params
        if not is_usual or not self.learns_natively(student):
            return super().fit(student, X, target, fit_params)
        validate_params(student)
        self.resolve_class_weight(student, target)
        keeps_float32 = student.solver != "lbfgs" or linear_loss_keeps_float32()
        X = validate_data(
            student,
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32] if keeps_float32 else np.float64,
            order="C",
        )
        soft, weight = weigh_classes(student, target)
        codes = SoftCodes.of(target.labels, soft, dtype=X.dtype)
        weight = None if weight is None else weight.astype(X.dtype)
        loss = _SoftLinearLoss(student.fit_intercept, X, codes, weight)
        _keep(student, loss, X, *_minimise(student, loss, X, codes, weight))
        student.classes_ = classes_of(target)
        return student


class _SoftLinearLoss(LinearModelLoss or object):  # type: ignore[misc]
    """The loss of a linear model, which loses what soft labels add to it.

    Parameters
    ----------
    fit_intercept : bool
        Whether the model has an intercept.
    X : array of shape (n_samples, n_features)
        The samples.
    codes : SoftCodes of shape (n_samples,)
        Their labels.
    weight : ndarray of shape (n_samples,) or None
        Their weights.
    """

    def __init__(
        self, fit_intercept: bool, X: Table, codes: SoftCodes, weight: NDArray | None
    ) -> None:
        shift = codes.shift.astype(X.dtype, copy=False)  # type: ignore[union-attr]
        base = (
            HalfBinomialLoss()
            if shift.ndim == 1
            else HalfMultinomialLoss(n_classes=shift.shape[1])
        )
        super().__init__(base_loss=base, fit_intercept=fit_intercept)
        total: Any = len(codes)
        if weight is not None:
            shift, total = (shift.T * weight).T, weight.sum()
        sums = shift.T @ X
        if fit_intercept:
            # The intercepts are last.
            sums = np.concatenate([sums, shift.sum(axis=0)[..., None]], axis=-1)
        self.sums = sums / total

    def _sums_like(self, coef: NDArray) -> NDArray:
        """Return the sums in the shape of the weights, which may be one row."""
        return self.sums if coef.ndim == self.sums.ndim else self.sums.ravel(order="F")

    def _gain(self, coef: NDArray) -> float:
        # In double precision, as scikit-learn's loss is.
        return float(np.vdot(self._sums_like(coef), coef))

    def loss(self, coef: NDArray, *args: Any, **kwargs: Any) -> float:
        return super().loss(coef, *args, **kwargs) - self._gain(coef)

    def loss_gradient(
        self, coef: NDArray, *args: Any, **kwargs: Any
    ) -> tuple[float, NDArray]:
        loss, gradient = super().loss_gradient(coef, *args, **kwargs)
        return loss - self._gain(coef), gradient - self._sums_like(coef)

    def gradient(self, coef: NDArray, *args: Any, **kwargs: Any) -> NDArray:
        return super().gradient(coef, *args, **kwargs) - self._sums_like(coef)

    def gradient_hessian(
        self,
        coef: NDArray,
        *args: Any,
        gradient_out: NDArray | None = None,
        **kwargs: Any,
    ) -> tuple[NDArray, NDArray, bool]:
        gradient, *others = super().gradient_hessian(
            coef, *args, gradient_out=gradient_out, **kwargs
        )
        if gradient_out is None:
            gradient_out = gradient
        gradient_out -= self._sums_like(coef)
        return gradient_out, *others

    def gradient_hessian_product(
        self, coef: NDArray, *args: Any, **kwargs: Any
    ) -> tuple[NDArray, Any]:
        gradient, product = super().gradient_hessian_product(coef, *args, **kwargs)
        return gradient - self._sums_like(coef), product


def _minimise(
    student: Estimator,
    loss: _SoftLinearLoss,
    X: Table,
    codes: SoftCodes,
    weight: NDArray | None,
) -> tuple[NDArray, int]:
    """Return weights and intercepts, and the number of iterations."""
    start, y = _start(student, loss, X), np.asarray(codes, X.dtype)
    params, n_iter, tol = student.get_params(deep=False), student.max_iter, student.tol
    inverse = np.inf if params.get("penalty", "") is None else student.C
    # scikit-learn's own objective is a sum, not a mean.
    strength = 1.0 / (inverse * (len(y) if weight is None else weight.sum()))
    if student.solver == "newton-cholesky":
        solver = NewtonCholeskySolver(
            coef=start,
            linear_loss=loss,
            l2_reg_strength=strength,
            tol=tol,
            max_iter=n_iter,
            n_threads=1,
            verbose=student.verbose,
        )
        return solver.solve(X=X, y=y, sample_weight=weight), solver.iteration
    args = (X, y, weight, strength, 1)
    if student.solver == "newton-cg":
        return newton_cg(
            grad_hess=loss.gradient_hessian_product,
            func=loss.loss,
            grad=loss.gradient,
            x0=start,
            args=args,
            maxiter=n_iter,
            tol=tol,
            verbose=student.verbose,
        )
    found = optimize.minimize(
        loss.loss_gradient,
        start,
        method="L-BFGS-B",
        jac=True,
        args=args,
        options={
            "maxiter": n_iter,
            "maxls": 50,
            "gtol": tol,
            "ftol": 64 * np.finfo(float).eps,
        },
    )
    return found.x, count_iterations(
        "lbfgs", found, n_iter, extra_warning_msg=LOGISTIC_ADVICE
    )


def _start(student: Estimator, loss: _SoftLinearLoss, X: Table) -> NDArray:
    """Return zeros, or with a warm start what the student has learned before."""
    start = loss.init_zero_coef(X, dtype=X.dtype)
    if student.warm_start and hasattr(student, "coef_"):
        known = student.coef_
        if student.fit_intercept:
            known = np.column_stack([known, student.intercept_])
        start[:] = known.reshape(start.shape)
    return start.ravel(order="F")


def _keep(
    student: Estimator, loss: _SoftLinearLoss, X: Table, coef: NDArray, n_iter: int
) -> None:
    """Set what a fit of the student sets."""
    n_rows = 1 if loss.sums.ndim == 1 else len(loss.sums)
    coef = np.reshape(coef, (n_rows, -1), order="F").astype(X.dtype, order="C")
    intercept = np.zeros(n_rows, dtype=X.dtype)
    if student.fit_intercept:
        coef, intercept = coef[:, :-1], coef[:, -1]
    student.coef_, student.intercept_ = coef, intercept
    student.n_iter_ = np.array([n_iter], dtype=np.int32)


register("sklearn.linear_model._logistic.LogisticRegression", LogisticAdapter())
