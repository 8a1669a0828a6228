"""The matrix, the losses and the two solvers, against dense linear algebra."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from skdistill.refine import _projected, _solver
from skdistill.refine._loss import LogLoss, SquaredLoss
from skdistill.refine._matrix import LeafMatrix
from skdistill.refine._projected import solve_within
from skdistill.refine._solver import Problem, solve
from skdistill.students._trees import nearest_probabilities

# The last two are too many leaves for one group with the trees beside them.
SIZES = [3, 1, 8, 5, 2, 700, 4, 300]


def random_matrix(n_rows, outputs=None, sizes=SIZES, rng=0):
    """Return a LeafMatrix and the same as dense 0/1 columns."""
    rng = np.random.default_rng(rng)
    leaves = np.column_stack([rng.integers(size, size=n_rows) for size in sizes])
    matrix = LeafMatrix(sizes, outputs, n_rows)
    half = n_rows // 2
    matrix.fill(slice(half), leaves[:half])
    matrix.fill(slice(half, n_rows), leaves[half:])
    dense = np.hstack(
        [np.eye(size)[leaves[:, tree]] for tree, size in enumerate(sizes)]
    )
    return matrix, dense


@pytest.mark.parametrize("block_size", [1, 50, 2**20])
@pytest.mark.parametrize("n_columns", [1, 3])
def test_the_matrix_is_that_of_rows_by_leaves(block_size, n_columns, monkeypatch):
    monkeypatch.setattr("skdistill.refine._matrix._BLOCK_SIZE", block_size)
    matrix, dense = random_matrix(101)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(sum(SIZES), n_columns))
    rows = rng.normal(size=(101, n_columns))
    assert_allclose(matrix.times(values, rows.shape), dense @ values)
    assert_allclose(matrix.sums(rows), dense.T @ rows, atol=1e-12)


def test_each_tree_adds_to_its_own_output():
    outputs = np.arange(len(SIZES)) % 3
    matrix, dense = random_matrix(50, outputs)
    column = np.repeat(outputs, SIZES)
    rng = np.random.default_rng(1)
    values, rows = rng.normal(size=(sum(SIZES), 1)), rng.normal(size=(50, 3))
    expected = np.column_stack(
        [dense[:, column == k] @ values[column == k, 0] for k in range(3)]
    )
    assert_allclose(matrix.times(values, (50, 3)), expected)
    sums = [dense[:, leaf] @ rows[:, column[leaf]] for leaf in range(sum(SIZES))]
    assert_allclose(matrix.sums(rows)[:, 0], sums, atol=1e-12)


def log_target(n_rows, n_classes):
    return np.random.default_rng(2).dirichlet(np.ones(n_classes), size=n_rows)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_log_loss_is_cross_entropy(n_classes):
    target = log_target(9, n_classes)
    loss = LogLoss(target, None)
    raw = np.random.default_rng(3).normal(size=(9, loss.target.shape[1]))
    q = loss.predictions(raw)
    assert_allclose(q.sum(axis=1), 1)
    assert_allclose(loss.value(raw), -np.sum(target * np.log(q)))


@pytest.mark.parametrize(
    "loss",
    [
        SquaredLoss(np.arange(12.0).reshape(6, 2), np.arange(1.0, 7.0)),
        LogLoss(log_target(6, 2), np.arange(1.0, 7.0)),
        LogLoss(log_target(6, 3), np.arange(1.0, 7.0)),
        LogLoss(log_target(6, 3), None),
    ],
)
def test_gradient_and_curvature_are_those_of_finite_differences(loss):
    rng = np.random.default_rng(4)
    raw, direction = rng.normal(size=(2, *loss.target.shape))
    h = 1e-6
    slope = (loss.value(raw + h * direction) - loss.value(raw - h * direction)) / 2 / h
    assert_allclose(np.vdot(loss.gradient(raw), direction), slope, rtol=1e-6)
    bend = loss.gradient(raw + h * direction) - loss.gradient(raw - h * direction)
    assert_allclose(loss.curvature(raw)(direction), bend / 2 / h, rtol=1e-5, atol=1e-9)


def test_log_loss_takes_logits_of_any_size():
    raw = np.array([[-1e4], [1e4]])
    loss = LogLoss(np.array([[1.0, 0.0], [0.5, 0.5]]), None)
    assert_allclose(loss.value(raw), 5e3)
    assert np.isfinite(loss.gradient(raw)).all()


@pytest.mark.parametrize("strength", [0.1, 10.0, 1000.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_squared_loss_is_solved_as_by_the_normal_equations(strength, weighted):
    matrix, dense = random_matrix(300)
    rng = np.random.default_rng(5)
    raw, target = rng.normal(size=(2, 300, 2)) + 3
    weight = rng.integers(4, size=300).astype(float) if weighted else None
    scaled = dense * (np.ones(300) if weight is None else weight)[:, None]
    expected = np.linalg.solve(
        dense.T @ scaled + strength * np.eye(dense.shape[1]), scaled.T @ (target - raw)
    )
    problem = Problem(SquaredLoss(target, weight), matrix, raw)
    found = solve(problem, strength, np.zeros_like(expected), 1e-18)
    assert_allclose(found, expected, atol=1e-6)


def test_leaf_values_of_one_tree_are_shrunken_means():
    matrix, dense = random_matrix(60, sizes=[6])
    target = np.random.default_rng(6).normal(size=(60, 1))
    problem = Problem(SquaredLoss(target, None), matrix, np.zeros((60, 1)))
    found = solve(problem, 5.0, np.zeros((6, 1)), 1e-14)
    assert_allclose(found[:, 0], dense.T @ target[:, 0] / (dense.sum(axis=0) + 5.0))


def objective(problem, strength, correction):
    loss = problem.loss.value(problem.raw_with(correction))
    return loss + strength / 2 * np.sum(correction**2)


def log_problem(n_classes, weight=None):
    sizes = [4, 3, 5, 6, 2, 4]
    outputs = None if n_classes == 2 else np.arange(6) % n_classes
    matrix, _ = random_matrix(200, outputs, sizes)
    raw = np.random.default_rng(7).normal(size=(200, 1 if n_classes == 2 else 3))
    loss = LogLoss(log_target(200, n_classes), weight)
    return Problem(loss, matrix, raw), np.zeros((sum(sizes), 1))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("strength", [0.01, 3.0])
def test_log_loss_is_solved_as_by_a_general_minimiser(n_classes, strength):
    problem, zero = log_problem(n_classes)

    def function(flat):
        values = flat[:, None]
        slope = problem.loss.gradient(problem.raw_with(values))
        gradient = problem.matrix.sums(slope) + strength * values
        return objective(problem, strength, values), gradient[:, 0]

    options = {"ftol": 0, "gtol": 1e-10, "maxiter": 1000}
    found = minimize(function, zero[:, 0], jac=True, method="L-BFGS-B", options=options)
    solved = solve(problem, strength, zero, 1e-13)
    assert_allclose(solved[:, 0], found.x, atol=1e-4)


@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-4])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("start", ["zero", "stronger"])
def test_no_more_than_tol_of_the_decrease_is_left_out(tol, n_classes, start):
    problem, zero = log_problem(n_classes, np.arange(200) % 3 / 2)
    begin = zero if start == "zero" else solve(problem, 10.0, zero, tol)
    found = objective(problem, 1.0, solve(problem, 1.0, begin, tol))
    least = objective(problem, 1.0, solve(problem, 1.0, zero, 1e-13))
    before = objective(problem, 1.0, zero)
    assert found - least <= tol * (before - least)


def test_confidently_wrong_logits_are_corrected():
    problem, zero = log_problem(3)
    problem.raw *= 100
    solved = solve(problem, 0.1, zero, 1e-6)
    slope = problem.loss.gradient(problem.raw_with(solved))
    gradient = problem.matrix.sums(slope) + 0.1 * solved
    gain = objective(problem, 0.1, zero) - objective(problem, 0.1, solved)
    assert np.sum(gradient**2) / 0.2 <= 1e-6 * gain


def test_rows_of_values_are_moved_to_the_nearest_probabilities():
    values = np.array([[0.2, 0.8], [2.0, 0.0], [-1.0, -1.0], [0.7, 0.7]])
    expected = [[0.2, 0.8], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]
    assert_allclose(nearest_probabilities(values), expected)
    values = np.random.default_rng(8).normal(size=(40, 5))
    nearest = nearest_probabilities(values)
    assert_allclose(nearest.sum(axis=1), 1)
    # No other distribution is nearer: (v - p)(r - p) <= 0 for every corner r.
    assert (
        (values - nearest) @ np.eye(5)
        <= np.sum((values - nearest) * nearest, axis=1, keepdims=True) + 1e-12
    ).all()


def bounded_problem():
    sizes = [4, 3, 5]
    matrix, _ = random_matrix(80, None, sizes)
    rng = np.random.default_rng(9)
    values = rng.dirichlet(np.ones(3), size=sum(sizes))
    raw = matrix.times(values, (80, 3)) / 3
    loss = SquaredLoss(np.eye(3)[rng.integers(3, size=80)], rng.random(80))

    def project(correction):
        return (nearest_probabilities(values + 3 * correction) - values) / 3

    return Problem(loss, matrix, raw), project, np.zeros_like(values)


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_bounded_leaf_values_satisfy_the_optimality_condition(strength):
    problem, project, zero = bounded_problem()
    found = solve_within(problem, strength, zero, 1e-12, project)
    slope = problem.loss.gradient(problem.raw_with(found))
    gradient = problem.matrix.sums(slope) + strength * found
    assert_allclose(project(found - gradient), found, atol=1e-4)
    assert_allclose(project(found), found, atol=1e-12)


@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-4])
def test_no_more_than_tol_of_the_bounded_decrease_is_left_out(tol):
    problem, project, zero = bounded_problem()
    found, least = (
        objective(problem, 0.1, solve_within(problem, 0.1, zero, fraction, project))
        for fraction in (tol, 1e-13)
    )
    assert found - least <= tol * (objective(problem, 0.1, zero) - least)


def test_too_few_steps_warn(monkeypatch):
    monkeypatch.setattr(_solver, "_MOST_STEPS", 1)
    monkeypatch.setattr(_projected, "_MOST_STEPS", 1)
    problem, zero = log_problem(2)
    with pytest.warns(ConvergenceWarning, match="1 steps for strength 0.01"):
        solve(problem, 0.01, zero, 1e-9)
    problem, project, zero = bounded_problem()
    with pytest.warns(ConvergenceWarning, match="1 steps for strength 0.01"):
        solve_within(problem, 0.01, zero, 1e-9, project)
