"""Declarations: monitors as people write them in ``defs.yaml`` files.

Dagster loads the same files through the component; here they are read without
Dagster, for the command line. All mistakes of all files are gathered and
shown together, each with file and line.
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from drift_assets.alert_settings import Alerts
from drift_assets.errors import ConfigurationError, UnknownNameError
from drift_assets.monitors import Monitor

COMPONENT_TYPE: Final = "drift_assets.DriftMonitor"
FILE_NAME: Final = "defs.yaml"
ALERTS_FILE: Final = "alerts.yaml"
"""In the project's root: the alert settings that are common to its monitors."""
ROOT_MARKS: Final = ("pyproject.toml", "workspace.yaml", "dg.toml", "dagster.yaml")
SKIPPED: Final = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})
MAX_DEPTH: Final = 8
"""Folders below the start that are searched: enough for a project, bounded for a home folder."""
SHIPPED: Final = Path(__file__).resolve().parent / "defs"

YamlPlace = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A monitor, and the file and line where it is written."""

    monitor: Monitor
    path: Path
    line: int
    root: Path


def project_root(path: Path) -> Path:
    """Return the folder from which relative paths in a YAML file start.

    It is the nearest folder at or above the file that holds a
    ``pyproject.toml``, ``workspace.yaml``, ``dg.toml`` or ``dagster.yaml``. The examples that
    ship inside the package have their checkout as root or, where the package is
    installed, the current folder. Without any such file it is the folder of the YAML file.
    """
    path = path.resolve()
    folder = path if path.is_dir() else path.parent
    shipped = folder.is_relative_to(SHIPPED)
    if shipped:
        checkout = SHIPPED.parent.parent
        return checkout if (checkout / "workspace.yaml").exists() else Path.cwd()
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in ROOT_MARKS):
            return candidate
    return folder


def has_root(path: Path) -> bool:
    """Return whether a folder is in a project: it, or one above, holds a file that marks one."""
    folder = path.resolve()
    return any((one / mark).exists() for one in (folder, *folder.parents) for mark in ROOT_MARKS)


def drift_home(root: Path) -> Path:
    """Return where history, baselines and reports are kept.

    ``DRIFT_ASSETS_HOME`` says; by default it is ``drift_home`` in the project's root.
    """
    named = os.environ.get("DRIFT_ASSETS_HOME", "").strip()
    return Path(named).expanduser().resolve() if named else root / "drift_home"


def find_files(places: Iterable[Path]) -> list[Path]:
    """Return the ``defs.yaml`` files at or below the given files and folders, sorted.

    Hidden folders, virtual environments, installed packages and projects within a folder, which
    have a ``pyproject.toml`` of their own, are not searched.

    Raises
    ------
    ConfigurationError
        If a place does not exist.
    """
    found: dict[Path, None] = {}
    for place in places:
        if place.is_file():
            found[place.resolve()] = None
        elif place.is_dir():
            found.update(dict.fromkeys(sorted(_walk(place.resolve()))))
        else:
            raise ConfigurationError(
                f"Found nothing at {place}, expected a {FILE_NAME} file or a folder with some."
            )
    return list(found)


def read_declarations(paths: Sequence[Path]) -> list[Declaration]:
    """Return the monitors declared in the given files, in order.

    Components of other types in the same files are passed over.

    Raises
    ------
    ConfigurationError
        With all mistakes of all files: unreadable YAML, unknown or missing
        fields, values out of range, two monitors whose names are one but for case.
    """
    declared: list[Declaration] = []
    mistakes: list[str] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
            documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}: cannot be read as UTF-8 text ({type(error).__name__})")
            continue
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or "not valid YAML"
            mistakes.append(f"{path}{line}: {problem}")
            continue
        for node in documents:
            if node is not None:
                _read_document(path, node, declared, mistakes)
    seen: dict[str, Declaration] = {}
    for one in declared:
        # SQL and some file systems do not tell upper from lower case.
        other = seen.setdefault(one.monitor.name.casefold(), one)
        if other is not one:
            name, taken = one.monitor.name, other.monitor.name
            alike = "" if name == taken else f", which differs only by case from {taken!r},"
            mistakes.append(
                f"{one.path}:{one.line}: the monitor name {name!r}{alike} is taken "
                f"by {other.path}:{other.line}"
            )
    if mistakes:
        raise _mistaken(mistakes)
    return declared


def read_alerts(root: Path) -> Alerts | None:
    """Return the alert settings that are common to a project's monitors; None without a file.

    Raises
    ------
    ConfigurationError
        With all mistakes of the file.
    """
    path = root / ALERTS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _mistaken(
            [f"{path}: cannot be read as UTF-8 text ({type(error).__name__})"]
        ) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = {} if node is None else _Loader("").construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise _mistaken([f"{path}{line}: {problem}"]) from None
    if node is None:
        return Alerts()
    mistakes = [
        f"{path}:{key.start_mark.line + 1}: the field {key.value!r} is written twice, expected once"
        for key in _repeated_keys(node)
    ]
    found = Alerts()
    try:
        found = Alerts.model_validate(content)
    except ValidationError as error:
        for place, sentence in mistakes_in(error, Alerts):
            name = ".".join(map(str, place))
            where = _line_of(node, place)
            mistakes.append(f"{path}:{where}: {name + ': ' if name else ''}{sentence}")
    if mistakes:
        raise _mistaken(mistakes, what="alert settings")
    return found


def _mistaken(mistakes: Sequence[str], *, what: str = "monitors' YAML") -> ConfigurationError:
    count = len(mistakes)
    heading = f"Found {count} mistake{'s' * (count > 1)} in the {what}:"
    return ConfigurationError("\n  ".join([heading, *mistakes]))


def find_declaration(name: str, declared: Sequence[Declaration]) -> Declaration:
    """Return the declaration of the monitor called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    for one in declared:
        if one.monitor.name == name:
            return one
    raise UnknownNameError(
        "monitor",
        name,
        [one.monitor.name for one in declared],
        hint=f"Monitors are declared in {FILE_NAME} files; `drift-assets init` writes one.",
    )


def mistakes_in(
    error: ValidationError, schema: type[BaseModel] = Monitor
) -> list[tuple[YamlPlace, str]]:
    """Return each mistake that pydantic found as (place, sentence)."""
    return [(_place(detail["loc"]), _sentence(detail, schema)) for detail in error.errors()]


_GOOD: Final[Mapping[str, object]] = {
    "name": "monitor",
    "baseline": {"path": "baseline.csv", "date_column": "day"},
    "current": "{partition}.csv",
    "partitions": {"start": "2026-01-01"},
}
"""Stand for required fields that are wrong: nothing is amiss between these and any others."""


def _mistakes_between(
    attributes: Mapping[str, object], error: ValidationError
) -> list[tuple[YamlPlace, str]]:
    """Return the mistakes between those fields of a monitor that are not wrong themselves.

    Pydantic looks for them only once no field is.
    """
    wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    if not wrong:
        return []
    if "predictions" in wrong:
        # What is watched is known by both.
        wrong.add("features")
    good = {name: value for name, value in _GOOD.items() if name in wrong}
    others = {name: value for name, value in attributes.items() if str(name) not in wrong}
    try:
        Monitor.model_validate(others | good)
    except ValidationError as found:
        return [(place, sentence) for place, sentence in mistakes_in(found) if not place]
    return []


def _walk(folder: Path) -> Iterator[Path]:
    for current, folders, files in os.walk(folder):
        here = Path(current)
        if len(here.relative_to(folder).parts) >= MAX_DEPTH:
            folders.clear()
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in SKIPPED
            and not (here / name / "pyvenv.cfg").exists()
            # Somebody else's project, with a drift home of its own.
            and not (here / name / "pyproject.toml").exists()
        ]
        if FILE_NAME in files:
            yield here / FILE_NAME


def _read_document(
    path: Path, node: yaml.Node, declared: list[Declaration], mistakes: list[str]
) -> None:
    line = node.start_mark.line + 1
    try:
        content = _Loader("").construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = mark.line + 1 if mark else line
        mistakes.append(f"{path}:{where}: {getattr(error, 'problem', None) or error}")
        return
    if not isinstance(content, dict) or "type" not in content:
        mistakes.append(f"{path}:{line}: found no 'type', expected type: {COMPONENT_TYPE}")
        return
    if content["type"] != COMPONENT_TYPE:
        if difflib.get_close_matches(str(content["type"]), [COMPONENT_TYPE], cutoff=0.8):
            mistakes.append(
                f"{path}:{line}: unknown type {content['type']!r}, did you mean {COMPONENT_TYPE!r}?"
            )
        return
    for key in _repeated_keys(node):
        where = key.start_mark.line + 1
        mistakes.append(f"{path}:{where}: the field {key.value!r} is written twice, expected once")
    attributes = content.get("attributes")
    if not isinstance(attributes, dict):
        mistakes.append(f"{path}:{line}: found no 'attributes', expected those of a monitor")
        return
    spoiled: list[tuple[YamlPlace, str]] = []
    rendered = _render(attributes, ("attributes",), spoiled)
    if spoiled:
        mistakes += [f"{path}:{_line_of(node, place)}: {text}" for place, text in spoiled]
        return
    try:
        monitor = Monitor.model_validate(rendered)
    except ValidationError as error:
        for place, sentence in [*mistakes_in(error), *_mistakes_between(rendered, error)]:
            where = _line_of(node, ("attributes", *place))
            name = ".".join(map(str, place))
            mistakes.append(f"{path}:{where}: {name + ': ' if name else ''}{sentence}")
    else:
        declared.append(Declaration(monitor, path, line, project_root(path)))


class _Loader(yaml.SafeLoader):
    """Makes values of YAML; one that cannot be made is an error of YAML, with its place."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002  # as yaml has it
        """Return the value of a node."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, ArithmeticError, AttributeError, LookupError, TypeError) as error:
            kind = str(node.tag).rsplit(":", 1)[-1]
            problem = f"found {node.value!r}, expected a valid {kind} or, as text, quotes ({error})"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error


def _repeated_keys(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield every key that its mapping has already: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key
                seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)


def _render(
    value: Any,  # noqa: ANN401  # whatever YAML has
    place: YamlPlace,
    spoiled: list[tuple[YamlPlace, str]],
) -> Any:  # noqa: ANN401  # whatever YAML has
    """Return a YAML value with ``{{ env.NAME }}`` filled in, as Dagster fills it in.

    Templates that cannot be filled in are gathered in ``spoiled``, with their places.
    """
    if isinstance(value, dict):
        return {key: _render(item, (*place, key), spoiled) for key, item in value.items()}
    if isinstance(value, list):
        return [_render(item, (*place, i), spoiled) for i, item in enumerate(value)]
    if isinstance(value, str) and "{{" in value:
        template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # paths and names, not HTML
        try:
            return template.from_string(value).render(env=_Environment())
        except Exception as error:  # noqa: BLE001  # a template is an expression: it raises anything
            message = getattr(error, "message", None) or error
            spoiled.append((place, f"template {value!r}: {message}"))
    return value


class _Environment:
    """Environment variables, as ``env.NAME`` or ``env('NAME', 'default')``."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self(name)

    def __call__(self, name: str, default: str | None = None) -> str:
        value = os.environ.get(name, default)
        if value is None:
            raise jinja2.UndefinedError(f"the environment variable {name} is not set")
        return value


def _place(loc: YamlPlace) -> YamlPlace:
    """Return where in the YAML an error is, without the tags of union branches."""
    return tuple(part for part in loc if part not in {"auto", "list"})


def _sentence(detail: ErrorDetails, schema: type[BaseModel]) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    found = detail.get("input")
    match detail["type"]:
        case "extra_forbidden":
            known = sorted(_fields_at(detail["loc"][:-1], schema))
            close = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            return f"unknown field.{guess} Known: {', '.join(known)}"
        case "missing":
            return "required, but absent"
        case "value_error":
            return message
    shown = repr(found)
    if len(shown) > 60:
        shown = f"{shown[:57]}..."
    return f"found {shown}; {message[:1].lower()}{message[1:]}"


def _fields_at(loc: tuple[str | int, ...], of: type[BaseModel]) -> list[str]:
    """Return the names of the fields that are known at a place of a schema."""
    schema = of.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    here: list[dict[str, Any]] = [schema]
    for part in _place(loc):
        following = []
        for one in here:
            for option in _options(one, definitions):
                if isinstance(part, int):
                    following.append(option.get("items", {}))
                elif part in option.get("properties", {}):
                    following.append(option["properties"][part])
                elif isinstance(option.get("additionalProperties"), dict):
                    # By names that people choose, such as those of columns.
                    following.append(option["additionalProperties"])
        here = following
    return list(
        dict.fromkeys(
            name
            for one in here
            for option in _options(one, definitions)
            for name in option.get("properties", {})
        )
    )


def _options(schema: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _options(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return [one for option in branches for one in _options(option, definitions)]
    return [schema]


def _line_of(node: yaml.Node, place: Sequence[str | int]) -> int:
    """Return the line of the deepest part of ``place`` that is written in the YAML."""
    line = node.start_mark.line + 1
    for part in place:
        step = _step(node, part)
        if step is None:
            break
        key, node = step
        line = key.start_mark.line + 1
    return line


def _step(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
