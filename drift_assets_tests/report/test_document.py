import base64
import hashlib
import json
import re
from types import SimpleNamespace

from drift_assets.report.document import self_contained
from drift_assets_tests.report.conftest import HOSTILE


def made(data: object) -> str:
    """Return a page by the smallest of contexts: its head is all that is looked at."""
    page = SimpleNamespace(
        verdict="ok",
        headline="",
        leading=(),
        timeline=SimpleNamespace(days=()),
        positive_rates=(),
        facts=(),
        cautions=(),
        counts=(),
        columns=(),
        extra_columns="",
        thresholds=(),
    )
    return self_contained(
        "page.html",
        styles=("parts.css",),
        scripts=("parts.js",),
        data=data,
        context={
            "page": page,
            "title": "t",
            "subtitle": "",
            "generated_at": "",
            "trend_headline": "",
            "trends": (),
            "checks": (),
            "silent": (),
            "more_silent": 0,
            "bars": (),
            "steps": (),
        },
    )


def test_the_policy_admits_its_own_script_and_style_by_their_hashes() -> None:
    html = made({})
    for tag, kind in (("script", "script"), ("style", "style")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in html


def test_data_come_back_as_they_were_and_hold_no_mark_of_html() -> None:
    data = {"names": list(HOSTILE[:-1]), HOSTILE[0]: "&amp;\u2029"}
    text = made(data).partition(' id="data">')[2].partition("</script>")[0]
    assert json.loads(text) == data
    assert not set("<>&\u2028\u2029") & set(text)
