"""A web page as one file that needs nothing else: its styles, scripts and data inside, sealed."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

# What could end the element that holds the data, or open a comment in it.
_MARKS: Final = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


def self_contained(
    template: str,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    data: object,
    context: Mapping[str, Any],
) -> str:
    """Return a page made from files of ``drift_assets/report/web``.

    Its policy admits these styles and scripts by their hashes and forbids all others, and any
    request: whatever a name in the data says, nothing of it runs.

    Parameters
    ----------
    template
        A jinja2 template; it holds ``policy``, ``style``, ``data`` and ``script``.
    styles, scripts
        Files that make up its one style sheet and its one script, in their order.
    data
        What the script reads: plain JSON types.
    context
        What the template reads besides.
    """
    style, script = _joined(tuple(styles)), _joined(tuple(scripts))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _template(template).render(
        context,
        # None of these comes from the data as it stands: files of this package, and JSON in
        # which no mark of HTML is left.
        policy=Markup(policy),  # noqa: S704
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(text.translate(_MARKS)),  # noqa: S704
    )


@cache
def _joined(names: tuple[str, ...]) -> str:
    folder = files("drift_assets.report").joinpath("web")
    texts = [folder.joinpath(name).read_text(encoding="utf-8") for name in names]
    return f"\n{''.join(texts)}"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}"


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("drift_assets.report").joinpath("web", name).read_text(encoding="utf-8")
    return environment.from_string(source)
