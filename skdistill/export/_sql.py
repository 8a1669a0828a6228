"""From a fitted model to an SQL statement that is known to predict the same."""

from collections import Counter
from collections.abc import Sequence

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table
from skdistill._warnings import warn_user
from skdistill.exceptions import UncheckedWarning
from skdistill.export._check import check_few_differ, predictions_of
from skdistill.export._parts import Part
from skdistill.export._read import read_model
from skdistill.export._refusals import why_not
from skdistill.export._samples import (
    as_numbers,
    column_names,
    compare,
    is_constant,
    labels_of,
    predict_parts,
)
from skdistill.export._sql_parts import write_parts
from skdistill.export._sql_run import find_sqlite, run_sql
from skdistill.export._sql_source import SqlSource, number, text

__all__ = ["to_sql"]

_UNCHECKED = (
    "This Python has no SQLite of version 3.35 or later, so the SQL statement was not "
    "run. What was read of the model predicts X as it does."
)

_OTHER_NAMES = (
    "Keep other columns of the table, or fit the model on labels of other names."
)


def to_sql(
    model: Estimator,
    X: Table,
    *,
    table: str = "samples",
    keep: Sequence[str] = (),
    materialized: bool = True,
) -> str:
    """Return a fitted student, with its Pipeline, as a checked SELECT statement.

    It predicts each row of a table where the rows lie, by nothing but CASE, arithmetic
    and EXP. It takes the models that `to_c` takes; as the trees stand in the statement,
    it is for those of at most some hundreds of small trees.

    SQLite, which comes with Python, runs the statement. The predictions for each sample
    must be those of `predict` and `predict_proba` of `model`: values within 1e-4 of the
    largest prediction of their output, probabilities within 1e-4, the same labels but
    for ties. Numbers are compared in double precision, with thresholds that lie where
    the model's lie after it has rounded a sample.

    Parameters
    ----------
    model : estimator
        Fitted: as for `to_c`.
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        Samples that are typical of those to be predicted, such as training samples:
        numbers. The table has columns of the same names; those of an array are "x0",
        "x1" and so on. The predictions for the samples are checked.
    table : str, default="samples"
        The name of the table, or of a view.
    keep : sequence of str, default=()
        Columns of the table that stand before the predictions in the result, such as a
        key.
    materialized : bool, default=True
        Whether steps whose values are read several times, as by the probabilities of
        classes, are written ``AS MATERIALIZED``, so that they are computed once.
        SQLite, DuckDB and PostgreSQL know that; it is no part of the standard.

    Returns
    -------
    statement : str
        Its result has a row for each row of the table, with the columns "prediction",
        or "prediction_0", "prediction_1" and so on where the model has several outputs.
        For a classifier "prediction" is the label, and the column "probability_<label>"
        of each class follows. Missing values are NULL, not NaN. Where the model takes
        none, the predictions are NULL.

    Raises
    ------
    ValueError
        If a part of the model or what it splits on, such as categories, cannot be
        exported, if names of columns are not distinct, or if the statement predicts
        otherwise or is too large for SQLite.

    Warns
    -----
    skdistill.exceptions.UncheckedWarning
        If Python has no SQLite that knows ``AS MATERIALIZED``, which came in version
        3.35, so the statement was not run.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.export import to_sql
    >>> X = np.array([[1.0], [2.0], [4.0], [8.0]])
    >>> tree = DecisionTreeRegressor(max_depth=1).fit(X, [0.0, 0.0, 1.0, 1.0])
    >>> print(to_sql(tree, X, table="orders", keep=["id"]))
    WITH "step1" AS (
    SELECT
      "orders"."id",
      CAST("orders"."x0" AS DOUBLE PRECISION) AS "v0"
    FROM "orders"),
    "step2" AS (
    SELECT
      "id",
      0.0e+00 +
        CASE WHEN "v0" <= 3.00000011920928955e+00 THEN 0.0e+00 ELSE 1.0e+00 END AS "v1"
    FROM "step1")
    SELECT
      "id",
      "v1" AS "prediction"
    FROM "step2"
    """
    _check_parameters(table, keep, materialized)
    check_is_fitted(model)
    classes = labels_of(model, "SQL")
    rows = as_numbers(X, "SQL")
    columns = column_names(X, rows)
    if not hasattr(X, "columns"):
        columns = [f"x{name}" for name in columns]
    _check_names("columns of X", columns, "Rename the columns, and fit the model anew.")
    try:
        parts = read_model(model)
    except ValueError as error:
        raise ValueError(why_not(model, error, "SQL")) from error
    n_outputs = rows.shape[1]
    for part in parts:
        n_outputs = part.count_outputs(n_outputs)
    outputs = _output_names(n_outputs, classes)
    _check_names("columns of the result", [*keep, *outputs], _OTHER_NAMES)
    title, expected = type(model).__name__, [predictions_of(model, X)]
    found = compare(expected, predict_parts(parts, rows, classes))
    check_few_differ(found, title, max_mismatch=0.0, kind="SQL statement")
    source = SqlSource(table, keep, materialized=materialized)
    values = _write(source, parts, columns, classes)
    statement = source.statement(dict(zip(outputs, values, strict=True)))
    if not find_sqlite():
        warn_user(_UNCHECKED, UncheckedWarning)
        return statement
    predicted = run_sql(
        statement,
        columns,
        rows,
        table=table,
        keep=keep,
        is_classifier=classes is not None,
    )
    found = compare(expected, predicted)
    check_few_differ(found, title, max_mismatch=0.0, kind="SQL statement")
    return statement


def _check_parameters(table: str, keep: Sequence[str], materialized: bool) -> None:
    if not _is_name(table):
        raise ValueError(
            f"table must be a name of at least one character in UTF-8. Got {table!r}."
        )
    is_list = isinstance(keep, Sequence) and not isinstance(keep, str)
    if not (is_list and all(map(_is_name, keep))):
        raise ValueError(f"keep must be a list of names of columns. Got {keep!r}.")
    if not isinstance(materialized, bool):
        raise ValueError(f"materialized must be True or False. Got {materialized!r}.")


def _is_name(name: str) -> bool:
    return isinstance(name, str) and name != "" and is_constant(name)


def _check_names(what: str, names: Sequence[str], remedy: str) -> None:
    """Refuse names that SQL cannot tell apart."""
    counts = Counter(name.casefold() for name in names)
    same = [name for name in names if counts[name.casefold()] > 1]
    if same or not all(map(_is_name, names)):
        raise ValueError(
            f"The {what} must have names that differ by more than the case of their "
            f"letters, none of them empty. Got {(same or list(names))[:3]} and such. "
            f"{remedy}"
        )


def _output_names(n_outputs: int, classes: NDArray | None) -> list[str]:
    if classes is not None:
        return ["prediction", *(f"probability_{label}" for label in classes)]
    if n_outputs == 1:
        return ["prediction"]
    return [f"prediction_{place}" for place in range(n_outputs)]


def _write(
    source: SqlSource,
    parts: Sequence[Part],
    columns: Sequence[str],
    classes: NDArray | None,
) -> list[str]:
    """Write the steps; return the expressions of the columns of the result."""
    inputs = source.step(
        [f"CAST({source.column(name)} AS DOUBLE PRECISION)" for name in columns]
    )
    values = write_parts(source, parts, inputs, read_often=classes is not None)
    return values if classes is None else [_likeliest(values, classes), *values]


def _likeliest(values: Sequence[str], classes: NDArray) -> str:
    """Return the label of the first class that is as likely as all that follow."""
    labels = [_constant(label) for label in classes.tolist()]
    branches = [f"WHEN {values[0]} IS NULL THEN NULL"]
    for place, label in enumerate(labels[:-1]):
        others = values[place + 1 :]
        above = " AND ".join(f"{values[place]} >= {other}" for other in others)
        branches.append(f"WHEN {above} THEN {label}")
    return f"CASE {' '.join(branches)} ELSE {labels[-1]} END"


def _constant(label: str | float) -> str:
    if isinstance(label, str):
        return text(label)
    return str(int(label)) if isinstance(label, int) else number(label)
