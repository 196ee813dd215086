import json

from drift_assets_tests import screenshots


def test_the_pictures_show_the_page_as_it_is() -> None:
    made_from = json.loads(screenshots.NOTE.read_text(encoding="utf-8"))
    now = screenshots.inputs()
    changed = sorted(path for path in now | made_from if now.get(path) != made_from.get(path))
    assert not changed, (
        f"{', '.join(changed)} changed since docs/images were made: "
        "run python -m drift_assets_tests.screenshots"
    )


def test_each_picture_is_there() -> None:
    for name in ("report.png", "report-dark.png", "report-phone.png", "dashboard.png"):
        content = (screenshots.IMAGES / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 400_000
