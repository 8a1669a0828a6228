"""Generated tables and options: no traceback, no partial output, no end that hangs."""

import shutil

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdistill.cli import read_table
from skdistill.cli._errors import CommandError
from skdistill.cli._files import read_raw
from skdistill.cli._guess import Asked, read_columns, schema_of
from skdistill.cli._tables import interpret
from tests.cli.tables import COLUMN, listing, run, write
from tests.generated import examples

CELLS = st.one_of(
    st.sampled_from(["", "NA", "inf", "-1e400", "1e308", "1,5", '"', "0"]),
    st.sampled_from(
        ["?", "12%", "$5,125.73", "1.234,56", "1.250", "(3)", "03/04/2024"]
    ),
    st.text(max_size=8),
    st.floats().map(str),
    st.integers().map(str),
)
# Neither a folder elsewhere nor an option.
NAMES = st.text(st.characters(exclude_characters="/"), max_size=300).map(
    lambda text: text.lstrip("-")
)
VALUES = {
    "--target": st.one_of(st.sampled_from(["size", "town", COLUMN]), NAMES),
    "--task": st.one_of(st.sampled_from(["regression", "classification"]), NAMES),
    "--student": st.one_of(st.just("tree"), NAMES),
    "--teacher": st.one_of(st.just("xgboost.joblib"), NAMES),
    "--alpha": st.one_of(st.floats().map(str), CELLS),
    "--temperature": st.one_of(st.floats().map(str), CELLS),
    "--device": st.one_of(st.just("cuda"), NAMES),
    "--out": NAMES,
    "--jobs": st.one_of(st.integers(max_value=1).map(str), CELLS),
    "--seed": st.one_of(st.integers().map(str), CELLS),
    "--nonsense": NAMES,
}


@st.composite
def tables(draw):
    """Return what spoils a good table: a function from its bytes to others."""
    kind = draw(st.sampled_from(["bytes", "cut", "insert", "cells", "short", "column"]))
    if kind == "bytes":
        junk = draw(st.binary(max_size=200))
        return lambda good: junk
    where = draw(st.floats(0, 1))
    if kind == "cut":
        return lambda good: good[: int(where * len(good))]
    if kind == "insert":
        junk = draw(st.binary(min_size=1, max_size=20))
        at = where * 0.999
        return lambda good: (
            good[: int(at * len(good))] + junk + good[int(at * len(good)) :]
        )
    rows = draw(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12))
    text = "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
    if kind == "cells":
        return lambda good: good + text
    if kind == "short":
        return lambda good: text
    cells = draw(st.lists(CELLS, min_size=1, max_size=4))
    return lambda good: b"\n".join(
        line + b"," + cells[number % len(cells)].encode("utf-8", "replace")
        for number, line in enumerate(good.splitlines())
    )


def check(words, folder, capsys):
    """Run the command: it does all or nothing, and says what was wrong."""
    capsys.readouterr()
    before = listing(folder)
    code = run(words)
    error = capsys.readouterr().err
    assert code in (0, 1, 2)
    assert "Traceback" not in error
    if code:
        assert error.splitlines()[-1].startswith("error: ")
        assert listing(folder) == before
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def check_table(spoil, tmp_path, capsys):
    data, words = write(tmp_path)
    data.write_bytes(spoil(data.read_bytes()))
    check(words, tmp_path, capsys)


def check_options(options, tmp_path, capsys):
    _, words = write(tmp_path)
    if "--out" in options:
        options = options | {"--out": str(tmp_path / options["--out"])}
    check([*words, *(w for one in options.items() for w in one)], tmp_path, capsys)


OPTIONS = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4, unique=True)
OPTIONS = OPTIONS.flatmap(
    lambda chosen: st.fixed_dictionaries({name: VALUES[name] for name in chosen})
)


@st.composite
def files(draw):
    """Return the text of a table as nobody writes it, in some encoding."""
    sep = draw(st.sampled_from(",;\t|"))
    width = draw(st.integers(1, 4))
    row = st.lists(CELLS, min_size=max(1, width - 1), max_size=width)
    rows = draw(st.lists(row, min_size=1, max_size=12))
    end = draw(st.sampled_from(["\n", "\r\n", f"{sep}\n", "\n\n"]))
    text = end.join(sep.join(cells) for cells in rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "latin-1"]))
    return text.encode(encoding, "replace")


def check_file(content, tmp_path):
    """Read the file: it is refused in a sentence, or read the same way each time."""
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    try:
        raw = read_raw(path)
        schema = schema_of(read_columns(raw, Asked()))
        frame, _ = interpret(raw, schema, path)
    except CommandError:
        return
    assert not frame.empty
    pd.testing.assert_frame_equal(read_table(path, **schema.to_dict()), frame)


@examples(20)
@given(content=files())
def test_files(content, tmp_path):
    check_file(content, tmp_path)


@pytest.mark.slow
@examples(500)
@given(content=st.one_of(files(), st.binary(max_size=300)))
def test_many_files(content, tmp_path):
    check_file(content, tmp_path)


@examples(8)
@given(spoil=tables())
def test_tables(spoil, tmp_path, capsys):
    check_table(spoil, tmp_path, capsys)


@examples(20)
@given(options=OPTIONS)
def test_options(options, tmp_path, capsys):
    check_options(options, tmp_path, capsys)


@pytest.mark.slow
@examples(200)
@given(spoil=tables())
def test_many_tables(spoil, tmp_path, capsys):
    check_table(spoil, tmp_path, capsys)


@pytest.mark.slow
@examples(500)
@given(options=OPTIONS)
def test_many_options(options, tmp_path, capsys):
    check_options(options, tmp_path, capsys)
