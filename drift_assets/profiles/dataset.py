"""What a whole data set looked like: one profile per watched column; and a frozen baseline."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from drift_assets.errors import BaselineError
from drift_assets.profiles.binning import binning_from_dict, binning_to_dict
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.numeric import NumericProfile

Profile = NumericProfile | CategoricalProfile

FORMAT = 3
"""Version of the bytes that `Baseline.to_bytes` writes.

1 always knew pooled categories by name; up to 2 rulers of categories did not know how many
rows the baseline had, and belong to the first method. From 3 on counts are stored in the
narrowest type that holds them, and grids uncompressed.
"""

METHOD_VERSION: Final = 2
"""Version of the formulas; it grows when a fix changes a stored number.

By 1, any category that the baseline never had was ``unseen``, however rare, and 5 expected
rows were enough for a bin. A baseline that was frozen then keeps its bins and its method.
"""

_NPY: Final = b"\x93NUMPY\x01\x00"
"""How an array of version 1.0 begins."""

COMPARABLE_SINCE: Final = 1
"""Oldest method whose numbers on one and the same baseline are those of the present one."""


def damage() -> tuple[type[Exception], ...]:
    """Return what numpy and zipfile raise for bytes that are not, or no more, an archive of ours.

    A function, because a comparison of two small files would wait for both imports.
    """
    import zipfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    return (
        *(ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, EOFError),
        *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
    )


@dataclass(frozen=True, slots=True)
class Unprofiled:
    """A watched column of which no profile could be made, and why, in words."""

    reason: str


@dataclass(frozen=True, eq=False)
class DatasetProfile:
    """One profile per watched column of a data set; data set profiles add.

    Attributes
    ----------
    n_rows
        Rows of the data set.
    columns
        A profile, or the reason why there is none, by column name.
    extra_columns
        Columns found in the data that nobody watches, in their order.
    """

    n_rows: int
    columns: Mapping[str, Profile | Unprofiled]
    extra_columns: tuple[str, ...] = ()

    def __add__(self, other: "DatasetProfile") -> "DatasetProfile":
        """Return the profile of the rows of both; a column unprofiled in either stays so."""
        merged: dict[str, Profile | Unprofiled] = {}
        absent = Unprofiled("absent from one of the parts")
        for name in dict.fromkeys((*self.columns, *other.columns)):
            mine, theirs = self.columns.get(name, absent), other.columns.get(name, absent)
            if isinstance(mine, Unprofiled):
                merged[name] = mine
            elif isinstance(theirs, Unprofiled):
                merged[name] = theirs
            else:
                merged[name] = mine + theirs  # type: ignore[operator]  # equal rulers, equal kinds; else it raises
        extra = dict.fromkeys((*self.extra_columns, *other.extra_columns))
        return DatasetProfile(self.n_rows + other.n_rows, merged, tuple(extra))


@dataclass(frozen=True, eq=False)
class Baseline:
    """A frozen baseline: the ruler and the baseline's own counts over it.

    Attributes
    ----------
    n_rows
        Rows of the baseline data.
    columns
        A profile per watched column; its binning is the ruler for current data.
    """

    n_rows: int
    columns: Mapping[str, Profile]

    @cached_property
    def id(self) -> str:
        """Content hash, 16 hexadecimal digits: the same data and method give the same id."""
        digest = hashlib.sha256(str(self.n_rows).encode())
        for name in sorted(self.columns):
            profile = self.columns[name]
            counts = profile.cells if isinstance(profile, NumericProfile) else profile.counts
            text = json.dumps([name, profile.binning.id, profile.n_missing])
            digest.update(text.encode())
            digest.update(counts.tobytes())
        return digest.hexdigest()[:16]

    @property
    def method_version(self) -> int:
        """Version of the formulas that measure against it: that of its rulers."""
        old = any(
            isinstance(profile, CategoricalProfile) and profile.binning.n_rows is None
            for profile in self.columns.values()
        )
        return 1 if old else METHOD_VERSION

    def to_bytes(self) -> bytes:
        """Return the baseline as one compressed NPZ archive, without pickled objects."""
        arrays: dict[str, Any] = {}
        description: dict[str, Any] = {"format": FORMAT, "n_rows": self.n_rows, "columns": {}}
        for position, (name, profile) in enumerate(self.columns.items()):
            plain: dict[str, Any] = {}
            parts = {f"binning.{key}": v for key, v in binning_to_dict(profile.binning).items()}
            parts |= {
                f.name: getattr(profile, f.name) for f in fields(profile) if f.name != "binning"
            }
            for key, value in parts.items():
                if isinstance(value, np.ndarray):
                    arrays[f"{position}.{key}"] = value
                else:
                    plain[key] = value
            description["columns"][name] = plain
        text = json.dumps(description)
        arrays["description"] = np.frombuffer(text.encode(), dtype=np.uint8)
        # Loaded on use: two small files would wait for it.
        import zipfile  # noqa: PLC0415

        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for key, array in arrays.items():
                # Grid points hardly get smaller by compression, and are the longest to read.
                is_grid = array.dtype.kind == "f"
                entry = zipfile.ZipInfo(f"{key}.npy")
                entry.compress_type = zipfile.ZIP_STORED if is_grid else zipfile.ZIP_DEFLATED
                with archive.open(entry, "w") as file:
                    np.lib.format.write_array(file, _narrow(array), allow_pickle=False)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Baseline":
        """Return the baseline that `to_bytes` wrote.

        Raises
        ------
        BaselineError
            If the bytes are damaged or of a newer format.
        """
        # Loaded on use: two small files would wait for it.
        import zipfile  # noqa: PLC0415

        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                text = _array(archive.read("description.npy")).tobytes()
                description = json.loads(text.decode())
                if description["format"] > FORMAT:
                    raise BaselineError(
                        f"Found a baseline of format {description['format']}, this version reads "
                        f"up to {FORMAT}: upgrade drift_assets."
                    )
                arrays: dict[str, dict[str, NDArray[Any]]] = {}
                for entry in archive.infolist():
                    position, _, key = entry.filename.removesuffix(".npy").partition(".")
                    if key:
                        arrays.setdefault(position, {})[key] = _array(archive.read(entry))
            columns = {
                name: _profile_from_parts(plain | arrays.get(str(position), {}))
                for position, (name, plain) in enumerate(description["columns"].items())
            }
            return cls(description["n_rows"], columns)
        except damage() as error:
            raise BaselineError(
                f"Found a damaged baseline file ({type(error).__name__}), expected one that "
                "drift_assets wrote: restore it from a back-up or freeze the baseline again."
            ) from error


def _array(content: bytes) -> NDArray[Any]:
    """Return what ``numpy.lib.format.read_array`` does, which parses every header anew.

    Of a thousand arrays nearly all have one of a few headers.
    """
    start = 10 + int.from_bytes(content[8:10], "little")
    if content[:8] != _NPY or len(content) < start:
        raise ValueError("Found bytes that are no array, expected one in version 1.0 of NPY.")
    kind, shape, order = _header(content[8:start])
    return np.frombuffer(content, kind, offset=start).reshape(shape, order=order)


@lru_cache(maxsize=256)
def _header(content: bytes) -> tuple[np.dtype[Any], tuple[int, ...], Literal["C", "F"]]:
    """Return type, shape and order of the array that a header describes."""
    shape, by_column, kind = np.lib.format.read_array_header_1_0(io.BytesIO(content))
    return kind, shape, "F" if by_column else "C"


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Return counts in the smallest type that holds them; anything else as it is."""
    if array.dtype != np.int64 or not len(array) or array.min() < 0:
        return array
    return array.astype(np.min_scalar_type(array.max()))


def _profile_from_parts(parts: Mapping[str, Any]) -> Profile:
    binning = binning_from_dict(
        {key.removeprefix("binning."): v for key, v in parts.items() if key.startswith("binning.")}
    )
    rest = {
        # Counts are stored narrower than they add up.
        key: v.astype(np.int64) if isinstance(v, np.ndarray) else v
        for key, v in parts.items()
        if not key.startswith("binning.")
    }
    if "cells" in rest:
        return NumericProfile(binning=binning, **rest)  # type: ignore[arg-type]  # cells mean numeric
    rest["unseen"] = tuple((name, count) for name, count in rest["unseen"])
    return CategoricalProfile(binning=binning, **rest)  # type: ignore[arg-type]  # counts mean categorical
