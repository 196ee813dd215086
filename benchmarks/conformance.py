"""Ask the peers for their numbers: the witnesses of the tests of `drift_assets.conformance`.

Run once in each peer's own environment, from the root of the checkout::

    python benchmarks/conformance.py evidently
    python benchmarks/conformance.py nannyml
    python benchmarks/conformance.py frouros
    python benchmarks/conformance.py tfdv

Each run replaces the peer's part of ``drift_assets_tests/data/conformance.json``. The rows are
made from seeds in ``drift_assets_tests/conformance/cases.py``; only numpy is imported from here.
"""

import importlib.metadata
import json
import math
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "drift_assets_tests" / "data" / "conformance.json"
sys.path.insert(0, str(ROOT))
# NannyML would report its use to its makers.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

from drift_assets_tests.conformance import cases  # noqa: E402  # found by the path above

from peers import NAMES  # noqa: E402  # beside this file

Answers = dict[str, dict[str, Any]]


def evidently(name: str) -> Answers:
    """Return evidently's scores, by the name of its test, and what its preset chooses."""
    import numpy as np
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType
    from evidently.presets import DataDriftPreset

    numeric = name in cases.NUMERIC
    sides = [pd.Series(side, name="column") for side in cases.rows(name)]
    kind = ColumnType.Numerical if numeric else ColumnType.Categorical
    # As its own report cleans a column before it is tested.
    clean = [side.replace([-np.inf, np.inf], np.nan).dropna() for side in sides]
    chosen = get_stattest(*clean, kind, None)
    tests = ["psi", "jensenshannon", "hellinger", "kl_div"]
    if numeric:
        tests += ["wasserstein", "ks", "ed"]
    else:
        tests += ["chisquare"]
        tests += ["z"] if len(set(pd.concat(clean))) <= 2 else []
    answers: Answers = {}
    for test in dict.fromkeys([*tests, chosen.name]):
        found = (chosen if test == chosen.name else get_stattest(*clean, kind, test))(
            clean[0].copy(), clean[1].copy(), kind, None
        )
        answers[test] = {"score": _number(found.drift_score), "drift": bool(found.drifted)}
    listed = {"numerical_columns" if numeric else "categorical_columns": ["column"]}
    data = [Dataset.from_pandas(s.to_frame(), DataDefinition(**listed)) for s in sides]
    report = Report([DataDriftPreset()]).run(data[1], data[0]).dict()
    (value,) = (
        metric["value"] for metric in report["metrics"] if "ValueDrift" in metric["metric_name"]
    )
    answers["report"] = {"test": chosen.name, "score": _number(value)}
    return answers


def nannyml(name: str) -> Answers:
    """Return NannyML's values for the current rows as one chunk, by the name of its method."""
    import pandas as pd
    from nannyml.chunk import DefaultChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import StandardDeviationThreshold

    numeric = name in cases.NUMERIC
    baseline, current = (pd.Series(side, name="column") for side in cases.rows(name))
    kind = FeatureType.CONTINUOUS if numeric else FeatureType.CATEGORICAL
    methods = (
        ["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"]
        if numeric
        else ["jensen_shannon", "hellinger", "l_infinity", "chi2"]
    )
    answers: Answers = {}
    for key in methods:
        method = MethodFactory.create(
            key,
            kind,
            chunker=DefaultChunker(),
            threshold=StandardDeviationThreshold(std_lower_multiplier=None),
        )
        method.fit(baseline)
        score = method.calculate(current)
        answers[key] = {
            "score": _number(score),
            "threshold": _number(method.upper_threshold_value),
            "drift": bool(method.alert(score)),
        }
        if key == "chi2":
            answers[key]["p_value"] = _number(method._p_value)  # noqa: SLF001  # shown nowhere else
    return answers


def frouros(name: str) -> Answers:
    """Return frouros' PSI."""
    from frouros.detectors.data_drift import PSI

    baseline, current = cases.rows(name)
    detector = PSI()
    detector.fit(X=baseline)
    return {"PSI": {"score": _number(detector.compare(X=current)[0].distance)}}


def tfdv(name: str) -> Answers:
    """Return TFDV's distances between yesterday's and today's statistics, by their name there."""
    import pandas as pd
    import tensorflow_data_validation as data_validation

    # As people use it: statistics of both sides by its defaults, then its drift comparator.
    before, now = (
        data_validation.generate_statistics_from_dataframe(pd.DataFrame({"column": side}))
        for side in cases.rows(name)
    )
    schema = data_validation.infer_schema(before)
    comparator = data_validation.get_feature(schema, "column").drift_comparator
    # Without a threshold nothing is measured.
    comparator.jensen_shannon_divergence.threshold = 1e-9
    if name in cases.CATEGORICAL:
        comparator.infinity_norm.threshold = 1e-9
    found = data_validation.validate_statistics(now, schema, previous_statistics=before)
    kinds = {1: "infinity_norm", 2: "jensen_shannon_divergence"}
    return {
        kinds.get(measured.type, str(measured.type)): {"score": _number(measured.value)}
        for feature in found.drift_skew_info
        for measured in feature.drift_measurements
    }


PEERS: dict[str, tuple[Callable[[str], Answers], list[str]]] = {
    "evidently": (evidently, [*cases.NUMERIC, *cases.CATEGORICAL]),
    "nannyml": (nannyml, [*cases.NUMERIC, *cases.CATEGORICAL]),
    "frouros": (frouros, list(cases.NUMERIC)),
    "tfdv": (tfdv, [*cases.NUMERIC, *cases.CATEGORICAL]),
}


def _number(value: object) -> float | str | None:
    """Return a number as JSON can hold it."""
    if value is None:
        return None
    number = float(value)  # type: ignore[arg-type]  # whatever a peer returns
    return number if math.isfinite(number) else str(number)


def main(peer: str) -> None:
    """Ask one peer about every case, and keep its answers."""
    warnings.simplefilter("ignore")
    ask, names = PEERS[peer]
    answers: dict[str, Answers | dict[str, str]] = {}
    for name in names:
        try:
            answers[name] = ask(name)
        except Exception as error:  # noqa: BLE001  # that a peer fails is an answer too
            answers[name] = {"fails": f"{type(error).__name__}: {error}".splitlines()[0][:120]}
    kept = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    versions = {
        n: importlib.metadata.version(n)
        for n in (*NAMES.get(peer, (peer,)), "numpy", "pandas", "scipy")
        if _installed(n)
    }
    kept[peer] = {"versions": versions, "cases": answers}
    TARGET.write_text(
        json.dumps(dict(sorted(kept.items())), indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
