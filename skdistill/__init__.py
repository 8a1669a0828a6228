"""Knowledge distillation on tabular data, in scikit-learn's own idiom."""

from skdistill._version import __version__
from skdistill.bayesian import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
)
from skdistill.cascade import CascadeClassifier, CascadeRegressor
from skdistill.distilled import DistilledClassifier, DistilledRegressor
from skdistill.iterative import (
    CodistilledClassifier,
    CodistilledRegressor,
    NoisyStudentClassifier,
    NoisyStudentRegressor,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)
from skdistill.report import DistillationReport
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV

__all__ = [
    "BayesianDistilledClassifier",
    "BayesianDistilledRegressor",
    "CascadeClassifier",
    "CascadeRegressor",
    "CodistilledClassifier",
    "CodistilledRegressor",
    "DistillationReport",
    "DistilledClassifier",
    "DistilledClassifierCV",
    "DistilledRegressor",
    "DistilledRegressorCV",
    "NoisyStudentClassifier",
    "NoisyStudentRegressor",
    "SelfDistilledClassifier",
    "SelfDistilledRegressor",
    "__version__",
]
