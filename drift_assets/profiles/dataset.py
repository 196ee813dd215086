"""What a whole data set looked like: one profile per watched column; and a frozen baseline."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np

from drift_assets.errors import BaselineError
from drift_assets.profiles.binning import binning_from_dict, binning_to_dict
from drift_assets.profiles.categorical import CategoricalProfile
from drift_assets.profiles.numeric import NumericProfile

Profile = NumericProfile | CategoricalProfile

FORMAT = 2
"""Version of the bytes that `Baseline.to_bytes` writes.

1 always knew pooled categories by name.
"""


DAMAGE: Final = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, EOFError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
)
"""What numpy and zipfile raise for bytes that are not, or not any more, an archive of ours."""


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
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, description=np.frombuffer(text.encode(), dtype=np.uint8), **arrays
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Baseline":
        """Return the baseline that `to_bytes` wrote.

        Raises
        ------
        BaselineError
            If the bytes are damaged or of a newer format.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                description = json.loads(archive["description"].tobytes().decode())
                if description["format"] > FORMAT:
                    raise BaselineError(
                        f"Found a baseline of format {description['format']}, this version reads "
                        f"up to {FORMAT}: upgrade drift_assets."
                    )
                columns = {
                    name: _profile_from_parts(
                        plain
                        | {
                            key.split(".", 1)[1]: archive[key]
                            for key in archive.files
                            if key.startswith(f"{position}.")
                        }
                    )
                    for position, (name, plain) in enumerate(description["columns"].items())
                }
                return cls(description["n_rows"], columns)
        except DAMAGE as error:
            raise BaselineError(
                f"Found a damaged baseline file ({type(error).__name__}), expected one that "
                "drift_assets wrote: restore it from a back-up or freeze the baseline again."
            ) from error


def _profile_from_parts(parts: Mapping[str, Any]) -> Profile:
    binning = binning_from_dict(
        {key.removeprefix("binning."): v for key, v in parts.items() if key.startswith("binning.")}
    )
    rest = {key: v for key, v in parts.items() if not key.startswith("binning.")}
    if "cells" in rest:
        return NumericProfile(binning=binning, **rest)  # type: ignore[arg-type]  # cells mean numeric
    rest["unseen"] = tuple((name, count) for name, count in rest["unseen"])
    return CategoricalProfile(binning=binning, **rest)  # type: ignore[arg-type]  # counts mean categorical
