from drift_assets.assessment import Assessment
from drift_assets.report.markdown import bins_table, markdown_table


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_a_row_per_column_the_gravest_first(mixed: Assessment) -> None:
    lines = markdown_table(mixed).splitlines()
    assert lines[0].startswith("**Drift: 4 of 8 columns drift")
    # Of the six features, without the one that is absent and without the predictions.
    assert lines[2] == "Data set: breach, 3 of 5 features drift, 60.0% &#62;= 50.0%."
    rows = [cells(line) for line in lines[6:]]
    assert rows[0][0] == "gaps"
    assert {row[0]: row[1] for row in rows}["absent"] == "not evaluated"
    assert {len(row) for row in rows} == {8}


def test_a_row_names_the_bins_that_moved(mixed: Assessment) -> None:
    row = next(line for line in markdown_table(mixed).splitlines() if "| carrier |" in line)
    assert "unseen: 0% → 20.0%; AA: 60.0% → 30.0%" in row


def test_hostile_names_add_no_cell_no_row_no_mark(hostile: Assessment) -> None:
    lines = markdown_table(hostile).splitlines()
    assert len(lines) == 6 + len(hostile.features)
    assert {len(cells(line)) for line in lines[6:]} == {8}
    body = "\n".join(lines[6:]).replace("&#", "").replace("| ", "").replace(" |", "")
    assert not set(body) & set("`[]<>*\\")
    assert "://" not in body


def test_the_bins_of_a_column_are_a_table_of_their_shares(mixed: Assessment) -> None:
    lines = bins_table(mixed.feature("carrier")).splitlines()
    assert [cells(line)[:3] for line in lines[2:]] == [
        ["AA", "60.0%", "30.0%"],
        ["UA", "40.0%", "50.0%"],
        ["unseen", "0%", "20.0%"],
    ]


def test_hostile_categories_keep_to_their_cells(hostile: Assessment) -> None:
    lines = bins_table(hostile.feature("categories")).splitlines()
    assert {len(cells(line)) for line in lines[2:]} == {4}
