"""What your own pipeline does each day: ``python -m flights.deliver 2013-03-08``.

Without a day it trains the first model on January and February, which become the baseline.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

from flights.models import (
    DATA,
    fit,
    keep,
    load,
    put_to_work,
    rows_of,
    scored,
    versions,
    write_rows,
)


def begin() -> Path:
    """Train the first model, and write its baseline."""
    rows = rows_of(date(2013, 1, 1) + timedelta(days=n) for n in range(59))
    model = fit(rows)
    keep(model, 1)
    put_to_work([1])
    return write_rows(scored(model, rows), DATA / "baselines" / "1.parquet")


def deliver(day: date) -> Path:
    """Score a day's departures by the model that scores at present."""
    rows = scored(load(versions()[-1]), rows_of([day]))
    return write_rows(rows, DATA / "arrivals" / f"{day}.parquet")


if __name__ == "__main__":
    written = deliver(date.fromisoformat(sys.argv[1])) if sys.argv[1:] else begin()
    sys.stdout.write(f"{written}\n")
