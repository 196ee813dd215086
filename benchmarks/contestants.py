"""The contestants, each run as a whole process: `python contestants.py NAME BASELINE CURRENT`.

Each reads both Parquet files and compares every column; the peers do as their manuals say.
Nothing is imported before it is known who runs: start-up is part of the cost.

Ours and the limit use numpy as `drift_assets.processor` chooses; the others as it comes.
"""

import os
import sys
from typing import Any

MOST_WORKERS = 4
ROWS_WORTH_A_THREAD = 50_000
"""How drift_assets.scan.rows lays out its threads; a test holds the two together."""


def limit(baseline: str, current: str) -> None:
    """Read every column and sort it; strings as their codes. What nobody can do without."""
    _like_ours()
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    metadata = pq.read_metadata(baseline)
    schema = metadata.schema.to_arrow_schema()
    strings = {field.name for field in schema if pa.types.is_string(field.type)}

    def sort(task: tuple[str, str]) -> None:
        path, name = task
        coded = [name] if name in strings else None
        with pq.ParquetFile(path, read_dictionary=coded) as file:
            chunks = file.read([name], use_threads=False).column(name).chunks
        arrays = [np.from_dlpack(chunk.indices if coded else chunk) for chunk in chunks]
        np.sort(np.concatenate(arrays) if len(arrays) > 1 else arrays[0])

    workers = min(len(os.sched_getaffinity(0)), MOST_WORKERS, len(schema))
    for path in (baseline, current):
        tasks = [(path, name) for name in schema.names]
        if workers < 2 or metadata.num_rows < ROWS_WORTH_A_THREAD:
            list(map(sort, tasks))
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(sort, tasks))


def reading(baseline: str, current: str) -> None:
    """Read every column piece by piece, and nothing else: what a file on disk costs anyway."""
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow.parquet as pq

    def read(task: tuple[str, str]) -> None:
        path, name = task
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            for _ in file.iter_batches(1 << 20, columns=[name], use_threads=False):
                pass

    tasks = [(path, n) for path in (baseline, current) for n in pq.read_schema(path).names]
    with ThreadPoolExecutor(min(len(os.sched_getaffinity(0)), MOST_WORKERS)) as pool:
        list(pool.map(read, tasks))


def ours_cold(baseline: str, current: str) -> None:
    """Run `drift-assets compare`: all statistics of all columns, judged, explained and printed."""
    from drift_assets.cli import main

    main(["compare", "--baseline", baseline, "--current", current], standalone_mode=False)


def ours_daily(frozen: str, current: str) -> None:
    """Assess the current file against a baseline that was frozen before."""
    _like_ours()
    from pathlib import Path

    from drift_assets.assessment import assess
    from drift_assets.compare import comparison_monitor
    from drift_assets.profiles import Baseline
    from drift_assets.scan import profile_rows, rows_from_files

    ruler = Baseline.from_bytes(Path(frozen).read_bytes())
    rows = rows_from_files([Path(current)])
    assess(comparison_monitor(), ruler, profile_rows(rows, ruler))


def ours_freeze(baseline: str, frozen: str) -> None:
    """Freeze a baseline, for `ours_daily`."""
    from pathlib import Path

    from drift_assets.compare import comparison_monitor
    from drift_assets.scan import fit_baseline, rows_from_files

    ruler = fit_baseline(rows_from_files([Path(baseline)]), comparison_monitor())
    Path(frozen).write_bytes(ruler.to_bytes())


def pandas_scipy(baseline: str, current: str) -> None:
    """PSI by baseline deciles, ks_2samp (chi-squared for strings) and JS: the loop people write."""
    import numpy as np
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import chi2_contingency, ks_2samp

    before, after = _frames(baseline, current)
    for name in before:
        old, new = before[name], after[name]
        if old.dtype == np.float64:
            edges = np.unique(np.quantile(old, np.linspace(0, 1, 11)))
            edges[0], edges[-1] = -np.inf, np.inf
            shares = [np.histogram(side, edges)[0] / len(side) for side in (old, new)]
            ks_2samp(old, new)
            pooled = np.histogram_bin_edges(np.concatenate([old, new]), 50)
            counts = [np.histogram(side, pooled)[0] for side in (old, new)]
            jensenshannon(counts[0], counts[1], base=2)
        else:
            names = old.value_counts().index.union(new.value_counts().index)
            counts = [
                side.value_counts().reindex(names, fill_value=0).to_numpy() for side in (old, new)
            ]
            chi2_contingency(np.array(counts))
            shares = [one / one.sum() for one in counts]
            jensenshannon(shares[0], shares[1], base=2)
        p, q = (np.where(share == 0, 1e-4, share) for share in shares)
        float(((q - p) * np.log(q / p)).sum())


def evidently(baseline: str, current: str) -> None:
    """Run the data drift preset as it comes."""
    from evidently import Report  # type: ignore[import-not-found]
    from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    Report([DataDriftPreset()]).run(after, before).dict()


def nannyml(baseline: str, current: str) -> None:
    """JS distance alone."""
    import nannyml as nml  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    names = list(before.columns)
    calculator = nml.UnivariateDriftCalculator(
        column_names=names,
        treat_as_categorical=[n for n in names if before[n].dtype.kind != "f"],
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=1,
    )
    calculator.fit(before)
    calculator.calculate(after).to_df()


def whylogs(baseline: str, current: str) -> None:
    """KS (chi-squared for strings) on sketches, by its drift scores."""
    import whylogs as why  # type: ignore[import-not-found]
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    views = [why.log(pandas=frame).view() for frame in (before, after)]
    calculate_drift_scores(target_view=views[1], reference_view=views[0], with_thresholds=True)


def alibi_detect(baseline: str, current: str) -> None:
    """KS, or chi-squared for strings, with its Bonferroni correction."""
    import numpy as np
    from alibi_detect.cd import ChiSquareDrift, KSDrift  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    if all(dtype == np.float64 for dtype in before.dtypes):
        KSDrift(before.to_numpy()).predict(after.to_numpy())
    else:
        ChiSquareDrift(before.to_numpy(object)).predict(after.to_numpy(object))


def popmon(baseline: str, current: str) -> None:
    """Its comparisons with an external reference: PSI, KS, JS and others on histograms."""
    import pandas as pd
    from histogrammar.dfinterface.make_histograms import make_histograms  # type: ignore[import-not-found]
    from popmon import Settings, df_stability_metrics  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    before["day"], after["day"] = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")
    features = [f"day:{name}" for name in before if name != "day"]
    width, start = pd.Timedelta("1d").value, pd.Timestamp("2026-01-01").value
    ruler = make_histograms(
        before,
        features,
        binning="auto",
        bin_specs={"day": {"bin_width": width, "bin_offset": start}},
        time_axis="day",
    )
    settings = Settings(time_axis="day", reference_type="external")
    df_stability_metrics(after, settings=settings, reference=ruler)


def deepchecks(baseline: str, current: str) -> None:
    """FeatureDrift: KS and Cramer's V on its default sample of 100,000 rows."""
    from deepchecks.tabular import Dataset  # type: ignore[import-not-found]
    from deepchecks.tabular.checks import FeatureDrift  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    categorical = [n for n in before if before[n].dtype.kind != "f"]
    sides = [Dataset(frame, cat_features=categorical) for frame in (before, after)]
    FeatureDrift().run(*sides, with_display=False)


def frouros(baseline: str, current: str) -> None:
    """PSI alone, or chi-squared alone for strings."""
    from frouros.detectors.data_drift import PSI, ChiSquareTest  # type: ignore[import-not-found]

    before, after = _frames(baseline, current)
    for name in before:
        detector: Any = PSI() if before[name].dtype.kind == "f" else ChiSquareTest()
        detector.fit(X=before[name].to_numpy())
        detector.compare(X=after[name].to_numpy())


def tfdv(baseline: str, current: str) -> None:
    """Jensen-Shannon divergence alone, by its drift comparator."""
    import tensorflow_data_validation as data_validation  # type: ignore[import-not-found]

    before, after = (
        data_validation.generate_statistics_from_dataframe(frame)
        for frame in _frames(baseline, current)
    )
    schema = data_validation.infer_schema(before)
    for feature in schema.feature:
        feature.drift_comparator.jensen_shannon_divergence.threshold = 0.1
    data_validation.validate_statistics(after, schema, previous_statistics=before)


def _like_ours() -> None:
    """Have numpy sort, and start no threads for matrices, as our own commands do."""
    from drift_assets.processor import prefer_fast_sort, spare_blas_threads

    prefer_fast_sort()
    spare_blas_threads()


def _frames(baseline: str, current: str) -> list[Any]:
    import pandas as pd

    return [pd.read_parquet(path) for path in (baseline, current)]


CONTESTANTS = {
    function.__name__: function
    for function in (
        *(limit, reading, ours_cold, ours_daily, ours_freeze, pandas_scipy),
        *(evidently, nannyml, whylogs, alibi_detect, popmon, deepchecks, frouros, tfdv),
    )
}

if __name__ == "__main__":
    CONTESTANTS[sys.argv[1]](sys.argv[2], sys.argv[3])
