"""Knowledge distillation on tabular data, in scikit-learn's own idiom."""

from skdistill._version import __version__
from skdistill.distilled import DistilledClassifier, DistilledRegressor

__all__ = ["DistilledClassifier", "DistilledRegressor", "__version__"]
