"""From a table as it stands in its file to numbers."""

from datetime import date
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._sklearn import Interval, fit_context
from skdistill._typing import Table
from skdistill._validation import check_readable
from skdistill.tables._cells import read_numbers, read_strings
from skdistill.tables._columns import (
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
    TextColumn,
)
from skdistill.tables._numbers import PLAIN, Notation

__all__ = ["TableEncoder"]

_KINDS = ("number", "category", "date", "text")
_MOST_CATEGORIES = 40
_NON_NEGATIVE = Interval(Integral, 0, None, closed="left")


class TableEncoder(TransformerMixin, BaseEstimator):
    """Turn the columns of a table, as they stand in its file, into numbers.

    As the first step of a Pipeline it makes a model that takes rows as pandas or JSON
    have them: strings, booleans, dates, missing cells, new values. It needs no labels,
    and `skdistill.export.to_onnx` knows it.

    - A number stays as it is; a missing one stays missing. A string is read as a number
      by how its column writes them.
    - A category has a feature for each of its values. A missing one is a value, a new
      one is none of them.
    - A date becomes the day since 1970, year, month, day, weekday (0 is Monday), day of
      the year and, where a training sample has a time, the second of the day.
    - A text, or a category of many values, becomes a feature for each frequent value,
      the number of training samples with its value (target-free count encoding), and
      its words counted by their hash (Weinberger et al. 2009,
      doi:10.1145/1553374.1553516, without signs).

    What pandas reads as missing in a file, such as "NA", is so as a string, too; among
    numbers and dates also "?", "-" and the like. Features come in the order above, and
    within a kind in the order of the columns.

    Parameters
    ----------
    kinds : dict of {str : {"number", "category", "date", "text"}}, default=None
        What each column holds; columns that it lacks are left out. If None, numbers are
        numbers, booleans and strings of at most 40 values categories, dates dates, and
        other strings text.
    formats : dict of {str : str}, default=None
        The formats of dates that are strings, for `strptime`. Without one they are read
        as ISO 8601.
    numbers : dict of {str : dict}, default=None
        How numbers that are strings are written: "decimal", the sign, "." or ",", where
        the other one, a space or an apostrophe may separate thousands; "mark", the
        percent sign or currency that cells may have, which is left out; "coerce",
        whether what is no number counts as missing. Without an entry they are plain:
        {"decimal": ".", "mark": "", "coerce": False}.
    n_frequent : int, default=20
        At most so many values of a text have a feature; 10 training samples at least
        must hold it.
    n_hashes : int, default=32
        Number of features that count the words of a text. If 0, there are none.
    cyclic : bool, default=False
        Whether dates get the sine and cosine of where they lie in the year, and of
        where a time lies in the day, too. Linear models and perceptrons need them for
        seasons; trees do not.

    Attributes
    ----------
    columns_ : list of Column
        What is known of each column, in the order of the features.
    input_names_ : list of str
        The names of these columns, in the order of X; "x0" and so on where X has none.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has names that are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdistill.tables import TableEncoder
    >>> X = pd.DataFrame({"size": [70.0, None], "town": ["Ulm", None]})
    >>> encoder = TableEncoder().fit(X)
    >>> encoder.get_feature_names_out().tolist()
    ['size', 'town_', 'town_Ulm']
    >>> encoder.transform(pd.DataFrame([{"town": "Bonn", "size": 50}])).tolist()
    [[50.0, 0.0, 0.0]]

    Numbers as people write them:

    >>> written = {"rent": {"decimal": ",", "mark": "€"}}
    >>> X = pd.DataFrame({"rent": ["1.250,50 €", "980", "?"]})
    >>> TableEncoder({"rent": "number"}, numbers=written).fit_transform(X).ravel()
    array([1250.5,  980. ,    nan])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "kinds": [dict, None],
        "formats": [dict, None],
        "numbers": [dict, None],
        "n_frequent": [_NON_NEGATIVE],
        "n_hashes": [_NON_NEGATIVE],
        "cyclic": ["boolean"],
    }

    def __init__(
        self,
        kinds: dict[str, str] | None = None,
        formats: dict[str, str] | None = None,
        numbers: dict[str, dict[str, Any]] | None = None,
        *,
        n_frequent: int = 20,
        n_hashes: int = 32,
        cyclic: bool = False,
    ) -> None:
        self.kinds = kinds
        self.formats = formats
        self.numbers = numbers
        self.n_frequent = n_frequent
        self.n_hashes = n_hashes
        self.cyclic = cyclic

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Table, y: Any = None) -> Self:
        """Learn the values of the columns.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            The samples.
        y : Ignored
            Present by convention.

        Returns
        -------
        self : object
            The fitted encoder.

        Raises
        ------
        ValueError
            If a cell is not what its column holds, or `kinds`, `formats` or `numbers`
            do not fit the columns.
        """
        check_readable(X=X)
        cells = self._cells_of(X, is_new=True)
        kinds = self._kinds_of(cells)
        notations = _notations(self.numbers or {}, kinds)
        self.input_names_ = [*kinds]
        self.columns_ = [
            self._fit_column(kind, name, cells[name], notations)
            for kind in _KINDS
            for name in kinds
            if kinds[name] == kind
        ]
        return self

    def transform(self, X: Table) -> NDArray[np.float64]:
        """Return the features.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            The samples. The columns of a DataFrame may come in any order, and among
            others.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)

        Raises
        ------
        ValueError
            If a column is missing, or a cell is not what its column holds.
        """
        check_is_fitted(self)
        cells = self._cells_of(X, is_new=False)
        return np.hstack([one.encode(cells[one.name]) for one in self.columns_])

    def written(self, X: Table) -> dict[str, NDArray]:
        """Return the cells of the columns as a file has them: numbers, or strings.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        cells : dict of str to ndarray of shape (n_samples,)
            By the names of the columns, in their order. Missing numbers are NaN, other
            missing cells empty strings; dates are written in their format.
        """
        check_is_fitted(self)
        cells = self._cells_of(X, is_new=False)
        known = {one.name: one for one in self.columns_}
        return {one: known[one].written(cells[one]) for one in self.input_names_}

    def get_feature_names_out(self, input_features: Any = None) -> NDArray:
        """Return the names of the features.

        Parameters
        ----------
        input_features : Ignored
            Present by convention.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        names = [name for one in self.columns_ for name in one.features()]
        return np.asarray(names, dtype=object)

    def _cells_of(self, X: Table, *, is_new: bool) -> dict[str, Any]:
        """Return the cells of each column by its name."""
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            if is_new:
                validate_data(self, X, skip_check_array=True)
            names = {str(name): name for name in X.columns}
            wanted = self.kinds if is_new else self.input_names_
            wanted = names if wanted is None else wanted
            if missing := [name for name in wanted if name not in names]:
                raise ValueError(
                    f"X must have the columns that the encoder knows. It lacks "
                    f"{missing}, and has {[*names]}. Name the columns as in the table "
                    "that was fitted."
                )
            return {
                name: X[key].to_numpy() for name, key in names.items() if name in wanted
            }
        X = validate_data(self, X, dtype=None, ensure_all_finite=False, reset=is_new)
        cells = {f"x{place}": column for place, column in enumerate(X.T)}
        if is_new or self.input_names_[0] in cells:
            return cells
        # Fitted to a DataFrame: scikit-learn has warned that the names are missing.
        return dict(zip(self.feature_names_in_, X.T, strict=True))

    def _kinds_of(self, cells: dict[str, Any]) -> dict[str, str]:
        """Return the kinds of the columns that are encoded, in their order."""
        if self.kinds is None:
            kinds = {name: _guess(cells[name], name) for name in cells}
        else:
            kinds = {name: self.kinds[name] for name in cells if name in self.kinds}
        if wrong := {name: one for name, one in kinds.items() if one not in _KINDS}:
            raise ValueError(
                f"kinds must name one of {', '.join(_KINDS)} for each column. Got "
                f"{wrong}. Correct these."
            )
        if not kinds:
            raise ValueError(
                "kinds must name a column. Got {}. Name one, or pass None."
            )
        others = [one for one in self.formats or {} if kinds.get(one) != "date"]
        if others:
            raise ValueError(
                f"formats are those of columns of dates. Got one for {others}. Leave "
                'it out, or make the column a "date" in kinds.'
            )
        return kinds

    def _fit_column(
        self, kind: str, name: str, cells: Any, notations: dict[str, Notation]
    ) -> Column:
        match kind:
            case "number":
                return NumberColumn(name, cells, notations.get(name, PLAIN))
            case "category":
                return CategoryColumn(name, cells)
            case "date":
                written_as = (self.formats or {}).get(name)
                return DateColumn(name, cells, written_as, self.cyclic)
        return TextColumn(name, cells, self.n_frequent, self.n_hashes)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _notations(
    numbers: dict[str, dict[str, Any]], kinds: dict[str, str]
) -> dict[str, Notation]:
    """Return how columns write their numbers, checked."""
    if others := [name for name in numbers if kinds.get(name) != "number"]:
        raise ValueError(
            f"numbers are those of columns of numbers. Got a way to write {others}. "
            'Leave it out, or make the column a "number" in kinds.'
        )
    found = {}
    for name, written in numbers.items():
        try:
            found[name] = Notation(**written)
        except (TypeError, ValueError) as error:
            raise ValueError(
                'numbers must say "decimal", "." or ",", "mark", a string, and '
                f'"coerce", a boolean, or some of these. Got {written!r} for {name!r}. '
                "Correct it."
            ) from error
    return found


def _guess(cells: NDArray, name: str) -> str:
    """Return what cells hold, by their types."""
    import pandas as pd

    kind = cells.dtype.kind
    if kind == "b":
        return "category"
    if kind in "fiu":
        return "number"
    if kind == "M":
        return "date"
    types = {type(cell) for cell in cells[~pd.isna(cells)]}
    if types and all(issubclass(one, date) for one in types):
        return "date"
    if types and not types & {str, bool, np.bool_}:
        read_numbers(cells, name)
        return "number"
    is_few = len(set(read_strings(cells))) <= _MOST_CATEGORIES
    return "category" if is_few else "text"
