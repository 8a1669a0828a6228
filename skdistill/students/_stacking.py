"""A stack cross-fits its members, which splits its training samples."""

from skdistill._typing import Estimator
from skdistill.students._adapter import StudentAdapter
from skdistill.students._registry import register

__all__ = ["StackingAdapter"]


class StackingAdapter(StudentAdapter):
    """StackingClassifier."""

    def ways_to_split(self, student: Estimator) -> list[str]:
        return [type(student).__name__, *super().ways_to_split(student)]


register("sklearn.ensemble._stacking.StackingClassifier", StackingAdapter())
