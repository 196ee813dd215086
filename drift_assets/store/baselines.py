"""Frozen baselines as files: one per content hash, and which one is active."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drift_assets.atomic import write_atomically
from drift_assets.errors import BaselineError
from drift_assets.profiles import Baseline

BASELINE_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class BaselineFiles:
    """The frozen baselines of one monitor, below ``<home>/baselines/<monitor>``.

    Files are named by content and never changed; ``active.json`` names the one
    that judges. Every write is a rename, so a killed run leaves the old or the
    new file, never half of one.
    """

    home: Path
    monitor: str

    @property
    def folder(self) -> Path:
        """Where the files of this monitor are."""
        return self.home / "baselines" / self.monitor

    def activate(self, baseline: Baseline, *, frozen_at: datetime | None = None) -> Path:
        """Keep ``baseline`` and make it the one that judges; return its file."""
        path = self.folder / f"{baseline.id}.npz"
        # Written even where it stands already: freezing again is how a damaged file is mended.
        write_atomically(path, baseline.to_bytes())
        instant = (frozen_at or datetime.now(UTC)).isoformat()
        active = {"baseline_id": baseline.id, "frozen_at": instant}
        write_atomically(self.folder / "active.json", json.dumps(active, indent=2).encode())
        return path

    def active_id(self) -> str | None:
        """Return the id of the baseline that judges; None if none was frozen.

        Raises
        ------
        BaselineError
            If ``active.json`` is damaged.
        """
        pointer = self.folder / "active.json"
        try:
            found = json.loads(pointer.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise BaselineError(f"Found a damaged {pointer}, {_REMEDY}.") from error
        baseline_id = found.get("baseline_id") if isinstance(found, dict) else None
        if not isinstance(baseline_id, str) or not BASELINE_ID.fullmatch(baseline_id):
            raise BaselineError(f"Found no baseline_id in {pointer}, {_REMEDY}.")
        return baseline_id

    def active(self) -> Baseline | None:
        """Return the baseline that judges; None if none was frozen.

        Raises
        ------
        BaselineError
            If the file is absent, damaged or not the one that its name says.
        """
        baseline_id = self.active_id()
        if baseline_id is None:
            return None
        path = self.folder / f"{baseline_id}.npz"
        try:
            baseline = Baseline.from_bytes(path.read_bytes())
        except FileNotFoundError as error:
            raise BaselineError(f"Found no {path}, {_REMEDY}.") from error
        if baseline.id != baseline_id:
            raise BaselineError(f"Found the baseline {baseline.id} in {path}, {_REMEDY}.")
        return baseline


_REMEDY = "expected what drift_assets wrote: restore it from a back-up or freeze the baseline again"
