"""The JSON Schema of a day's report, made from the types that are written down.

Run ``python -m drift_assets_tests.report.schema_file`` after a field was added or described.
"""

import inspect
import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import drift_assets
from drift_assets.assessment import Assessment
from drift_assets.data_checks import CheckResult
from drift_assets.report.json import SCHEMA_VERSION
from drift_assets.trends import TrendResult

PLACE = Path(drift_assets.__file__).parent / "report" / "schemas" / "day.schema.json"

CONTEXT = {
    "partition": "Day of the data, such as 2026-11-23.",
    "evaluated_at": "When it was measured, ISO 8601.",
    "run_id": "Run that measured it.",
    "fingerprint": "Hash of the data as found.",
}


def schema() -> dict[str, Any]:
    """Return the schema of what `assessment_to_dict` writes, and the day's trends beside it."""
    parts: dict[str, Any] = {}
    day = part(Assessment, parts)
    of_trends = part(TrendResult, parts)
    parts["TrendResult"] = of_trends
    parts["number"] = {
        "description": "A number; those that JSON has no sign for are written as words.",
        "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}],
    }
    version = {
        "const": SCHEMA_VERSION,
        "description": "Version of these keys; it grows when one changes its meaning or goes.",
    }
    context = {key: {"type": "string", "description": text} for key, text in CONTEXT.items()}
    parts["CheckResult"] = part(CheckResult, parts)
    checks = {
        "type": "array",
        "items": {"$ref": "#/$defs/CheckResult"},
        "description": "What the checks of the data themselves found; absent if there are none.",
    }
    trends = {
        "type": "array",
        "items": {"$ref": "#/$defs/TrendResult"},
        "description": "What the days up to this one say together; absent if nobody looked.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:drift-assets:report:day:{SCHEMA_VERSION}",
        "title": "One monitor's data of one day, measured and judged",
        "description": "Written beside each day's page. New keys may come without a new version.",
        "type": "object",
        "properties": {
            "schema_version": version,
            **context,
            **day["properties"],
            "checks": checks,
            "trends": trends,
        },
        "required": ["schema_version", *day["required"]],
        "$defs": dict(sorted(parts.items())),
    }


def part(kind: type, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a dataclass; those inside it are added to ``parts``."""
    hints, texts = get_type_hints(kind), described(kind)
    properties = {}
    for field in fields(kind):
        found = of_type(hints[field.name], parts)
        text = texts.get(field.name)
        properties[field.name] = {**found, "description": text} if text else found
    return {
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "type": "object",
        "properties": properties,
        "required": [field.name for field in fields(kind)],
    }


def of_type(hint: Any, parts: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401, PLR0911  # any type hint, a case each
    """Return the schema of what a type hint allows."""
    simple = {str: "string", int: "integer", bool: "boolean", types.NoneType: "null"}
    origin, inner = get_origin(hint), get_args(hint)
    if hint in simple:
        return {"type": simple[hint]}
    if hint is float:
        return {"$ref": "#/$defs/number"}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in {Union, types.UnionType}:
        return {"anyOf": [of_type(one, parts) for one in inner]}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": of_type(inner[0], parts)}
    if origin is tuple:
        items = [of_type(one, parts) for one in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": of_type(inner[1], parts)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    if isinstance(hint, type) and is_dataclass(hint):
        if hint.__name__ not in parts:
            parts[hint.__name__] = {}
            parts[hint.__name__] = part(hint, parts)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if getattr(hint, "__name__", "") == "date":
        return {"type": "string", "format": "date"}
    message = f"Found a field of type {hint}, expected one that this module knows: teach it."
    raise AssertionError(message)


def described(kind: type) -> dict[str, str]:
    """Return what the docstring says of each attribute."""
    found: dict[str, str] = {}
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")
    # A section ends where text stands at the margin after an empty line.
    for names, text in re.findall(r"^(\w[\w, ]*)\n((?: {4}.*\n?)+)", section, re.MULTILINE):
        sentence = " ".join(text.split()).replace("``", "").replace("`", "")
        found |= dict.fromkeys(names.split(", "), sentence)
    return found


def text() -> str:
    """Return the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text(), encoding="utf-8")
