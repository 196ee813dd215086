import base64
from xml.etree import ElementTree as ET

import pytest

from drift_assets.assessment import Assessment
from drift_assets.report.picture import MOST_ROWS, data_uri, svg_overview
from drift_assets_tests.report.conftest import Assess

SVG = "{http://www.w3.org/2000/svg}"


def test_the_overview_has_a_row_per_column_the_gravest_first(mixed: Assessment) -> None:
    texts = [t.text or "" for t in ET.fromstring(svg_overview(mixed)).iter(f"{SVG}text")]  # noqa: S314  # our own output
    assert texts[0] == "Drift: 4 of 8 columns drift; 1 column could not be evaluated."
    names = [t for t in texts if t in {f.feature for f in mixed.features}]
    assert len(names) == 8
    assert names[0] == "gaps"


def test_bars_are_as_long_as_psi_up_to_four_times_the_threshold(assess_columns: Assess) -> None:
    words = ["a"] * 500 + ["b"] * 500
    # Shares 0.5 and 0.5 to 0.7 and 0.3: PSI = 0.2 ln 1.4 + 0.2 ln(5 / 3) = 0.1695.
    small = ["a"] * 700 + ["b"] * 300
    assessment = assess_columns({"all_new": (words, ["c"] * 1000), "some": (words, small)})
    drawing = ET.fromstring(svg_overview(assessment))  # noqa: S314  # our own output
    bars = [r for r in drawing.iter(f"{SVG}rect") if r.get("fill") not in {"#fff", "#f0f0f0"}]
    widths = [float(bar.get("width") or 0) for bar in bars]
    assert widths[0] == 300
    assert widths[1] == pytest.approx(300 * 0.1695 / 0.8, abs=0.2)
    assert "→" in svg_overview(assessment)


def test_hostile_names_leave_the_picture_well_formed_and_without_script(
    hostile: Assessment,
) -> None:
    drawing = ET.fromstring(svg_overview(hostile))  # noqa: S314  # our own output
    tags = {element.tag.removeprefix(SVG) for element in drawing.iter()}
    assert tags <= {"svg", "title", "rect", "text", "path"}
    assert not any(name.startswith("on") for element in drawing.iter() for name in element.attrib)


def test_the_address_of_a_picture_carries_it(mixed: Assessment) -> None:
    svg = svg_overview(mixed)
    head, _, body = data_uri(svg).partition(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(body).decode() == svg


def test_a_thousand_columns_are_drawn_as_forty_and_the_rest_is_counted(
    assess_columns: Assess,
) -> None:
    words = ["a"] * 10 + ["b"] * 10
    assessment = assess_columns({f"c{i}": (words, words) for i in range(MOST_ROWS + 960)})
    assert "and 960 more columns" in svg_overview(assessment)
