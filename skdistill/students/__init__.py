"""Students: training any estimator on soft labels."""

from skdistill.students._copies import count_classes
from skdistill.students._counts import learns_counts
from skdistill.students._hist_boosting import fit_hist_boosting, stops_early
from skdistill.students._lightgbm import fit_lightgbm
from skdistill.students._mlp import fit_mlp
from skdistill.students._naive_bayes import fit_naive_bayes
from skdistill.students._neighbors import fit_neighbors
from skdistill.students._registry import register
from skdistill.students._regressors import LogitStudent, ProbabilityStudent
from skdistill.students._soft_labels import check_learns_soft_labels, fit_soft_labels
from skdistill.students._trees import (
    fit_extra_tree,
    fit_extra_trees,
    fit_forest,
    fit_tree,
)
from skdistill.students._xgboost import fit_xgboost

__all__ = [
    "LogitStudent",
    "ProbabilityStudent",
    "check_learns_soft_labels",
    "count_classes",
    "fit_soft_labels",
    "learns_counts",
    "register",
    "stops_early",
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
register("sklearn.neural_network._multilayer_perceptron.MLPClassifier", fit_mlp)
for name in (
    "GaussianNB",
    "MultinomialNB",
    "ComplementNB",
    "BernoulliNB",
    "CategoricalNB",
):
    register(f"sklearn.naive_bayes.{name}", fit_naive_bayes)
register("sklearn.tree._classes.DecisionTreeClassifier", fit_tree)
register("sklearn.tree._classes.ExtraTreeClassifier", fit_extra_tree)
register("sklearn.ensemble._forest.RandomForestClassifier", fit_forest)
register("sklearn.ensemble._forest.ExtraTreesClassifier", fit_extra_trees)
