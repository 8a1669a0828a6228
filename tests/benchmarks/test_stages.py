import numpy as np
import pandas as pd
import pytest

from benchmarks import stages
from benchmarks.stages import CASCADES


def test_the_rows_that_go_on_are_the_first_by_their_score():
    tree, boosting, teacher = np.full((3, 8), [[4.0], [2.0], [1.0]])
    first, second = np.arange(8.0), -np.arange(8.0)
    # The last four go on; of these the first two are sent to the teacher.
    found = stages.find_loss([tree, boosting], teacher, [first, second], [0.5, 0.25])
    assert found == pytest.approx((4 * 4 + 2 * 2 + 2 * 1) / 8)
    assert stages.find_loss([tree], teacher, [first], [0.25]) == pytest.approx(26 / 8)
    assert (tree == 4).all()


def test_a_block_spends_alike_on_each_cascade(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    y = X[:, 0] * X[:, 1]
    monkeypatch.setattr(
        stages, "load", lambda *args: (X[:150], X[150:], y[:150], y[150:])
    )
    monkeypatch.setattr(stages, "N_TREES", 10)
    costs = (1.0, 3.0, 10.0)
    build = stages.build

    def with_costs(*args, **kwargs):
        return build(*args, **kwargs).set_params(costs=costs, cv=2)

    monkeypatch.setattr(stages, "build", with_costs)
    rows = pd.DataFrame(stages.measure("kin8nm", 0, None))
    # Boosting alone takes more than 20 % of the teacher's time, as measured.
    assert len(rows) == 6 * len(CASCADES) - 1
    spent = rows["budget"] * rows["dearer"] * costs[-1]
    for name, members in CASCADES.items():
        part = rows[rows["cascade"] == name]
        factor = part["sent"] ** (1 / len(members))
        found = costs[members[0]] + 10 * part["dearer"] * part["sent"]
        if len(members) > 1:
            found += costs[1] * factor
        np.testing.assert_allclose(found, spent[part.index])


def test_what_is_recovered_is_a_fraction_of_the_trees_gap():
    losses = {"tree": 2.5, "boosting": 2.0, "tree, then boosting": 1.8}
    facts = {"seed": 0, "n_train": 1500, "dearer": 10, "budget": 0.2, "sent": 0.1}
    facts |= {"tree_loss": 3.0, "boosting_loss": 2.2, "teacher_loss": 1.0}
    facts |= {"tree_cost": 1.0, "boosting_cost": 3.0, "teacher_cost": 10.0}
    facts |= stages.results.versions()
    frame = pd.DataFrame(
        [
            facts | {"table": table, "cascade": name, "loss": loss}
            for table in ("kin8nm", "spambase")
            for name, loss in losses.items()
            if (table, name) != ("spambase", "boosting")
        ]
    )
    (row,) = stages.summarise(stages.recover(frame))
    assert (row["tree"], row["boosting"]) == ("25% (10% sent)", "50% (10% sent)")
    assert row["tree, then boosting: best in"] == "2 of 2"
    assert "1.0 / 3.0 / 10.0" in stages.report(frame)
    assert stages.recover(frame.assign(teacher_loss=2.99)).empty
