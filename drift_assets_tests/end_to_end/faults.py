"""The named faults: what can be wrong with a day's data, and what is to come of it."""

import gzip
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest

from drift_assets.atomic import write_atomically
from drift_assets.orchestration import day
from drift_assets.scan import profile_rows
from drift_assets.sources import open_day
from drift_assets.store import History, InputFile

HOSTILE: Final = '"; DROP TABLE measurements; --'
"""Name of a watched column."""
N_ROWS: Final = 200


class Seen(StrEnum):
    """What the sensor makes of a day's files."""

    DUE = "due"
    UNKNOWN = "unknown"
    SETTLING = "settling"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Scene:
    """The day at which a fault happens.

    Attributes
    ----------
    day, folder
        The day, and the folder of its files.
    earlier
        A day of the same monitor that was reported before, and its folder.
    patch
        What is changed by it is as before when the day is healed.
    """

    day: date
    folder: Path
    earlier: Path
    patch: pytest.MonkeyPatch

    def write(self, name: str | bytes, content: bytes | str, *, age: float = 60) -> Path:
        """Deliver a file as if it had been written ``age`` seconds ago."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / os.fsdecode(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def csv(self, frame: pd.DataFrame, name: str | bytes = "a.csv", *, age: float = 60) -> Path:
        """Deliver rows as CSV."""
        return self.write(name, frame.to_csv(index=False), age=age)

    def parquet(self, table: pa.Table | pd.DataFrame, name: str = "a.parquet") -> Path:
        """Deliver rows as Parquet."""
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table, preserve_index=False)
        sink = io.BytesIO()
        pq.write_table(table, sink)
        return self.write(name, sink.getvalue())

    @property
    def rows(self) -> pd.DataFrame:
        """Good rows of this day, and of no other."""
        return good_rows(self.day)


def good_rows(of: date, n: int = N_ROWS) -> pd.DataFrame:
    """Return rows of a day on which nothing has changed."""
    random = np.random.default_rng(of.toordinal())
    return pd.DataFrame(
        {
            "amount": random.normal(50, 10, n).round(3),
            "region": random.permutation(["north", "south"] * (n // 2) + ["north"] * (n % 2)),
            HOSTILE: random.normal(0, 1, n).round(3),
        }
    )


@dataclass(frozen=True)
class Fault:
    """Something that is wrong.

    Attributes
    ----------
    name
        What.
    make
        Makes it.
    says
        Words that people are told: by the run's error, a verdict's reason, a data check, the
        quarantine or the sensor.
    verdict
        Of the day; None if its run fails.
    seen
        What the sensor makes of it; a day that is not due does not run.
    monitor
        Whose day.
    slow
        Whether it is one of those that only the long part of the suite makes.
    reported
        Whether the report is there although the run failed: it is written before the history.
    again
        Whether the sensor asks again: the data are other ones by then, or no run began.
    """

    name: str
    make: Callable[[Scene], object]
    says: tuple[str, ...] = ()
    verdict: str | None = None
    seen: Seen = Seen.DUE
    monitor: str = "plain"
    slow: bool = False
    again: bool = False
    reported: bool = False


def _in_amount(text: str, *, every: int = 7) -> Callable[[Scene], Path]:
    """Return what puts a text into every so many rows of the number column."""

    def make(scene: Scene) -> Path:
        frame = scene.rows.astype({"amount": object})
        frame.loc[::every, "amount"] = text
        return scene.csv(frame)

    return make


def _replaced(before: bytes, after: bytes) -> Callable[[Scene], Path]:
    """Return what replaces bytes of the good file, where they stand first."""

    def make(scene: Scene) -> Path:
        content = scene.rows.to_csv(index=False).encode()
        assert before in content
        return scene.write("a.csv", content.replace(before, after, 1))

    return make


def _renamed(name: str) -> Callable[[Scene], Path]:
    return lambda scene: scene.csv(scene.rows.rename(columns={"amount": name}))


def _with(name: str, value: object) -> Callable[[Scene], Path]:
    """Return what delivers good rows with one more column, or another one."""
    return lambda scene: scene.csv(scene.rows.assign(**{name: value}))  # type: ignore[arg-type]


def _cut(name: str, pack: Callable[[bytes], bytes]) -> Callable[[Scene], Path]:
    """Return what delivers two thirds of a packed file."""

    def make(scene: Scene) -> Path:
        content = pack(scene.rows.to_csv(index=False).encode())
        return scene.write(name, content[: len(content) * 2 // 3])

    return make


def _zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def _bad_checksum(scene: Scene) -> Path:
    content = bytearray(gzip.compress(scene.rows.to_csv(index=False).encode()))
    content[-6] ^= 0xFF
    return scene.write("a.csv.gz", bytes(content))


def _parquet_bytes(frame: pd.DataFrame) -> bytes:
    return frame.to_parquet(index=False)


def _cut_parquet(scene: Scene) -> Path:
    content = _parquet_bytes(scene.rows)
    return scene.write("a.parquet", content[: len(content) // 2])


def _damaged_parquet(scene: Scene) -> Path:
    content = bytearray(_parquet_bytes(scene.rows))
    content[4:60] = bytes(56)
    return scene.write("a.parquet", bytes(content))


def _nested(scene: Scene) -> Path:
    table = pa.table(
        {
            "amount": [[value] for value in scene.rows["amount"]],
            "region": scene.rows["region"],
            HOSTILE: scene.rows[HOSTILE],
        }
    )
    return scene.parquet(table)


def _excel(scene: Scene) -> Path:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return scene.write("a.csv", sink.getvalue())


def _records(scene: Scene) -> list[str]:
    return [json.dumps(row) for row in scene.rows.to_dict("records")]


def _broken_json_line(scene: Scene) -> Path:
    lines = _records(scene)
    lines[40] = lines[40][:-5]
    return scene.write("a.jsonl", "\n".join(lines))


def _open_json_array(scene: Scene) -> Path:
    return scene.write("a.json", "[" + ",".join(_records(scene)))


def _json_line_of_another_kind(scene: Scene) -> Path:
    return scene.write("a.jsonl", "\n".join([*_records(scene), "[1, 2, 3]"]))


def _half_a_character(scene: Scene) -> Path:
    records = [{**row, "\ud83d": 1} for row in scene.rows.to_dict("records")]
    return scene.write("a.json", json.dumps(records))


def _folder(scene: Scene) -> None:
    (scene.folder / "a.csv").mkdir(parents=True)


def _link(target: str) -> Callable[[Scene], None]:
    def make(scene: Scene) -> None:
        scene.folder.mkdir(parents=True)
        (scene.folder / "a.csv").symlink_to(target)

    return make


def _good_beside_loop(scene: Scene) -> None:
    scene.csv(scene.rows, "good.csv")
    (scene.folder / "loop.csv").symlink_to("loop.csv")


def _denied_file(scene: Scene) -> None:
    path = scene.csv(scene.rows)
    genuine = Path.open

    # Tests may run as root, to whom nothing is denied.
    def denied(one: Path, *arguments: object, **options: object) -> object:
        if one == path:
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(one, *arguments, **options)  # type: ignore[call-overload]

    scene.patch.setattr(Path, "open", denied)


def _denied_folder(scene: Scene) -> None:
    scene.csv(scene.rows)
    genuine = os.scandir

    def denied(path: str | os.PathLike[str] = ".") -> object:
        if os.fspath(path) == str(scene.folder):
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(path)

    scene.patch.setattr(os, "scandir", denied)


def _denied_status(scene: Scene) -> None:
    path = scene.csv(scene.rows)
    genuine = Path.stat

    def denied(one: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if one == path:
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(one, follow_symlinks=follow_symlinks)

    scene.patch.setattr(Path, "stat", denied)


def _while_read(happens: Callable[[Path], object]) -> Callable[[Scene], None]:
    """Return what lets something happen to the file once it is open."""

    def make(scene: Scene) -> None:
        path = scene.csv(scene.rows)
        genuine = profile_rows

        def profile(*arguments: object, **options: object) -> object:
            found = genuine(*arguments, **options)  # type: ignore[arg-type]
            happens(path)
            return found

        scene.patch.setattr(day, "profile_rows", profile)

    return make


def _appended(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("1,north,2\n")


def _gone_before_read(scene: Scene) -> None:
    path = scene.csv(scene.rows)
    genuine = open_day

    def opened(*arguments: object, **options: object) -> object:
        path.unlink(missing_ok=True)
        return genuine(*arguments, **options)  # type: ignore[arg-type]

    scene.patch.setattr(day, "open_day", opened)


def _full_disk(scene: Scene) -> None:
    scene.csv(scene.rows)
    genuine = write_atomically

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    def write(path: Path, content: bytes) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if "reports" in path.parts:
                patch.setattr(os, "fsync", full)
            genuine(path, content)

    scene.patch.setattr(day, "write_atomically", write)


def _broken_transaction(scene: Scene) -> None:
    scene.csv(scene.rows)
    genuine = History.record

    def record(*arguments: object, **options: object) -> object:
        # The last table that is written takes no such number.
        options["inputs"] = [InputFile("a.csv", 2**80, datetime.now(UTC))]
        return genuine(*arguments, **options)  # type: ignore[arg-type]

    scene.patch.setattr(History, "record", record)


def _two(other: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """Return what delivers a good file beside what ``other`` does."""

    def make(scene: Scene) -> None:
        other(scene)
        scene.csv(scene.rows, "good.csv")

    return make


def _without_a_column(scene: Scene) -> Path:
    return scene.csv(scene.rows.drop(columns="amount"))


def _copy_of_earlier(scene: Scene) -> Path:
    return scene.write("a.csv", (scene.earlier / "good.csv").read_bytes())


def _twice(scene: Scene) -> None:
    scene.csv(scene.rows, "a.csv")
    scene.csv(scene.rows, "a (1).csv")


def _shared_name(scene: Scene) -> Path:
    text = scene.rows.to_csv(index=False).replace("region", "amount", 1)
    return scene.write("a.csv", text)


def _many_columns(scene: Scene) -> Path:
    more = pd.DataFrame(1.0, index=range(N_ROWS), columns=[f"extra_{n}" for n in range(5000)])
    return scene.csv(pd.concat([scene.rows, more], axis=1))


def _dates(scene: Scene, *, of: str | None = None) -> pd.DataFrame:
    return scene.rows.assign(taken_at=f"{of or scene.day}")


def _dated(change: Callable[[Scene, pd.DataFrame], pd.DataFrame]) -> Callable[[Scene], Path]:
    """Return what delivers a file with a date column that is changed."""
    return lambda scene: scene.csv(change(scene, _dates(scene)), f"{scene.day}.csv")


def _some_dates(value: object) -> Callable[[Scene], Path]:
    def change(_scene: Scene, frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({"taken_at": object})
        frame.loc[::5, "taken_at"] = value  # type: ignore[call-overload]
        return frame

    return _dated(change)


def _next_zone(scene: Scene, frame: pd.DataFrame) -> pd.DataFrame:
    late = f"{scene.day + timedelta(days=1)}T01:30:00+02:00"
    return frame[:150].assign(taken_at=late)


def _scored(change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Callable[[Scene], None]:
    """Return what delivers rows, and predictions that are changed."""

    def make(scene: Scene) -> None:
        frame = scene.rows.assign(id=range(N_ROWS))
        scene.csv(frame, "rows.csv")
        scores = change(frame[["id"]].assign(score=np.linspace(0, 1, N_ROWS)))
        if scores is not None:
            scene.csv(scores, "scores.csv")

    return make


def _bad_scores(scene: Scene) -> None:
    _scored(lambda _: None)(scene)
    scene.write("scores.csv", b"id,score\n1,0.5,9\n")


_HTML: Final = (
    "<!DOCTYPE html>\n<html>\n<head><title>502 Bad Gateway</title></head>\n<body>no</body>\n</html>"
)

_UNREADABLE: Final = (
    # The first, because it looks for the days that come before all of these.
    Fault(
        "the rows of the day before once more", _copy_of_earlier, ("the same 200 rows as on",), "ok"
    ),
    Fault(
        "an empty file", lambda s: s.write("a.csv", b""), ("empty file", "column names and rows")
    ),
    Fault(
        "blank lines only", lambda s: s.write("a.csv", b"\n\n\n"), ("empty file", "column names")
    ),
    Fault("a header only", lambda s: s.csv(s.rows[:0]), ("no rows for", "deliver the data")),
    Fault(
        "UTF-16",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False).encode("utf-16")),
        ("UTF-16", "save it again as UTF-8"),
    ),
    Fault(
        "Latin-1 bytes in a value",
        _replaced(b"north", "Köln".encode("latin-1")),
        ("not UTF-8", "UTF-8"),
    ),
    Fault(
        "Latin-1 bytes in the header",
        _replaced(b"amount", "Größe".encode("latin-1")),
        ("not UTF-8", "line 1"),
    ),
    Fault("NUL bytes", _replaced(b"north", b"no\0th"), ("binary data", "delimited text")),
    Fault(
        "a ragged row",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False) + "1,north,2,3\n"),
        ("4 fields in line 202", "expected 3", "repair the line"),
    ),
    Fault(
        "a line of totals at the end",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False) + "TOTAL 200 rows\n"),
        ("1 field in line 202", "expected 3"),
    ),
    Fault(
        "an unbalanced quote", _replaced(b"north", b'"north'), ("a line break stands in quotes",)
    ),
    Fault(
        "semicolons for commas",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False, sep=";")),
        ("semicolons", "save it again with commas"),
    ),
    Fault(
        "tabs in a CSV",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False, sep="\t")),
        ("tabs", "save it again with commas"),
        slow=True,
    ),
    Fault(
        "a web server's error page",
        lambda s: s.write("a.csv", _HTML),
        ("absent", "4 rows"),
        "not_evaluated",
    ),
    Fault("a workbook named CSV", _excel, ("zip or Excel", "plain CSV text")),
    Fault("a cut gzip", _cut("a.csv.gz", gzip.compress), ("truncated gzip", "copy it again")),
    Fault("a cut Zstandard", _cut("a.csv.zst", _zstd), ("truncated zstd", "copy it again")),
    Fault("a gzip with a wrong checksum", _bad_checksum, ("damaged", "gzip", "copy it again")),
    Fault(
        "gzip without its ending",
        lambda s: s.write("a.csv", gzip.compress(b"a")),
        ("gzip data", "name it a.csv.gz"),
    ),
    Fault(
        "text that is named gzip",
        lambda s: s.write("a.csv.gz", s.rows.to_csv(index=False)),
        ("expected gzip", "as its name says"),
    ),
    Fault("a Parquet file of no byte", lambda s: s.write("a.parquet", b""), ("empty file",)),
    Fault("a cut Parquet file", _cut_parquet, ("truncated Parquet", "copy it again")),
    Fault("a damaged page of Parquet", _damaged_parquet, ("damaged", "Parquet", "copy it again")),
    Fault(
        "CSV that is named Parquet",
        lambda s: s.write("a.parquet", s.rows.to_csv(index=False)),
        ("expected Parquet", "as its name says"),
    ),
    Fault(
        "Parquet that is named CSV",
        lambda s: s.write("a.csv", _parquet_bytes(s.rows)),
        ("Parquet data", "name it a.parquet"),
        slow=True,
    ),
    Fault("Parquet without rows", lambda s: s.parquet(s.rows[:0]), ("no rows for", "deliver")),
    Fault(
        "a format that nobody reads",
        lambda s: s.write("a.xlsx", b"PK\x03\x04"),
        ("format its name does not tell", ".parquet"),
    ),
    Fault("a broken line of JSON", _broken_json_line, ("line 41", "JSON")),
    Fault("a JSON array that does not end", _open_json_array, ("JSON", "expected")),
    Fault(
        "JSON that is one number",
        lambda s: s.write("a.json", b"42"),
        ("a single int", "expected records", "write the file again"),
    ),
    Fault(
        "a JSON line that is no record",
        _json_line_of_another_kind,
        ("list in line 201", "expected a record"),
    ),
    Fault(
        "two files of which one is bad",
        _two(lambda s: s.write("bad.csv", s.rows.to_csv(index=False) + "1,2\n")),
        ("bad.csv", "2 fields in line 202"),
    ),
    Fault(
        "two files of which one lacks a column",
        _two(_without_a_column),
        ("a.csv", "amount"),
        "not_evaluated",
    ),
)

_COLUMNS: Final = (
    Fault(
        "no header",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False, header=False)),
        ("absent",),
        "not_evaluated",
    ),
    Fault(
        "a name that two columns have", _shared_name, ("amount", "more than once"), "not_evaluated"
    ),
    Fault("a column is missing", _without_a_column, ("amount", "absent"), "not_evaluated"),
    Fault("a column is renamed", _renamed("Amount"), ("'amount'", "absent"), "not_evaluated"),
    Fault(
        "spaces around a name",
        _renamed(" amount"),
        ("'amount'", "absent"),
        "not_evaluated",
        slow=True,
    ),
    Fault(
        "columns in another order", lambda s: s.csv(s.rows[[HOSTILE, "region", "amount"]]), (), "ok"
    ),
    Fault(
        "a byte order mark",
        lambda s: s.write("a.csv", b"\xef\xbb\xbf" + s.rows.to_csv(index=False).encode()),
        (),
        "ok",
    ),
    Fault(
        "line ends of an old Macintosh",
        lambda s: s.write("a.csv", s.rows.to_csv(index=False, lineterminator="\r")),
        (),
        "ok",
    ),
    Fault(
        "a new column whose name is SQL",
        _with("'); DELETE FROM evaluations; --", 1),
        ("DELETE FROM", "not watched"),
        "ok",
    ),
    Fault("a name of 100,000 characters", _with("x" * 100_000, 1), ("xxx", "not watched"), "ok"),
    Fault("a column without a name", _with("", 1), (), "ok"),
    Fault("control characters in a name", _with("a\x1b[31m\x07b", 1), ("not watched",), "ok"),
    Fault("5,000 columns more", _many_columns, ("and 4990 more",), "ok", slow=True),
    Fault("nested values in Parquet", _nested, ("amount", "list"), "not_evaluated"),
    Fault(
        "numbers that became text in Parquet",
        lambda s: s.parquet(s.rows.assign(amount=[f"{v} EUR" for v in s.rows["amount"]])),
        ("amount", "expected numbers"),
        "not_evaluated",
    ),
    Fault(
        "numbers that became dates in Parquet",
        lambda s: s.parquet(s.rows.assign(amount=pd.Timestamp("2026-01-01"))),
        ("amount",),
        "not_evaluated",
    ),
    Fault(
        "numbers that became true and false",
        lambda s: s.parquet(s.rows.assign(amount=s.rows["amount"] > 50)),
        ("amount", "expected numbers"),
        "not_evaluated",
    ),
    Fault(
        "categories that became codes",
        _with("region", [1, 2] * (N_ROWS // 2)),
        ("region",),
        "breach",
    ),
)

_VALUES: Final = (
    Fault("half a character in a name of JSON", _half_a_character, (), "ok"),
    Fault(
        "thousands separators",
        _in_amount("1,234.5"),
        ("'1,234.5'", "expected numbers"),
        "not_evaluated",
    ),
    Fault("decimal commas", _in_amount("12,5"), ("'12,5'", "expected numbers"), "not_evaluated"),
    Fault(
        "a unit behind a number",
        _in_amount("12 EUR", every=150),
        ("'12 EUR'", "expected numbers"),
        "not_evaluated",
    ),
    Fault(
        "a formula's error",
        _in_amount("#REF!", every=190),
        ("'#REF!'",),
        "not_evaluated",
        slow=True,
    ),
    Fault(
        "dates in a number column",
        _in_amount("23.11.2026"),
        ("23.11.2026", "expected numbers"),
        "not_evaluated",
    ),
    Fault("NaN spelled in words", _in_amount("NaN", every=3), ("missing",), "breach"),
    Fault("None spelled in words", _in_amount("None", every=1), ("missing",), "not_evaluated"),
    Fault("infinity", _in_amount("inf"), ("amount",), "breach"),
    Fault("a number of 400 digits", _in_amount("9" * 400, every=150), (), "ok"),
    Fault(
        "a sentinel for missing values",
        _in_amount("-9999", every=4),
        ("amount", "baseline never had"),
        "breach",
    ),
    Fault("a column without values", _with("amount", ""), ("missing",), "not_evaluated"),
    Fault("one category only", _with("region", "north"), ("region",), "breach"),
    Fault(
        "values that are SQL",
        _with("region", "'; DROP TABLE evaluations; --"),
        ("region", "baseline never had"),
        "breach",
    ),
    Fault(
        "values with every control character",
        _with("region", "".join(map(chr, range(1, 32)))),
        ("region",),
        "breach",
    ),
    Fault(
        "a million different values",
        lambda s: s.csv(
            pd.concat([good_rows(s.day, 1_000_000)]).assign(
                region=[f"r{n}" for n in range(1_000_000)]
            )
        ),
        ("region", "row_count"),
        "breach",
        slow=True,
    ),
    Fault("one row", lambda s: s.csv(s.rows[:1]), ("1 row", "100"), "not_evaluated"),
    Fault("99 rows", lambda s: s.csv(s.rows[:99]), ("99 rows", "100"), "not_evaluated"),
    Fault(
        "five times as many rows",
        lambda s: s.csv(good_rows(s.day, 1000)),
        ("1,000 rows, usual are 200",),
        "ok",
    ),
    Fault(
        "one file under two names",
        _twice,
        ("200 of 400 rows have the key of an earlier one",),
        "ok",
    ),
)

_PLACES: Final = (
    Fault("a folder where a file is expected", _folder, seen=Seen.UNSEEN),
    Fault("a link to nothing", _link("gone.csv"), seen=Seen.UNSEEN),
    Fault("a link to itself", _link("a.csv"), seen=Seen.UNSEEN),
    Fault("a link to itself beside a good file", _good_beside_loop, (), "ok"),
    Fault("a file that may not be read", _denied_file, ("Permission denied", "read permission")),
    Fault(
        "a folder that may not be listed",
        _denied_folder,
        ("Permission denied", "read permission"),
        seen=Seen.UNKNOWN,
    ),
    Fault(
        "a file that may not be looked at",
        _denied_status,
        ("Permission denied",),
        seen=Seen.UNKNOWN,
    ),
    Fault(
        "a name that is not UTF-8",
        lambda s: s.csv(s.rows, b"K\xf6ln.csv"),
        ("K\\udcf6ln.csv", "not UTF-8", "rename it"),
        again=True,
    ),
    Fault("a name with a line break", lambda s: s.csv(s.rows, "a\nb.csv"), (), "ok"),
    Fault("a name that is a pattern", lambda s: s.csv(s.rows, "[ab]*?.csv"), (), "ok"),
    Fault("a name that is markup", lambda s: s.csv(s.rows, "<script>`|x.csv"), (), "ok", slow=True),
    Fault("a file under its working name", lambda s: s.csv(s.rows, "a.csv.tmp"), seen=Seen.UNSEEN),
    Fault(
        "a file written this moment",
        lambda s: s.csv(s.rows, age=0),
        ("still being written",),
        seen=Seen.SETTLING,
    ),
    Fault("a file from the future", lambda s: s.csv(s.rows, age=-86_400), (), "ok"),
    Fault(
        "a file from before 1970",
        lambda s: s.csv(s.rows, age=time.time() + 1e6),
        (),
        "ok",
        slow=True,
    ),
    Fault(
        "a file that is replaced while it is read",
        _while_read(lambda p: p.write_text("x\n1\n")),
        ("changed while they were read", "run the day again"),
        again=True,
    ),
    Fault(
        "a file that grows while it is read",
        _while_read(_appended),
        ("changed while they were read", "run the day again"),
        again=True,
    ),
    Fault(
        "a file that goes while it is read",
        _while_read(Path.unlink),
        ("cannot be looked at", "No such file"),
        again=True,
    ),
    Fault("a file that goes before it is read", _gone_before_read, ("Found no file",), again=True),
    Fault(
        "no space for the report",
        _full_disk,
        ("No space left on device", "make room", "run the day again"),
    ),
    Fault("a transaction that breaks off", _broken_transaction, reported=True),
)

_QUARANTINED: Final = (
    Fault(
        "a ragged file is set aside",
        _two(lambda s: s.write("bad.csv", b"amount,region\n1,2,3\n")),
        ("3 fields in line 2",),
        "ok",
        monitor="careful",
    ),
    Fault(
        "a cut file is set aside",
        _two(_cut_parquet),
        ("truncated Parquet",),
        "ok",
        monitor="careful",
    ),
    Fault(
        "a file of the wrong kind is set aside",
        _two(_excel),
        ("zip or Excel",),
        "ok",
        monitor="careful",
    ),
    Fault(
        "no file is left",
        lambda s: s.write("bad.csv", b"amount,region\n1,2,3\n"),
        ("no file of", "1 in quarantine", "Deliver them again"),
        monitor="careful",
    ),
)

_DATED: Final = (
    Fault(
        "rows of other days too",
        _dated(
            lambda s, f: pd.concat([f[:150], f.assign(taken_at=str(s.day - timedelta(days=4000)))])
        ),
        (),
        "ok",
        monitor="dated",
    ),
    Fault("missing dates", _some_dates(None), ("160 rows",), "ok", monitor="dated"),
    Fault(
        "a date that is none",
        _some_dates("2026-02-30"),
        ("2026-02-30",),
        seen=Seen.UNKNOWN,
        monitor="dated",
    ),
    Fault(
        "dates written as in America",
        _some_dates("11/23/2026"),
        ("11/23/2026",),
        seen=Seen.UNKNOWN,
        monitor="dated",
    ),
    Fault(
        "no date column",
        _dated(lambda _, f: f.drop(columns="taken_at")),
        ("taken_at",),
        seen=Seen.UNKNOWN,
        monitor="dated",
    ),
    Fault("times of another zone", _dated(_next_zone), (), "ok", monitor="dated"),
    Fault(
        "only rows of the future",
        _dated(lambda _, f: f.assign(taken_at="2999-01-01")),
        ("2999-01-01", "after the last day"),
        seen=Seen.UNKNOWN,
        monitor="dated",
    ),
)

_SCORED: Final = (
    Fault(
        "predictions that have not come",
        _scored(lambda _: None),
        ("waits for its predictions",),
        seen=Seen.UNKNOWN,
        monitor="scored",
    ),
    Fault(
        "keys twice among the predictions",
        _scored(lambda s: pd.concat([s.assign(score=9.0), s])),
        (),
        "ok",
        monitor="scored",
    ),
    Fault(
        "keys without a prediction",
        _scored(lambda s: s[::2]),
        ("score", "missing"),
        "breach",
        monitor="scored",
    ),
    Fault(
        "no key in common",
        _scored(lambda s: s.assign(id=s["id"] + 10_000)),
        ("score", "missing"),
        "not_evaluated",
        monitor="scored",
    ),
    Fault(
        "predictions without the key",
        _scored(lambda s: s.rename(columns={"id": "key"})),
        ("'id'", "Correct key"),
        monitor="scored",
    ),
    Fault(
        "predictions that cannot be read",
        _bad_scores,
        ("scores.csv", "3 fields in line 2"),
        monitor="scored",
    ),
)

FAULTS: Final = (*_UNREADABLE, *_COLUMNS, *_VALUES, *_PLACES, *_QUARANTINED, *_DATED, *_SCORED)
"""All of them; each has a day of its own."""
