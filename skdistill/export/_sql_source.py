"""An SQL statement while it is written, step by step."""

from collections.abc import Sequence

__all__ = ["SqlSource", "number", "quoted", "summed", "text"]

# More terms than that are added in groups: SQLite nests expressions 1,000 deep at most.
_N_TERMS = 500


def number(value: float) -> str:
    """Return a number as an SQL constant that is read back as the same double.

    Its exponent makes it a double, not a decimal. SQLite rounds some numbers of 17
    digits to a neighbour, but none of 18, which lie nearer to the double.

    >>> number(0.5), number(-0.1)
    ('5.0e-01', '(-1.00000000000000006e-01)')
    """
    mantissa, _, exponent = f"{float(value):.17e}".partition("e")
    shown = f"{mantissa.rstrip('0')}e{exponent}".replace(".e", ".0e")
    return f"({shown})" if shown.startswith("-") else shown


def quoted(name: str) -> str:
    """Return a name as SQL writes names of any characters.

    >>> print(quoted('5" pipe'))
    "5"" pipe"
    """
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a string as an SQL constant."""
    return "'" + value.replace("'", "''") + "'"


def summed(terms: Sequence[str]) -> str:
    """Return the sum of expressions, in their order but for very many."""
    groups = [
        " +\n    ".join(terms[start : start + _N_TERMS])
        for start in range(0, len(terms), _N_TERMS)
    ]
    return groups[0] if len(groups) == 1 else summed([f"({one})" for one in groups])


class SqlSource:
    """The steps of a statement, each of which selects from the one before.

    Parameters
    ----------
    table : str
        What the first step selects from.
    keep : sequence of str
        Columns of the table that every step passes on.
    materialized : bool
        Whether steps whose values are read more than once are asked to be computed
        once.
    """

    def __init__(self, table: str, keep: Sequence[str], *, materialized: bool) -> None:
        self._table = self._last = table
        self._step = _unused("step", [table])
        self._value = _unused("v", keep)
        self._keep = keep
        self._materialized = materialized
        self._steps: list[str] = []
        self._n_values = 0

    def column(self, name: str) -> str:
        """Return a column as the next step names it.

        Those of the table are named with it, as SQLite takes a mere name in double
        quotes for a string where the table has no such column.
        """
        return quoted(name) if self._steps else f"{quoted(self._table)}.{quoted(name)}"

    def step(
        self,
        values: Sequence[str],
        carried: Sequence[str] = (),
        *,
        read_often: bool = False,
    ) -> list[str]:
        """Write a step that computes values; return their names.

        Parameters
        ----------
        values : sequence of str
            Expressions of names of the step before.
        carried : sequence of str
            Names of the step before that are passed on.
        read_often : bool
            Whether what follows reads the values more than once.
        """
        names = [
            quoted(f"{self._value}{place}")
            for place in range(self._n_values, self._n_values + len(values))
        ]
        self._n_values += len(values)
        computed = [
            f"{value} AS {name}" for value, name in zip(values, names, strict=True)
        ]
        columns = self._selected([*map(self.column, self._keep), *carried, *computed])
        self._last = f"{self._step}{len(self._steps) + 1}"
        kind = "AS MATERIALIZED" if read_often and self._materialized else "AS"
        self._steps.append(f"{quoted(self._last)} {kind} (\n{columns})")
        return names

    def statement(self, outputs: dict[str, str]) -> str:
        """Return the statement that selects expressions under names."""
        last = [f"{value} AS {quoted(name)}" for name, value in outputs.items()]
        steps = ",\n".join(self._steps)
        return (
            f"WITH {steps}\n{self._selected([*map(self.column, self._keep), *last])}\n"
        )

    def _selected(self, columns: Sequence[str]) -> str:
        shown = ",\n  ".join(columns)
        return f"SELECT\n  {shown}\nFROM {quoted(self._last)}"


def _unused(start: str, names: Sequence[str]) -> str:
    """Return how names may begin that are none of these, in any case of letters."""
    while any(name.casefold().startswith(start) for name in names):
        start += "_"
    return start
