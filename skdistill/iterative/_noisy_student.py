"""Noisy students: they learn unlabeled samples, and label them for the next one."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.parallel import Parallel, delayed

from skdistill._fitting import explaining_pickles, spawn_seeds
from skdistill._parameters import inherit_parameters
from skdistill._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
)
from skdistill._typing import Student, Table, Teachers
from skdistill._validation import check_splits
from skdistill._warnings import warn_again, warn_user, with_notes
from skdistill.distilled import (
    ClassifierDelegate,
    DistilledClassifier,
    DistilledRegressor,
    NamedPartsMixin,
    RegressorDelegate,
    check_names,
    inner_folds,
    student_of,
)
from skdistill.exceptions import NoUnlabeledSamplesWarning
from skdistill.flow import find_folds
from skdistill.iterative._base import BaseProcedure, Given, others_than
from skdistill.iterative._chain import Chain
from skdistill.iterative._choice import Choice
from skdistill.iterative._pseudo_labels import PseudoLabels, split_unlabeled
from skdistill.iterative._rounds import LAST, Peer, Watch
from skdistill.students import with_subsample
from skdistill.transfer import SwapNoiseSampler, TransferSet

__all__ = ["NoisyStudentClassifier", "NoisyStudentRegressor"]

_WITHOUT = others_than("teacher", "cross_fit", "memory")


class BaseNoisyStudent(NamedPartsMixin, BaseProcedure):
    """Base of both, which declares what neither takes over.

    Parameters
    ----------
    n_iterations : int, default=2
        How many students are fitted, each on what the one before says of the unlabeled
        samples; the first on what the teacher says.
    noise : sampler, "auto" or None, default="auto"
        What the student sees in place of an unlabeled sample: the sample as a sampler
        of `skdistill.transfer` varies it, such as ``JitterSampler(0.1)``. The teacher
        sees the sample as it is. "auto" is ``SwapNoiseSampler(0.15)``, and none
        where samples are sparse. If None, both see the same.
    subsample : float, default=None
        The noise in the student itself: the fraction of the samples that each tree of
        boosting or of a forest learns, above 0 and up to 1. If None, the student's own
        parameters decide.
    unlabeled_weight : float, default=1.0
        Weight of an unlabeled sample, above 0, where a labelled one weighs 1 on
        average.
    inner_cv : int or splitter, default=5
        The folds that make the teacher's out-of-fold predictions, by which it is
        calibrated, inside each fold of `cv`.
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_iterations": [Interval(Integral, 1, None, closed="left")],
        "noise": [StrOptions({"auto"}), HasMethods(["fit", "vary"]), None],
        "subsample": [Interval(Real, 0, 1, closed="right"), None],
        "unlabeled_weight": [Interval(Real, 0, None, closed="neither")],
        "inner_cv": ["cv_object"],
    }
    _without = _WITHOUT

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        n_iterations: int = 2,
        noise: Any = "auto",
        subsample: float | None = None,
        unlabeled_weight: float = 1.0,
        inner_cv: Any = 5,
        **inherited: Any,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.n_iterations = n_iterations
        self.noise = noise
        self.subsample = subsample
        self.unlabeled_weight = unlabeled_weight
        self.inner_cv = inner_cv
        super().__init__(**inherited)

    def _count_tasks(self, peers: list[Peer]) -> int:
        has_unlabeled = peers[0].data.X_unlabeled is not None
        return 1 + (self.choose and has_unlabeled)  # The last one fits what is kept.

    def _run(self, peers: list[Peer], watch: Watch) -> None:
        (peer,) = peers
        held_out = find_folds(peer.plan, peer.data) if self.choose else []
        stratify = peer.data.is_classification
        inner = check_splits(inner_folds(self.inner_cv, self.cv, stratify=stratify))
        chain = Chain(
            peer._replace(plan=replace(peer.plan, cv=inner)),
            self._labels(),
            self._noise(peer.data.X_unlabeled),
            spawn_seeds(peer.plan.seeds.transfer, self.n_iterations),
        )
        choice = self._find(chain, held_out, watch)
        self.iteration_, self.reason_ = choice
        every = np.arange(len(peer.data.y))
        with watch(*LAST):
            self.best_estimator_ = chain.fit(every, self.iteration_)[-1]

    def _find(self, chain: Chain, held_out: list[NDArray], watch: Watch) -> Choice:
        """Return which iteration is kept, by what those of the folds predict."""
        peer, self.losses_ = chain.peer, None
        if peer.data.X_unlabeled is None:
            missing = "There are no unlabeled samples to learn from"
            warn_user(
                f"{missing}: the baseline student is fitted. Pass X_unlabeled, or give "
                "samples the label -1 among those of classes.",
                NoUnlabeledSamplesWarning,
            )
            return Choice(0, f"{missing}.")
        if not self.choose:
            return Choice(self.n_iterations, "Took the last student, as asked for.")
        what = f"({len(held_out)} folds) Fitting {self.n_iterations} iterations"
        with watch("folds", what), explaining_pickles():
            parts = Parallel(n_jobs=self.n_jobs)(
                delayed(with_notes)(chain.out_of_fold, rows) for rows in held_out
            )
        order = np.argsort(np.concatenate(held_out))
        predictions = [
            np.concatenate(found)[order]
            for found in zip(*(part for part, _ in parts), strict=True)
        ]
        warn_again([note for _, notes in parts for note in notes])
        later = [f"the student of iteration {i + 1}" for i in range(self.n_iterations)]
        return self._choose(peer, predictions, ["the baseline student", *later])

    def _noise(self, X_unlabeled: Table | None) -> Any:
        """Return the sampler that varies unlabeled samples, if any."""
        if not isinstance(self.noise, str):
            return self.noise
        return None if sparse.issparse(X_unlabeled) else SwapNoiseSampler()

    def _given(self, given: Given) -> Given:
        check_names(self)
        return given

    def _labels(self) -> PseudoLabels:
        return PseudoLabels()

    def _models(self) -> dict[str, Any]:
        student = self.student
        if self.subsample is not None:
            student = with_subsample(student_of(self), self.subsample)
        model = self._build(
            student=student,
            alpha=0.0,
            transfer=TransferSet(None, weight=self.unlabeled_weight),
            refine=None,
            on_poor_teacher="ignore",
        )
        return {"distilled": model}


@inherit_parameters(
    BaseNoisyStudent, BaseProcedure, DistilledRegressor, without=_WITHOUT
)
class NoisyStudentRegressor(RegressorDelegate, BaseNoisyStudent):
    """Regressor that learns unlabeled samples, and then labels them for the next one.

    The computation during `fit` is::

        t = calibrated predictions of teacher for X_unlabeled
        for each iteration:
            student_ = clone(student).fit([X, noisy(X_unlabeled)], [y, t])
            t = predictions of student_ for X_unlabeled

    The teacher labels the clean sample, the student sees the noisy one. The student of
    the least loss on held-out samples is kept; of the baseline student's, which learns
    X and y alone, it must be less by more than the noise. Labelled samples stay clean.

    Parameters
    ----------
    student : estimator, default=None
        The regressor to fit. If None, ``GradientBoostingRegressor(n_estimators=100,
        learning_rate=0.1, max_depth=3)`` is used.

    Attributes
    ----------
    student_ : estimator
        The fitted student that is kept, a plain estimator to ship.
    best_estimator_ : DistilledRegressor
        What holds it.
    iteration_ : int
        Which student is kept; 0 is the baseline student.
    losses_ : list of float or None
        The mean loss on held-out samples of the baseline student and that of each
        iteration; None without `choose`.
    reason_ : str
        What was kept, and why, in a sentence.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledRegressor : One step, on labels that are mixed with predictions.

    References
    ----------
    .. [1] Xie, Luong, Hovy and Le, "Self-training with Noisy Student improves ImageNet
       classification", 2020, algorithm 1, carried over to values.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import NoisyStudentRegressor
    >>> X, y = make_friedman1(1000, noise=1.0, random_state=0)
    >>> model = NoisyStudentRegressor(
    ...     Ridge(), DecisionTreeRegressor(), n_iterations=1, random_state=0
    ... ).fit(X[:100], y[:100], X_unlabeled=X[100:])
    >>> model.iteration_
    1
    """

    _distilled_type = DistilledRegressor

    def __init__(
        self, teacher: Teachers = None, student: Student | None = None, **inherited: Any
    ) -> None:
        super().__init__(teacher, student, **inherited)


@inherit_parameters(
    BaseNoisyStudent, BaseProcedure, DistilledClassifier, without=_WITHOUT
)
class NoisyStudentClassifier(ClassifierDelegate, BaseNoisyStudent):
    """Classifier that learns unlabeled samples, and then labels them for the next one.

    The computation during `fit` is::

        p = calibrated probabilities of teacher for X_unlabeled
        for each iteration:
            chosen = X_unlabeled where max(p) >= confidence, balanced if asked for
            student_ = clone(student) fitted to labels of X and p of noisy(chosen)
            p = probabilities of student_ for X_unlabeled

    The teacher labels the clean sample, the student sees the noisy one. The student of
    the least loss on held-out samples is kept; of the baseline student's, which learns
    X and y alone, it must be less by more than the noise. Labelled samples stay clean.
    Samples of X with the label -1 are unlabeled too, as in scikit-learn, unless less
    than two other classes were left; their weights do not count.

    Parameters
    ----------
    confidence : float, default=0.3
        Unlabeled samples whose most probable class has less than that are left out.
    balance : bool, default=False
        Whether each class that the teacher predicts gets equally many of the unlabeled
        samples: the surest ones, and where there are too few, some several times. It
        moves the probabilities of rare classes upwards.
    soft_labels : bool, default=True
        Whether the student learns the probabilities of all classes. If False, it learns
        the most probable class.

    Attributes
    ----------
    student_ : estimator
        The fitted student that is kept, a plain estimator to ship.
    best_estimator_ : DistilledClassifier
        What holds it.
    iteration_ : int
        Which student is kept; 0 is the baseline student.
    losses_ : list of float or None
        The mean loss on held-out samples of the baseline student and that of each
        iteration; None without `choose`.
    reason_ : str
        What was kept, and why, in a sentence.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledClassifier : One step, on labels that are mixed with predictions.

    References
    ----------
    .. [1] Xie, Luong, Hovy and Le, "Self-training with Noisy Student improves ImageNet
       classification", 2020, algorithm 1. There labelled samples are noisy too, and the
       student is at least as large as the teacher.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import NoisyStudentClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> y = np.where(np.arange(len(y)) < 80, y, -1)
    >>> model = NoisyStudentClassifier(
    ...     make_pipeline(StandardScaler(), LogisticRegression()),
    ...     DecisionTreeClassifier(),
    ...     n_iterations=1,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.iteration_
    1
    """

    _parameter_constraints: ClassVar[dict] = {
        "confidence": [Interval(Real, 0, 1, closed="both")],
        "balance": ["boolean"],
        "soft_labels": ["boolean"],
    }
    _distilled_type = DistilledClassifier

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        confidence: float = 0.3,
        balance: bool = False,
        soft_labels: bool = True,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.confidence = confidence
        self.balance = balance
        self.soft_labels = soft_labels

    def _given(self, given: Given) -> Given:
        return split_unlabeled(self, super()._given(given))

    def _labels(self) -> PseudoLabels:
        return PseudoLabels(self.confidence, self.balance, self.soft_labels)
