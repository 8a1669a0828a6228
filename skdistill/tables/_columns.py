"""The kinds of columns, and the numbers that a model is given of each."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import murmurhash3_32

from skdistill.tables._cells import ISO, read_dates, read_numbers, read_strings
from skdistill.tables._numbers import PLAIN, Notation

__all__ = [
    "CYCLES",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "NumberColumn",
    "TextColumn",
]

# A value that fewer cells hold has no feature of its own.
_FREQUENT = 10
# The length of a year in days, and of a day in seconds.
CYCLES = {"year": 365.25, "day": 86400.0}


class Column:
    """A column of a table, fitted.

    Parameters
    ----------
    name : str
        Its name.

    Attributes
    ----------
    kind : str
        What its cells hold.
    """

    kind: ClassVar[str]

    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, cells: Any) -> NDArray[np.float64]:
        """Return the features of cells, of shape (n_cells, n_features)."""
        raise NotImplementedError

    def features(self) -> list[str]:
        """Return the names of the features."""
        raise NotImplementedError

    def written(self, cells: Any) -> NDArray:
        """Return cells as a file has them: numbers, or else strings."""
        return np.asarray(read_strings(cells), dtype=object)


class NumberColumn(Column):
    """A column of numbers, which stay as they are, also missing ones.

    Parameters
    ----------
    name : str
        Its name.
    cells : array-like of shape (n_cells,)
        The cells of the training samples.
    notation : Notation, default=PLAIN
        How those that are strings are written.
    """

    kind = "number"

    def __init__(self, name: str, cells: Any, notation: Notation = PLAIN) -> None:
        super().__init__(name)
        self.notation = notation
        self.written(cells)  # What is no number is named before any work.

    def encode(self, cells: Any) -> NDArray[np.float64]:
        return self.written(cells)[:, np.newaxis]

    def features(self) -> list[str]:
        return [self.name]

    def written(self, cells: Any) -> NDArray[np.float64]:
        return read_numbers(cells, self.name, self.notation)


class CategoryColumn(Column):
    """A column of a few values: a feature for each, all 0 for a new one.

    Parameters
    ----------
    name : str
        Its name.
    cells : array-like of shape (n_cells,)
        The cells of the training samples. A missing one is a value.

    Attributes
    ----------
    categories : list of str
        The values, sorted.
    codes : dict of str to int
        The place of each value among them, also of another way to write it: as a
        boolean or a number, which pandas makes of strings where a file holds no others.
    """

    kind = "category"

    def __init__(self, name: str, cells: Any) -> None:
        super().__init__(name)
        self.categories = sorted(set(read_strings(cells)))
        codes = {one: code for code, one in enumerate(self.categories)}
        self.codes = dict(codes)
        for one, code in codes.items():
            for other in _other_ways(one):
                self.codes.setdefault(other, code)

    def encode(self, cells: Any) -> NDArray[np.float64]:
        return _one_hot(read_strings(cells), self.codes, len(self.categories))

    def features(self) -> list[str]:
        return [f"{self.name}_{one}" for one in self.categories]


class DateColumn(Column):
    """A column of dates: numbers of the day, and of the time if there are any.

    Parameters
    ----------
    name : str
        Its name.
    cells : array-like of shape (n_cells,)
        The cells of the training samples.
    written_as : str or None
        The format of those that are strings, for `strptime`; None for ISO 8601.
    cyclic : bool
        Whether to add where a date lies in its year, and a time in its day, as the sine
        and cosine of an angle.

    Attributes
    ----------
    has_time : bool
        Whether a cell has a time other than midnight.
    """

    kind = "date"

    def __init__(
        self, name: str, cells: Any, written_as: str | None, cyclic: bool
    ) -> None:
        super().__init__(name)
        self.written_as = written_as
        self.cyclic = cyclic
        dates = read_dates(cells, name, written_as)
        dates = dates[~np.isnat(dates)]
        self.has_time = bool((dates != dates.astype("datetime64[D]")).any())

    def encode(self, cells: Any) -> NDArray[np.float64]:
        dates = read_dates(cells, self.name, self.written_as)
        day, month, year = (dates.astype(f"datetime64[{unit}]") for unit in "DMY")
        since_1970 = day.astype(np.int64)
        numbers = [
            since_1970,
            year.astype(np.int64) + 1970,
            (month - year).astype(np.int64) + 1,
            (day - month).astype(np.int64) + 1,
            (since_1970 + 3) % 7,
            (day - year).astype(np.int64) + 1,
        ]
        if self.has_time:
            numbers.append((dates - day).astype("timedelta64[s]").astype(np.int64))
        found = np.column_stack(numbers).astype(np.float64)
        if self.cyclic:
            turns = [found[:, 5] / CYCLES["year"]]
            if self.has_time:
                turns.append(found[:, 6] / CYCLES["day"])
            angles = 2 * np.pi * np.column_stack(turns)
            found = np.hstack([found, np.sin(angles), np.cos(angles)])
        found[np.isnat(dates)] = np.nan
        return found

    def features(self) -> list[str]:
        names = ["days", "year", "month", "day", "weekday", "day_of_year"]
        names += ["seconds"] * self.has_time
        if self.cyclic:
            cycles = ["year", *["day"] * self.has_time]
            names += [f"{wave}_of_{one}" for wave in ("sin", "cos") for one in cycles]
        return [f"{self.name}_{one}" for one in names]

    def written(self, cells: Any) -> NDArray:
        import pandas as pd

        if all(type(cell) is str for cell in cells):
            return np.asarray(cells, dtype=object)
        dates = pd.Series(read_dates(cells, self.name, self.written_as))
        strings = dates.dt.strftime(self.written_as or ISO)
        return strings.astype(object).where(dates.notna(), "").to_numpy()


class TextColumn(Column):
    """A column of many values: frequent ones, how frequent each is, and hashed words.

    Parameters
    ----------
    name : str
        Its name.
    cells : array-like of shape (n_cells,)
        The cells of the training samples.
    n_frequent : int
        Each of so many values, the most frequent ones, has a feature.
    n_hashes : int
        Number of features that count words, each word in the one of its hash.

    Attributes
    ----------
    codes : dict of str to int
        The frequent values, and the place of each.
    counts : dict of str to int
        How many training samples hold a value; it lacks those that one alone holds,
        which are as new ones.
    """

    kind = "text"
    # No space, control character or punctuation of ASCII is in a word.
    word: ClassVar[str] = r"[^\x00-/:-@\[-`{-\x7f]+"

    def __init__(self, name: str, cells: Any, n_frequent: int, n_hashes: int) -> None:
        super().__init__(name)
        self.n_hashes = n_hashes
        found = Counter(read_strings(cells))
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        frequent = [one for one, count in ranked[:n_frequent] if count >= _FREQUENT]
        self.codes = {one: code for code, one in enumerate(frequent)}
        self.counts = {one: count for one, count in ranked if count > 1}

    def encode(self, cells: Any) -> NDArray[np.float64]:
        strings = read_strings(cells)
        counts = np.array([self.counts.get(one, 1) for one in strings], dtype=float)
        return np.column_stack(
            [
                _one_hot(strings, self.codes, len(self.codes)),
                counts,
                self._hashed(strings),
            ]
        )

    def features(self) -> list[str]:
        own = [f"{self.name}_{one}" for one in self.codes]
        hashes = [f"{self.name}_words_{place}" for place in range(self.n_hashes)]
        return [*own, f"{self.name}_count", *hashes]

    def _hashed(self, strings: list[str]) -> NDArray[np.float64]:
        found = np.zeros((len(strings), self.n_hashes))
        if self.n_hashes == 0:
            return found
        words = [re.findall(self.word, one) for one in strings]
        places = {
            word: murmurhash3_32(word, positive=True) % self.n_hashes
            for word in set(chain.from_iterable(words))
        }
        for row, its_words in enumerate(words):
            for word in its_words:
                found[row, places[word]] += 1
        return found


def _one_hot(
    strings: Iterable[str], codes: dict[str, int], n_codes: int
) -> NDArray[np.float64]:
    places = np.array([codes.get(one, -1) for one in strings], dtype=np.intp)
    return (places[:, np.newaxis] == np.arange(n_codes)).astype(np.float64)


def _other_ways(value: str) -> set[str]:
    """Return how else a value of a file may come: as pandas reads it, or as JSON.

    pandas reads the booleans of a workbook as 1.0 and 0.0 beside empty cells.
    """
    if value.lower() in ("true", "false"):
        number = str(int(value.lower() == "true"))
        return {value.lower(), value.upper(), value.capitalize(), number}
    try:
        return set(read_strings([float(value)])) if value.isascii() else set()
    except ValueError:
        return set()
