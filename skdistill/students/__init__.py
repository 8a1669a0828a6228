"""Students: training any estimator on soft labels."""

from skdistill.students._hist_boosting import fit_hist_boosting
from skdistill.students._lightgbm import fit_lightgbm
from skdistill.students._neighbors import fit_neighbors
from skdistill.students._registry import register
from skdistill.students._regressors import LogitStudent, ProbabilityStudent
from skdistill.students._soft_labels import check_learns_soft_labels, fit_soft_labels
from skdistill.students._xgboost import fit_xgboost

__all__ = [
    "LogitStudent",
    "ProbabilityStudent",
    "check_learns_soft_labels",
    "fit_soft_labels",
    "register",
]

# By name, so that no library is imported before one of its students comes.
register("xgboost.sklearn.XGBClassifier", fit_xgboost, tempers_student=True)
register("lightgbm.sklearn.LGBMClassifier", fit_lightgbm, tempers_student=True)
register(
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting."
    "HistGradientBoostingClassifier",
    fit_hist_boosting,
)
register("sklearn.neighbors._classification.KNeighborsClassifier", fit_neighbors)
