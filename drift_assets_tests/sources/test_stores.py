"""Object stores as sources: a real S3-compatible server on 127.0.0.1, over the network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from drift_assets.errors import ConfigurationError, NoDataError, UnreadableFileError
from drift_assets.scan.columns import NumberColumn
from drift_assets.sources import (
    Place,
    StoredObject,
    arrivals,
    baseline_files,
    current_files,
    fingerprint,
    open_day,
    read_baseline,
    read_current,
    stores,
)
from drift_assets_tests.sources.conftest import drop, monitor_of

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("moto", "s3fs")),
    reason="no S3 client or server here: pip install 'drift-assets[test]'",
)


@dataclass(frozen=True)
class Bucket:
    """A bucket of the server, and the owner's own client to it."""

    client: Any
    name: str = "lake"

    def put(self, key: str, content: str | bytes = "a\n1\n") -> None:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # takes a second

    found = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    yield f"http://{host}:{port}"
    found.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415
    import s3fs  # type: ignore[import-untyped]  # noqa: PLC0415

    # As anybody would set it: s3fs reads what every client of S3 reads.
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    yield Bucket(client)
    for one in client.list_objects_v2(Bucket="lake").get("Contents", ()):
        client.delete_object(Bucket="lake", Key=one["Key"])
    client.delete_bucket(Bucket="lake")
    client.close()
    s3fs.S3FileSystem.clear_instance_cache()


def addresses(found: object) -> list[str]:
    assert isinstance(found, (list, tuple))
    return [str(one) for one in found]


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("in/{partition}.csv", ["in/2026-11-23.csv"]),
        ("in/{partition}/*.csv", ["in/2026-11-23/a.csv", "in/2026-11-23/b.csv"]),
        ("in/%Y/%m/%d/*.csv", ["in/2026/11/23/a.csv"]),
        ("in/**/dt={partition}/x.csv", ["in/eu/dt=2026-11-23/x.csv"]),
        ("{partition}.csv", ["2026-11-23.csv"]),
        ("in/[[]a]{partition}.csv", ["in/[a]2026-11-23.csv"]),
    ],
)
def test_objects_are_found_as_files_are(
    bucket: Bucket, place: Place, path: str, keys: list[str]
) -> None:
    for key in (*keys, "in/notes.txt", "other/2026-11-23.csv", "in/2026-11-23/.hidden.csv"):
        bucket.put(key)
    watched = monitor_of(f"s3://lake/{path}")
    expected = [f"s3://lake/{key}" for key in keys]
    assert addresses(current_files(watched, place, DAY)) == expected
    found = arrivals(watched, place)
    assert {day: addresses(files) for day, files in found.days.items()} == {DAY: expected}
    assert read_current(watched, place, DAY).n_rows == len(keys)


def test_a_look_lists_the_prefix_once(
    bucket: Bucket, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs  # noqa: PLC0415

    for number in range(30):
        bucket.put(f"in/2026-11-{number + 1:02}/x.csv")
        bucket.put(f"elsewhere/{number}.csv")
    asked: list[tuple[str, dict[str, object]]] = []
    call = s3fs.S3FileSystem._call_s3  # noqa: SLF001  # every request goes through it

    async def spy(self: object, method: str, *args: object, **settings: object) -> object:
        asked.append((method, settings))
        return await call(self, method, *args, **settings)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", spy)
    watched = monitor_of("s3://lake/in/{partition}/*.csv")
    found = arrivals(watched, place)
    marks = [fingerprint(watched, place, day, found.days[day]) for day in found.days]
    assert len(set(marks)) == 30
    lists = sorted(method for method, _ in asked)
    assert len(lists) <= 2, lists


def test_every_format_is_read(bucket: Bucket, place: Place) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    bucket.put("in/2026-11-23/a.csv", frame.to_csv(index=False))
    bucket.put("in/2026-11-23/b.parquet", frame.to_parquet())
    bucket.put("in/2026-11-23/c.jsonl", frame.to_json(orient="records", lines=True))
    rows = read_current(monitor_of("s3://lake/in/{partition}/*"), place, DAY)
    [(_, found)] = rows.read({"a": "number"})
    assert isinstance(found, NumberColumn)
    assert sorted(found.numbers.tolist()) == [1, 1, 1, 2, 2, 2]


def test_a_fingerprint_follows_the_content(bucket: Bucket, place: Place) -> None:
    watched = monitor_of("s3://lake/in/{partition}/*.csv")

    def mark() -> str:
        return fingerprint(watched, place, DAY, current_files(watched, place, DAY))

    bucket.put("in/2026-11-23/a.csv")
    first = mark()
    # The same content delivered again is nothing new.
    bucket.put("in/2026-11-23/a.csv")
    assert mark() == first
    bucket.put("in/2026-11-23/a.csv", "a\n2\n")
    second = mark()
    bucket.put("in/2026-11-23/b.csv")
    third = mark()
    bucket.delete("in/2026-11-23/a.csv")
    assert len({first, second, third, mark()}) == 4


def test_one_object_with_dates_serves_all_days(
    bucket: Bucket, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("all.csv", "day,a\n2026-11-23,1\n2026-11-24,2\n2026-11-24,3\n")
    watched = monitor_of({"path": "s3://lake/all.csv", "date_column": "day"})
    found = arrivals(watched, place)
    assert list(found.days) == [DAY, NEXT]
    assert read_current(watched, place, NEXT).n_rows == 2
    before = {day: fingerprint(watched, place, day, found.days[day]) for day in found.days}
    bucket.put("all.csv", "day,a\n2026-11-23,1\n2026-11-24,2\n2026-11-24,4\n")
    found = arrivals(watched, place)
    after = {day: fingerprint(watched, place, day, found.days[day]) for day in found.days}
    assert (before[DAY] == after[DAY], before[NEXT] == after[NEXT]) == (True, False)
    # What has not changed is not fetched again.
    monkeypatch.setattr(stores, "Copy", None)
    assert arrivals(watched, place).days == found.days


def test_baseline_and_predictions_may_be_in_a_store(bucket: Bucket, place: Place) -> None:
    bucket.put("base/region=eu/x.csv", "id,a\n1,2\n")
    bucket.put("out/2026-11-23.csv", "id,score\n1,0.5\n")
    drop(place.root, "2026-11-23.csv", text="id,a\n1,2\n")
    watched = monitor_of(
        {
            "path": "{partition}.csv",
            "predictions": {"path": "s3://lake/out/{partition}.csv", "key": "id"},
        },
        baseline="s3://lake/base/**/*.csv",
    )
    assert addresses(baseline_files(watched, place)) == ["s3://lake/base/region=eu/x.csv"]
    assert read_baseline(watched, place).columns == ("id", "a", "region")
    found = open_day(watched, place, DAY)
    assert found.rows.columns == ("id", "a", "score")
    assert found.predictions is not None
    assert found.predictions.n_without == 0


def test_a_bad_object_is_called_by_its_address(bucket: Bucket, place: Place) -> None:
    bucket.put("in/2026-11-23/bad.csv", "a,b\n1\n")
    bucket.put("in/2026-11-23/good.csv", "a,b\n1,2\n")
    path = "s3://lake/in/{partition}/*.csv"
    with pytest.raises(UnreadableFileError) as caught:
        dict(read_current(monitor_of(path), place, DAY).read({"a": "any"}))
    assert "line 2 of s3://lake/in/2026-11-23/bad.csv, expected 2" in str(caught.value)
    found = open_day(monitor_of(path, on_bad_file="quarantine"), place, DAY)
    assert found.rows.n_rows == 1
    assert [str(one) for one, _ in found.quarantined] == ["s3://lake/in/2026-11-23/bad.csv"]


def test_an_object_that_changes_after_it_was_listed_is_not_half_believed(
    bucket: Bucket, place: Place
) -> None:
    bucket.put("in/2026-11-23.csv")
    watched = monitor_of("s3://lake/in/{partition}.csv")
    files = current_files(watched, place, DAY)
    bucket.put("in/2026-11-23.csv", "a\n1\n2\n")
    with pytest.raises(UnreadableFileError, match="changed meanwhile"):
        read_current(watched, place, DAY, files)
    bucket.delete("in/2026-11-23.csv")
    with pytest.raises(UnreadableFileError, match="cannot be fetched"):
        read_current(watched, place, DAY, files)


def test_no_key_leaves_the_folder_of_its_copy(bucket: Bucket, place: Place) -> None:
    bucket.put("in/2026-11-23/../../etc.csv")
    bucket.put("in/2026-11-23/ok.csv")
    bucket.put(f"in/2026-11-23/{'long' * 60}.csv")
    watched = monitor_of("s3://lake/in/{partition}/**/*.csv")
    assert len(current_files(watched, place, DAY)) == 2
    assert read_current(watched, place, DAY).n_rows == 2


def test_a_store_without_the_data_says_so(bucket: Bucket, place: Place) -> None:
    watched = monitor_of("s3://lake/in/{partition}.csv")
    assert arrivals(watched, place).days == {}
    with pytest.raises(NoDataError, match=r"no file s3://lake/in/2026-11-23\.csv"):
        current_files(watched, place, DAY)
    del bucket


def test_a_store_that_does_not_answer_is_an_error_in_words(
    bucket: Bucket, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bucket
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    import s3fs  # noqa: PLC0415

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    with pytest.raises(UnreadableFileError, match="s3://lake/in, which cannot be listed"):
        arrivals(monitor_of("s3://lake/in/{partition}.csv"), place)


def test_a_package_that_is_missing_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415

    def refuse(*_: object) -> None:
        raise ImportError

    monkeypatch.setattr(fsspec, "filesystem", refuse)
    with pytest.raises(ConfigurationError, match=r"no package gcsfs.*drift-assets\[gcs\]"):
        arrivals(monitor_of("gs://lake/in/{partition}.csv"), place)


def listing_of_google(md5: str | None, generation: int) -> dict[str, object]:
    """Return an object's facts as gcsfs 2026.10.1 lists them."""
    return {
        "size": 4,
        "etag": f"CK{generation}",
        "generation": str(generation),
        "updated": f"2026-11-23T21:08:{generation:02}.206050Z",
    } | ({} if md5 is None else {"md5Hash": md5})


def listing_of_azure(md5: str | None, generation: int) -> dict[str, object]:
    """Return an object's facts as adlfs 2026.8.0 lists them."""
    settings = SimpleNamespace(content_md5=None if md5 is None else bytearray(md5.encode()))
    return {
        "size": 4,
        "etag": f'"0x1D581079BF5{generation}"',
        "content_settings": settings,
        "last_modified": datetime(2026, 11, 23, 21, 8, generation, tzinfo=UTC),
    }


@pytest.mark.parametrize("listed", [listing_of_google, listing_of_azure])
def test_where_every_write_has_a_new_etag_the_hash_of_the_content_counts(
    place: Place, monkeypatch: pytest.MonkeyPatch, listed: Callable[..., dict[str, object]]
) -> None:
    import fsspec  # noqa: PLC0415

    watched = monitor_of("gs://lake/in/{partition}.csv")

    def mark(md5: str | None, generation: int) -> str:
        facts = listed(md5, generation)
        system = SimpleNamespace(
            invalidate_cache=lambda: None,
            find=lambda *_, **__: {"lake/in/2026-11-23.csv": facts},
        )
        monkeypatch.setattr(fsspec, "filesystem", lambda _: system)
        [one] = current_files(watched, place, DAY)
        assert isinstance(one, StoredObject)
        assert one.modified_at.second == generation
        return fingerprint(watched, place, DAY, [one])

    assert mark("NP8jNcviBF3c", 1) == mark("NP8jNcviBF3c", 2)
    assert mark("NP8jNcviBF3c", 1) != mark("O3iZPR6XHQ==", 1)
    # Of an object that was put together of parts there is no such hash.
    assert mark(None, 1) == mark(None, 1)
    assert mark(None, 1) != mark(None, 2)


def test_an_object_says_when_it_was_written(bucket: Bucket, place: Place) -> None:
    bucket.put("in/2026-11-23.csv", "a\n1\n")
    [one] = current_files(monitor_of("s3://lake/in/{partition}.csv"), place, DAY)
    assert isinstance(one, StoredObject)
    assert (one.n_bytes, one.name) == (4, "2026-11-23.csv")
    assert one.modified_at.tzinfo is not None
