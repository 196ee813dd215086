"""The numbers that a loop over scipy.stats gives."""

import warnings
from typing import Final

import numpy as np

from drift_assets.conformance import distances
from drift_assets.conformance.columns import Categories, Numbers, category_counts, pooled
from drift_assets.conformance.definition import Conformance, Definition, Outcome


def ks_2samp(baseline: Numbers, current: Numbers) -> Outcome:
    """Return ``ks_2samp``: D in [0, 1] and the two-sided p-value of ``method="auto"``."""
    return distances.ks_2samp(baseline.values, current.values)


def wasserstein_distance(baseline: Numbers, current: Numbers) -> Outcome | None:
    """Return ``wasserstein_distance``, in the column's unit; none with infinite values."""
    if not _all_finite(baseline, current):
        return None
    return distances.wasserstein_distance(baseline.values, current.values), None


def energy_distance(baseline: Numbers, current: Numbers) -> Outcome | None:
    """Return ``energy_distance``, in the root of the column's unit; none with infinite values."""
    if not _all_finite(baseline, current):
        return None
    return distances.energy_distance(baseline.values, current.values), None


def cramervonmises_2samp(baseline: Numbers, current: Numbers) -> Outcome | None:
    """Return ``cramervonmises_2samp``: T and the p-value of ``method="auto"``."""
    if min(baseline.n, current.n) < 2:
        return None
    from scipy import stats  # noqa: PLC0415  # costs over a second

    found = stats.cramervonmises_2samp(baseline.values, current.values)
    return float(found.statistic), float(found.pvalue)


def anderson_ksamp(baseline: Numbers, current: Numbers) -> Outcome | None:
    """Return ``anderson_ksamp``: A and a p-value that is cut to [0.001, 0.25].

    None where both sides hold one and the same value only.
    """
    if len(np.unique(pooled(baseline, current))) < 2:
        return None
    from scipy import stats  # noqa: PLC0415  # costs over a second

    with warnings.catch_warnings():
        # That the p-value is cut; the docstring says so.
        warnings.simplefilter("ignore", UserWarning)
        found = stats.anderson_ksamp([baseline.values, current.values], variant="midrank")
    return float(found.statistic), float(found.pvalue)


def mannwhitneyu(baseline: Numbers, current: Numbers) -> Outcome:
    """Return ``mannwhitneyu``: U of the baseline in [0, N M] and the two-sided p-value."""
    from scipy import stats  # noqa: PLC0415  # costs over a second

    found = stats.mannwhitneyu(baseline.values, current.values)
    return float(found.statistic), float(found.pvalue)


def chi2_contingency(baseline: Categories, current: Categories) -> Outcome:
    """Return ``chi2_contingency``: chi-squared and p, with two categories Yates-corrected."""
    return distances.chi2_contingency(*category_counts(baseline, current))


def _all_finite(baseline: Numbers, current: Numbers) -> bool:
    return bool(np.isfinite(baseline.values).all() and np.isfinite(current.values).all())


SCIPY: Final = Conformance(
    name="scipy",
    peer="scipy",
    version="1.17.1",
    infinite="counted",
    definitions=(
        Definition(
            statistic="ks",
            peer_name="ks_2samp",
            label="KS",
            formula="D and the two-sided p-value, exact up to 10,000 rows",
            unit="share",
            low=0.0,
            high=1.0,
            source="scipy.stats.ks_2samp",
            of_numbers=ks_2samp,
            ours="ks",
        ),
        Definition(
            statistic="wasserstein_raw",
            peer_name="wasserstein_distance",
            label="Wasserstein",
            formula="area between the distribution functions",
            unit="the column's unit",
            low=0.0,
            high=None,
            source="scipy.stats.wasserstein_distance",
            of_numbers=wasserstein_distance,
            ours="wasserstein_raw",
        ),
        Definition(
            statistic="energy_distance",
            peer_name="energy_distance",
            label="Energy distance",
            formula="root of twice the integral of (F - G)^2",
            unit="square root of the column's unit",
            low=0.0,
            high=None,
            source="scipy.stats.energy_distance",
            of_numbers=energy_distance,
            ours="energy_distance",
        ),
        Definition(
            statistic="cramer_von_mises",
            peer_name="cramervonmises_2samp",
            label="Cramer-von Mises",
            formula="T and its p-value, exact up to 20 rows",
            unit="none",
            low=0.0,
            high=None,
            source="scipy.stats.cramervonmises_2samp",
            of_numbers=cramervonmises_2samp,
            ours="cramer_von_mises",
        ),
        Definition(
            statistic="anderson_darling",
            peer_name="anderson_ksamp",
            label="Anderson-Darling",
            formula="normalised A with midranks; p cut to [0.001, 0.25]",
            unit="none",
            low=None,
            high=None,
            source="scipy.stats.anderson_ksamp",
            of_numbers=anderson_ksamp,
            ours="anderson_darling",
        ),
        Definition(
            statistic="mann_whitney",
            peer_name="mannwhitneyu",
            label="Mann-Whitney U",
            formula="U of the baseline and the two-sided p-value",
            unit="pairs of rows",
            low=0.0,
            high=None,
            source="scipy.stats.mannwhitneyu",
            of_numbers=mannwhitneyu,
        ),
        Definition(
            statistic="chi_squared",
            peer_name="chi2_contingency",
            label="Chi-squared",
            formula="test of homogeneity, Yates-corrected with two categories",
            unit="none",
            low=0.0,
            high=None,
            source="scipy.stats.chi2_contingency",
            of_categories=chi2_contingency,
            ours="chi_squared",
        ),
    ),
)
