"""Frozen baselines as files: one per content hash, and which one is active."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from filelock import FileLock, Timeout

from drift_assets.atomic import write_atomically
from drift_assets.errors import BaselineError
from drift_assets.learned import LearnedThresholds, learned_from_dict, learned_to_dict
from drift_assets.profiles import Baseline

BASELINE_ID = re.compile(r"[0-9a-f]{16}")

Act = Literal["declared", "promoted", "rolled back"]
"""How a baseline came to judge: from the YAML's data, or by a person's choice among the frozen."""
ARCHIVED: Final = "archived"
WAIT_SECONDS: Final = 120.0
"""How long to wait for another process that changes which baseline judges."""


@dataclass(frozen=True, slots=True)
class Active:
    """Which baseline judges, since when and why: what ``active.json`` says.

    Attributes
    ----------
    baseline_id, since
        The one that judges, and from when.
    act
        How it came to.
    declared, declared_id
        What the YAML's ``baseline`` said then, and what its data were frozen as; "" where
        that was not written down.
    before
        Those that judged before it, the latest last: what a rollback goes back to.
    """

    baseline_id: str
    since: datetime
    act: Act = "declared"
    declared: str = ""
    declared_id: str = ""
    before: tuple[str, ...] = ()


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

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep all others from changing which baseline judges, from the look to the act.

        Not to be entered twice.

        Raises
        ------
        BaselineError
            If another process was at it for all of `WAIT_SECONDS`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".active.lock", timeout=WAIT_SECONDS, fallback_to_soft=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise BaselineError(
                f"Found another process changing which baseline of {self.monitor!r} judges, still "
                f"after {WAIT_SECONDS:.0f} s, expected it to be done: try again once it is."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def keep(self, baseline: Baseline) -> Path:
        """Keep ``baseline``, without letting it judge; return its file."""
        path = self.folder / f"{baseline.id}.npz"
        # Written even where it stands already: freezing again is how a damaged file is mended.
        write_atomically(path, baseline.to_bytes())
        (self.folder / ARCHIVED / path.name).unlink(missing_ok=True)
        return path

    def kept_at(self, baseline_id: str) -> datetime | None:
        """Return when a baseline was kept last; None if it is not here."""
        try:
            seconds = (self.folder / f"{baseline_id}.npz").stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(seconds, UTC)

    def activate(
        self,
        baseline: Baseline,
        *,
        frozen_at: datetime | None = None,
        act: Act = "declared",
        declared: str = "",
        declared_id: str = "",
        before: Sequence[str] | None = None,
    ) -> Path:
        """Keep ``baseline`` and make it the one that judges; return its file.

        Parameters
        ----------
        baseline
            The one.
        frozen_at
            Since when; by default now.
        act, declared, declared_id
            How it came to judge; what the YAML says of its baseline meanwhile, and what its
            data were frozen as.
        before
            Those that judged before it; by default it follows upon the present one.
        """
        path = self.keep(baseline)
        if before is None:
            present = self.present()
            before = () if present is None else present.before
            if present is not None and present.baseline_id != baseline.id:
                before = (*before, present.baseline_id)
        active = {
            "baseline_id": baseline.id,
            "frozen_at": (frozen_at or datetime.now(UTC)).isoformat(),
            "act": act,
            "declared": declared,
            "declared_id": declared_id,
            "before": list(before),
        }
        write_atomically(self.folder / "active.json", json.dumps(active, indent=2).encode())
        return path

    def present(self) -> Active | None:
        """Return which baseline judges and why; None if none was frozen, or it cannot be told."""
        try:
            baseline_id = self.active_id()
        except BaselineError:
            # Damage must not keep anybody from freezing anew.
            return None
        if baseline_id is None:
            return None
        found = json.loads((self.folder / "active.json").read_text(encoding="utf-8"))
        return Active(
            baseline_id,
            datetime.fromisoformat(found["frozen_at"]),
            found.get("act", "declared"),
            found.get("declared", ""),
            found.get("declared_id", ""),
            tuple(found.get("before", ())),
        )

    def ids(self) -> dict[str, bool]:
        """Return the ids of all frozen baselines, and whether each has been archived."""
        here = {path.stem: False for path in sorted(self.folder.glob("*.npz"))}
        away = {path.stem: True for path in sorted((self.folder / ARCHIVED).glob("*.npz"))}
        return {name: place for name, place in (away | here).items() if BASELINE_ID.fullmatch(name)}

    def read(self, baseline_id: str) -> Baseline:
        """Return a frozen baseline, an archived one too.

        Raises
        ------
        BaselineError
            If the file is absent, damaged or not the one that its name says.
        """
        path = self.folder / f"{baseline_id}.npz"
        if not path.exists() and (away := self.folder / ARCHIVED / path.name).exists():
            path = away
        try:
            baseline = Baseline.from_bytes(path.read_bytes())
        except FileNotFoundError as error:
            raise BaselineError(f"Found no {path}, {_REMEDY}.") from error
        if baseline.id != baseline_id:
            raise BaselineError(f"Found the baseline {baseline.id} in {path}, {_REMEDY}.")
        return baseline

    def learned(
        self, baseline_id: str, *, settings: Mapping[str, Any] | None = None
    ) -> LearnedThresholds | None:
        """Return the thresholds learned from a baseline's days; None if none can be read.

        Parameters
        ----------
        baseline_id
            The baseline.
        settings
            What they must have been learned by; by default whatever they were.
        """
        try:
            content = json.loads(self._learned_file(baseline_id).read_bytes())
            # What a hand or an older version wrote is learned anew, never half believed.
            if settings is not None and content["settings"] != settings:
                return None
            return learned_from_dict(content["learned"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def keep_learned(
        self, baseline_id: str, learned: LearnedThresholds, *, settings: Mapping[str, Any]
    ) -> Path:
        """Keep what was learned from a baseline's days, and by which settings; return the file."""
        path = self._learned_file(baseline_id)
        content = {"settings": settings, "learned": learned_to_dict(learned)}
        write_atomically(path, json.dumps(content, allow_nan=False).encode())
        return path

    def _learned_file(self, baseline_id: str) -> Path:
        return self.folder / f"{baseline_id}.learned.json"

    def archive(self, baseline_id: str) -> Path:
        """Put a frozen baseline away, out of the list; return where it is now.

        Raises
        ------
        BaselineError
            If it is the one that judges, or is not there.
        """
        if baseline_id == self.active_id():
            raise BaselineError(
                f"Found the baseline {baseline_id} judging, expected one that does not: promote "
                "another one first."
            )
        away = self.folder / ARCHIVED / f"{baseline_id}.npz"
        away.parent.mkdir(parents=True, exist_ok=True)
        try:
            (self.folder / f"{baseline_id}.npz").replace(away)
        except FileNotFoundError as error:
            raise BaselineError(
                f"Found no baseline {baseline_id} of {self.monitor!r} outside the archive, "
                "expected one that `drift-assets baseline list` shows."
            ) from error
        return away

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
        return None if baseline_id is None else self.read(baseline_id)


_REMEDY = "expected what drift_assets wrote: restore it from a back-up or freeze the baseline again"
