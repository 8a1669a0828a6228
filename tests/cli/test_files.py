"""Files as they are: whatever they look like, the table in them is the same."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from skdistill.cli import hold_out, many_repeats, read_table, repeats
from skdistill.cli._errors import CommandError
from skdistill.cli._files import read_raw
from skdistill.cli._guess import Asked, read_columns, schema_of
from skdistill.cli._tables import interpret
from skdistill.tables import read_strings
from tests.cli.awkward import FILES, N_ROWS, content, table

NOTES = {
    "trailing.csv": "Rows end in a separator",
    "footer.csv": "Left out 2 rows at the end, such as 'Total 123.0'",
    "preamble.csv": "Left out 2 rows before the header, such as 'Report of May'",
    "r.csv": "has no name and names the rows",
    "index.csv": "has no name and names the rows",
    "bars.txt": "The separator is '|'",
    "windows.csv": "The encoding is latin-1",
    "utf-16.csv": "The encoding is utf-16",
}
WHYS = {
    "thousands.csv": "numbers with separated thousands",
    "german.csv": "numbers with decimal commas, with separated thousands",
    "percent.csv": "numbers with %, which is left out",
    "dollars.csv": "numbers with $, which is left out, with separated thousands",
    "dash.csv": "numbers where '-' is missing",
    "question.csv": "numbers where '?' is missing",
}


def read(path):
    """Return the columns as `fit` reads them, how, the schema and the notes."""
    raw = read_raw(path)
    readings = read_columns(raw, Asked())
    schema = schema_of(readings)
    frame, notes = interpret(raw, schema, path)
    return frame, readings, schema, raw.notes + notes


def test_dates_of_parquet_are_those_of_iso_8601_in_a_csv(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("when\n2024-02-03\n?\n", "utf-8")
    found = read_table(path, kinds={"when": "date"})
    assert found["when"].tolist() == [pd.Timestamp("2024-02-03"), pd.NaT]
    path.write_text("when\n03/02/2024\n", "utf-8")
    with pytest.raises(CommandError, match="a date like 2024-01-28 must be"):
        read_table(path, kinds={"when": "date"})


def test_numbers_of_a_workbook_are_not_read_as_strings_beside_them(tmp_path):
    path = tmp_path / "new.xlsx"
    cells = pd.Series([1.125, "1,5", None, "n/a"], dtype=object)
    pd.DataFrame({"size": cells, "row": range(4)}).to_excel(path, index=False)
    written = {"size": {"decimal": ","}}
    found = read_table(path, kinds={"size": "number"}, numbers=written)
    assert found["size"].tolist()[:2] == [1.125, 1.5]
    assert found["size"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize("name", FILES)
def test_every_file_holds_the_same_table(name, tmp_path):
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    path = tmp_path / name
    path.write_bytes(content(name))
    frame, readings, schema, notes = read(path)
    expected = table().astype({"town": "object"})
    pd.testing.assert_frame_equal(frame.astype({"town": "object"}), expected)
    assert NOTES.get(name, "") in " ".join(notes)
    assert bool(notes) == (name in NOTES)
    assert readings["size"].why == WHYS.get(name, readings["size"].why)
    # The script, and `predict`, read it by the schema alone.
    again = read_table(path, **schema.to_dict())
    pd.testing.assert_frame_equal(again, frame)


def written(folder, text, name="table.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_categories_that_are_stored_as_numbers_are_those_of_a_raw_row(tmp_path):
    path = tmp_path / "new.parquet"
    pd.DataFrame({"size": [1.0, 1.5, None]}).to_parquet(path)
    found = read_table(path, kinds={"size": "category"})["size"]
    assert found.tolist() == ["1", "1.5", ""] == read_strings([1.0, 1.5, None])


def test_the_index_that_parquet_stores_numbers_no_rows(tmp_path):
    path = tmp_path / "new.parquet"
    pd.DataFrame({"size": [1.0, 1.5, 2.0]}, index=[7, 7, 0]).to_parquet(path)
    assert read_raw(path).frame.index.tolist() == [0, 1, 2]


def test_a_column_is_read_one_way(tmp_path):
    # As one who writes trailing zeros writes thousands with a point.
    frame, *_ = read(written(tmp_path, "a;b\n980;1\n1.250;2\n12.125;3\n"))
    assert frame["a"].tolist() == [980, 1250, 12125]
    frame, *_ = read(written(tmp_path, "a;b\n9;1\n1.250;2\n12.125;3\n"))
    assert frame["a"].tolist() == [9, 1.25, 12.125]
    frame, *_ = read(written(tmp_path, "a;b\n980;1\n1.25;2\n12.125;3\n"))
    assert frame["a"].tolist() == [980, 1.25, 12.125]
    # Of two currencies or words among numbers it is none.
    for odd in ("€5.00", "five", "1.2.3"):
        frame, *_ = read(written(tmp_path, f"a,b\n$5.25,1\n{odd},2\n"))
        assert frame["a"].tolist() == ["$5.25", odd]


def test_the_first_rows_do_not_change_how_a_column_is_read(tmp_path):
    _, _, schema, _ = read(written(tmp_path, "a;b\n1.234,5;1\n0,5;2\n"))
    columns = schema.to_dict()
    one = read_table(written(tmp_path, "a;b\n1.250;3\n"), **columns)
    assert one["a"].tolist() == [1250]
    points = written(tmp_path, "a,b\n0.5,3\n1.250,3\n")
    assert read_table(points, **columns)["a"].tolist() == [0.5, 1.25]
    _, notes = interpret(read_raw(points), schema, points)
    assert notes == [
        "This file writes decimal points, unlike the table that was fitted."
    ]


@pytest.mark.parametrize("cell", ["€5", "5%", "1,2,3", "12.34.5", "(5", "inf"])
def test_what_was_no_number_at_fit_is_none_later(cell, tmp_path):
    _, _, schema, _ = read(written(tmp_path, "a;b\n$1;1\n$2;2\n"))
    with pytest.raises(CommandError, match="where a finite number, maybe with"):
        read_table(written(tmp_path, f"a;b\n{cell};1\n"), **schema.to_dict())


def test_a_column_that_names_the_rows_is_no_feature_and_can_still_be_read(tmp_path):
    _, readings, _, _ = read(written(tmp_path, ",a\n1,2\n2,2\n"))
    assert list(readings) == ["a"]
    _, readings, schema, _ = read(written(tmp_path, ",a\n1,2\n1,2\n"))
    assert list(readings) == ["Unnamed: 0", "a"]
    assert len(read_table(written(tmp_path, ",a\n1,2\n"), **schema.to_dict())) == 1


def test_negative_numbers_of_all_kinds(tmp_path):
    text = "a;b\n-$1;1\n$-2;2\n(3);3\n(€4);4\n\u22125;5\n"
    frame, *_ = read(written(tmp_path, text.replace("€", "$")))
    assert frame["a"].tolist() == [-1, -2, -3, -4, -5]


def test_rows_that_are_too_long_are_refused_and_short_ones_filled(tmp_path):
    with pytest.raises(CommandError, match="row 2 has more cells than the 2 names"):
        read_raw(written(tmp_path, "a,b\n1,2\n1,2,3,4\n"))
    raw = read_raw(written(tmp_path, "a,b,c\n1,2\n1,2,3\n1,2\n"))
    assert raw.frame["c"].tolist() == [None, "3", None]
    raw = read_raw(written(tmp_path, "a,b,c\n1,2,3\n1,2,3\n1,2\n"))
    assert raw.notes == ["Left out 1 rows at the end, such as '1 2'."]


def test_standard_input_is_a_file(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(content("utf-16.csv")))
    monkeypatch.setattr(sys, "stdin", stream)
    assert len(read_table("-", kinds={"size": "number"})) == N_ROWS


def test_equal_rows_lie_on_one_side():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("aby"))
    frame = pd.concat([frame] * 5, ignore_index=True)
    train, test = hold_out(frame, "y", random_state=0)
    assert len(test) == 100
    assert not set(train["a"]) & set(test["a"])
    assert len(set(many_repeats(train))) == 80
    labels = frame.assign(y=frame["y"] > 0)
    _, test = hold_out(labels, "y", stratify=True, random_state=0)
    assert abs(test["y"].mean() - labels["y"].mean()) < 0.1
    assert repeats(frame[:100]) is None
    assert repeats(frame[:101]) is not None
    assert many_repeats(frame[:101]) is None


def test_the_last_in_time_or_whole_groups_are_held_out():
    frame = pd.DataFrame({"t": [3, 9, 1, 9, 2, 8, 4, 5, 6, 7], "y": range(10)})
    _, test = hold_out(frame, "y", time="t")
    assert test["t"].tolist() == [9, 9]
    with pytest.raises(CommandError, match="does not tell rows"):
        hold_out(frame.assign(t=1), "y", time="t")
    frame = pd.DataFrame({"g": np.arange(60) % 12, "y": range(60)})
    train, test = hold_out(frame, "y", group="g", random_state=0)
    assert not set(train["g"]) & set(test["g"])
    with pytest.raises(CommandError, match="at least 10 are needed"):
        hold_out(frame.assign(g=frame["g"] % 3), "y", group="g")
