"""Generated tables and options: no traceback, no partial output, no end that hangs."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.tables import COLUMN, listing, run, write
from tests.generated import examples

CELLS = st.one_of(
    st.sampled_from(["", "NA", "inf", "-1e400", "1e308", "1,5", '"', "0"]),
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


@examples(15)
@given(spoil=tables())
def test_tables(spoil, tmp_path, capsys):
    check_table(spoil, tmp_path, capsys)


@examples(40)
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
