"""Stores: files in an object store, reached by fsspec, with credentials from the environment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from drift_assets.errors import ConfigurationError, DriftAssetsError, UnreadableFileError
from drift_assets.monitors import STORES, store_of
from drift_assets.scan.copies import Copy
from drift_assets.sources.inputs import StoredObject
from drift_assets.sources.templates import GLOB, Entry, Known, walk

_EXTRAS: Final = {"s3fs": "s3", "gcsfs": "gcs", "adlfs": "azure"}
_MARKS: Final = ("ETag", "etag", "generation", "checksum")
_TIMES: Final = ("LastModified", "last_modified", "updated", "mtime", "created")
_LONGEST_REASON: Final = 200
_BEGINNING: Final = datetime.fromtimestamp(0, tz=UTC)


def objects_of(path: str) -> Iterator[tuple[StoredObject, tuple[str, ...], Known]]:
    """Yield the objects that an address names, in order.

    Everything below the part of the address that has neither glob nor placeholder is listed, once.

    Parameters
    ----------
    path
        An address such as ``s3://bucket/data/{partition}/*.csv``.

    Yields
    ------
    tuple
        The object, the folders that it is in, below its bucket, and the texts that stand for the
        placeholders.

    Raises
    ------
    ConfigurationError
        If the package that reaches the store is not installed.
    UnreadableFileError
        If the store cannot be listed.
    """
    store = store_of(path) or ""
    bucket, *parts = (part for part in path.partition("://")[2].split("/") if part not in {"", "."})
    tree = _Listing(store, bucket, _fixed(parts))
    for found, known in walk(tree, Path("/"), tuple(parts)):
        yield tree.objects[found], found.parts[1:-1], known


def copy_of(one: StoredObject) -> Copy:
    """Return a temporary copy of an object.

    Raises
    ------
    UnreadableFileError
        If it cannot be fetched, or is not any more what it was when it was listed.
    """
    copy = Copy(one.address, one.name)
    with _asking(one.address, "fetched") as system:
        system.get_file(one.address.partition("://")[2], str(copy.path))
    n_bytes = copy.path.stat().st_size
    if n_bytes != one.n_bytes:
        raise UnreadableFileError(
            f"Found {n_bytes:,} bytes in {one.address}, expected the {one.n_bytes:,} that were "
            "listed: it changed meanwhile; read it again."
        )
    return copy


def _fixed(parts: Sequence[str]) -> str:
    """Return the folders before the first part that is not fixed."""
    fixed = []
    for part in parts[:-1]:
        if GLOB.search(part) or "%" in part or "{" in part:
            break
        fixed.append(part)
    return "/".join(fixed)


@dataclass(frozen=True, slots=True)
class _Listed:
    name: str
    file: bool

    def is_file(self) -> bool:
        """Return whether it is a file."""
        return self.file

    def is_dir(self) -> bool:
        """Return whether it is a folder."""
        return not self.file


@dataclass
class _Listing:
    """What one listing of a store found, as a tree."""

    store: str
    bucket: str
    prefix: str
    objects: dict[Path, StoredObject] = field(default_factory=dict)
    folders: dict[Path, dict[str, _Listed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        below = f"{self.bucket}/{self.prefix}".rstrip("/")
        with _asking(f"{self.store}://{below}", "listed") as system:
            # A listing that was kept would hide what came since.
            system.invalidate_cache()
            try:
                found = system.find(below, detail=True)
            except FileNotFoundError:
                found = {}
        for name, facts in found.items():
            self._add(name.lstrip("/").removeprefix(f"{self.bucket}/"), facts)

    def _add(self, key: str, facts: dict[str, Any]) -> None:
        names = key.split("/")
        # No template can mean such a name, and it must not be taken for another.
        if {"", ".", ".."} & set(names):
            return
        address = f"{self.store}://{self.bucket}/{key}"
        modified_at = next((facts[name] for name in _TIMES if facts.get(name)), None)
        mark = _content_hash(facts) or next(
            (str(facts[name]) for name in _MARKS if facts.get(name)), str(modified_at)
        )
        path = Path("/", *names)
        self.objects[path] = StoredObject(
            address, int(facts.get("size") or 0), _instant(modified_at), mark
        )
        for i, name in enumerate(names):
            folder = self.folders.setdefault(Path("/", *names[:i]), {})
            folder.setdefault(name, _Listed(name, file=i == len(names) - 1))

    def entries(self, folder: Path) -> Sequence[Entry]:
        """Return what is in a folder; nothing if there is none."""
        return list(self.folders.get(folder, {}).values())

    def exists(self, path: Path) -> bool:
        """Return whether something is there."""
        return path in self.objects or path in self.folders

    def is_file(self, path: Path) -> bool:
        """Return whether an object is there."""
        return path in self.objects

    def real(self, folder: Path) -> str:
        """Return the folder: there are no links."""
        return str(folder)


def _content_hash(facts: dict[str, Any]) -> str:
    """Return the hash that Google or Azure keeps of an object's content; "" if there is none.

    Their ETags, unlike those of S3, change with every write.
    """
    md5 = facts.get("md5Hash") or getattr(facts.get("content_settings"), "content_md5", None)
    return bytes(md5).hex() if isinstance(md5, (bytes, bytearray)) else str(md5 or "")


def _instant(found: object) -> datetime:
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            return _BEGINNING
    if isinstance(found, int | float):
        return datetime.fromtimestamp(found, tz=UTC)
    if not isinstance(found, datetime):
        return _BEGINNING
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def _asking(address: str, what: str) -> Iterator[Any]:
    """Return the store's file system, and have its errors in words."""
    store = store_of(address) or ""
    package = STORES.get(store, store)
    try:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415  # only who reads from a store pays for it

        yield fsspec.filesystem(store)
    except DriftAssetsError:
        raise
    except ImportError:
        raise ConfigurationError(
            f"Found the address {address} and no package {package}, expected it: "
            f"pip install 'drift-assets[{_EXTRAS.get(package, package)}]'."
        ) from None
    except Exception as error:  # noqa: BLE001  # each store has errors of its own
        lines = str(error).strip().splitlines() or [""]
        said = f"{type(error).__name__}: {lines[0][:_LONGEST_REASON]}".rstrip(": ")
        # Its text may repeat credentials, and Dagster keeps and shows what caused an error.
        raise UnreadableFileError(
            f"Found the address {address}, which cannot be {what} ({said}). Expected a store that "
            "answers, and credentials in the environment that may read it."
        ) from None
