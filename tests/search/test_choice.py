import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import SelectKBest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill.search._choice import PRIOR, choose, expect_gain
from skdistill.search._linear import best_alpha
from skdistill.students import is_linear_in_targets

BASELINE = np.array([0.50, 0.60, 0.55, 0.52, 0.58])
TEACHER, CONSTANT = BASELINE + 0.2, np.zeros(5)


def by_column(transformer):
    return make_column_transformer((transformer, [0, 1]), remainder="passthrough")


def chosen(*candidates, teacher=TEACHER, constant=CONSTANT):
    scores = np.array([BASELINE, *candidates])
    names = ["baseline", *(f"candidate {i}" for i in range(1, len(scores)))]
    return choose(scores, teacher, constant, names)


def test_the_best_candidate_is_taken_if_it_is_better_on_all_folds():
    choice = chosen(BASELINE + 0.1, BASELINE + 0.12, BASELINE - 0.1)
    assert choice.index == 2
    assert choice.reason.startswith("Chose distillation: candidate 2 scores 0.67")


# Mean 0.01; the standard error is 0.0316 / sqrt(5) = 0.0141.
PAIRED = np.array([0.05, -0.03, 0.01, 0.03, -0.01])


def test_a_gain_within_its_error_is_believed_where_the_teacher_leads_by_much():
    choice = chosen(BASELINE + PAIRED)
    assert choice.index == 1
    assert (
        "difference is 0.01, with a standard error of 0.0141; it must be above 0.5 "
        "of that"
    ) in choice.reason
    of_little = BASELINE + 0.01
    choice = chosen(BASELINE + PAIRED, teacher=of_little)
    assert choice.index == 0
    assert "harm has a probability of 0.32; it may have 0.25" in choice.reason
    assert chosen(BASELINE + PAIRED + 0.02, teacher=of_little).index == 1


def test_no_lead_of_the_teacher_makes_up_for_a_loss_on_the_folds():
    for teacher in (BASELINE + 0.1, BASELINE + 2):
        assert chosen(BASELINE + PAIRED - 0.011, teacher=teacher).index == 0
        # By 0.0055 they gain, but not by half of the standard error.
        assert chosen(BASELINE + PAIRED - 0.0045, teacher=teacher).index == 0
    assert chosen(BASELINE + 0.001).index == 1
    assert chosen(BASELINE).index == 0


def test_what_is_expected_is_the_posterior_of_a_normal_mean():
    difference, error, lead = 0.03, 0.01, 0.1
    gains = np.linspace(-1, 1, 200_001)
    fraction, spread, error_factor, floor = PRIOR
    density = norm.pdf(gains, fraction * lead, np.hypot(spread * lead, floor * error))
    density *= norm.pdf(difference, gains, error_factor * error)
    density /= density.sum()
    mean = (gains * density).sum()
    scale = np.sqrt(((gains - mean) ** 2 * density).sum())
    assert_allclose(expect_gain(difference, error, lead), (mean, scale), rtol=1e-6)
    # Of no error the folds are right, of no lead nothing is expected beside them.
    assert expect_gain(0.03, 0.0, 0.1)[0] == pytest.approx(0.03)
    assert abs(expect_gain(0.03, 0.01, 0.0)[0]) < 0.03


@pytest.mark.parametrize(
    ("lead", "gain", "most"), [(0, 0, 0.3), (1, -1, 0.02), (1.5, -0.3, 0.2)]
)
def test_what_gains_nothing_is_seldom_taken(lead, gain, most):
    """Take three candidates on noise, and ones that lose as much as teachers lead."""
    rng = np.random.default_rng(0)
    taken = []
    for _ in range(300):
        shared, *noise = rng.normal(size=(4, 5))
        candidates = [BASELINE + gain + (shared + one) / 2 for one in noise]
        teacher = BASELINE + lead + shared
        taken.append(chosen(*candidates, teacher=teacher, constant=teacher - 9).index)
    assert np.mean(np.array(taken) > 0) < most


def test_a_teacher_below_the_baseline_student_keeps_it():
    choice = chosen(BASELINE + 0.1, teacher=BASELINE - 0.01)
    assert choice.index == 0
    assert "teacher's score is 0.54, the baseline student's 0.55" in choice.reason


def test_a_teacher_that_knows_nothing_keeps_the_baseline_student():
    around = np.array([0.1, -0.1, 0.05, -0.05, -0.01])
    choice = chosen(BASELINE + 0.1, constant=TEACHER + around)
    assert choice.index == 0
    assert "It has nothing to teach" in choice.reason


@pytest.mark.parametrize("shape", [(200,), (200, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_closed_form_is_the_best_of_a_grid(shape, weighted):
    rng = np.random.default_rng(0)
    y, hard, soft = rng.normal(size=(3, *shape))
    hard, soft = y + hard, y + 0.7 * soft
    weight = rng.uniform(size=200) if weighted else None
    grid = np.linspace(-2, 3, 50_001)
    squares = [((1 - a) * hard + a * soft - y) ** 2 for a in grid[::50]]
    errors = [np.average(square, axis=0, weights=weight).sum() for square in squares]
    assert_allclose(
        best_alpha(y, hard, soft, weight), grid[::50][np.argmin(errors)], atol=0.005
    )


def test_equal_students_leave_alpha_at_zero():
    assert best_alpha(np.ones(3), np.zeros(3), np.zeros(3), None) == 0.0


@pytest.mark.parametrize(
    ("student", "is_linear"),
    [
        (Ridge(), True),
        (Ridge(positive=True), False),
        (LinearRegression(), True),
        (KernelRidge(), True),
        (KNeighborsRegressor(), True),
        (make_pipeline(StandardScaler(), Ridge()), True),
        (make_pipeline(SelectKBest(), Ridge()), False),
        (make_pipeline(make_pipeline(SelectKBest()), Ridge()), False),
        (make_pipeline(by_column(StandardScaler()), Ridge()), True),
        (make_pipeline(by_column(TargetEncoder()), Ridge()), False),
        (make_pipeline(make_union(by_column(SelectKBest())), Ridge()), False),
        (DecisionTreeRegressor(), False),
    ],
)
def test_what_is_linear_in_its_targets(student, is_linear):
    assert is_linear_in_targets(student) == is_linear
    if not is_linear:
        return
    rng = np.random.default_rng(0)
    X, first, second = rng.normal(size=(50, 3)), *rng.normal(size=(2, 50))
    predictions = [
        student.fit(X, y).predict(X) for y in (first, second, first / 2 + second / 2)
    ]
    assert_allclose(predictions[2], (predictions[0] + predictions[1]) / 2)
