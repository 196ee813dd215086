-- The history as it began: seven tables of measurements, and the views that people query.
--
-- Rows of a day are replaced, never appended, so only the small header table has a key:
-- an index on the large ones would triple the file and guard nothing.

CREATE TABLE evaluations (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    run_id VARCHAR NOT NULL,
    evaluated_at TIMESTAMPTZ NOT NULL,
    baseline_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    n_baseline BIGINT NOT NULL,
    n_current BIGINT NOT NULL,
    verdict VARCHAR NOT NULL,
    n_columns INTEGER NOT NULL,
    n_breach INTEGER NOT NULL,
    n_warn INTEGER NOT NULL,
    n_not_evaluated INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    family_alpha DOUBLE,
    extra_columns VARCHAR[] NOT NULL,
    method_version INTEGER NOT NULL,
    PRIMARY KEY (monitor, partition)
);
COMMENT ON TABLE evaluations IS 'One row per monitor and day that has been reported.';
COMMENT ON COLUMN evaluations.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN evaluations.partition IS 'Day of the current data.';
COMMENT ON COLUMN evaluations.run_id IS 'Run that measured this row, as Dagster or the command line named it.';
COMMENT ON COLUMN evaluations.evaluated_at IS 'Instant of the measurement.';
COMMENT ON COLUMN evaluations.baseline_id IS 'Content hash of the baseline measured against.';
COMMENT ON COLUMN evaluations.fingerprint IS 'Hash of the day''s data as found; another one means that the data changed.';
COMMENT ON COLUMN evaluations.n_baseline IS 'Rows of the baseline, missing values included.';
COMMENT ON COLUMN evaluations.n_current IS 'Rows of the day, missing values included.';
COMMENT ON COLUMN evaluations.verdict IS 'ok, warn, breach or not_evaluated: the gravest of the columns'' verdicts.';
COMMENT ON COLUMN evaluations.n_columns IS 'Columns watched, predictions included.';
COMMENT ON COLUMN evaluations.n_breach IS 'Columns that breach.';
COMMENT ON COLUMN evaluations.n_warn IS 'Columns that warn.';
COMMENT ON COLUMN evaluations.n_not_evaluated IS 'Columns of which nothing can be said.';
COMMENT ON COLUMN evaluations.rule IS 'guarded or plain: the rule that gave the verdicts.';
COMMENT ON COLUMN evaluations.family_alpha IS 'Level of the guarded family of tests; NULL under the plain rule.';
COMMENT ON COLUMN evaluations.extra_columns IS 'Columns found in the day''s data that nobody watches.';
COMMENT ON COLUMN evaluations.method_version IS 'Version of the formulas.';

CREATE TABLE feature_drift (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    segment VARCHAR NOT NULL,
    feature VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    psi DOUBLE,
    psi_bins INTEGER,
    ks DOUBLE,
    ks_p_value DOUBLE,
    ks_error_bound DOUBLE,
    chi_squared DOUBLE,
    chi_squared_p_value DOUBLE,
    js_divergence DOUBLE,
    missing_rate_change DOUBLE,
    missing_rate_p_value DOUBLE,
    wasserstein DOUBLE,
    wasserstein_error_bound DOUBLE,
    total_variation DOUBLE,
    positive_rate_change DOUBLE,
    positive_rate_p_value DOUBLE,
    adjusted_p_value DOUBLE,
    family_p_values MAP(VARCHAR, DOUBLE) NOT NULL,
    family_complete BOOLEAN NOT NULL,
    baseline_n BIGINT NOT NULL,
    baseline_n_missing BIGINT NOT NULL,
    baseline_n_infinite BIGINT,
    baseline_n_distinct BIGINT,
    baseline_mean DOUBLE,
    baseline_std DOUBLE,
    baseline_median DOUBLE,
    baseline_minimum DOUBLE,
    baseline_maximum DOUBLE,
    baseline_positive_rate DOUBLE,
    current_n BIGINT,
    current_n_missing BIGINT,
    current_n_infinite BIGINT,
    current_n_distinct BIGINT,
    current_n_unseen BIGINT,
    current_mean DOUBLE,
    current_std DOUBLE,
    current_median DOUBLE,
    current_minimum DOUBLE,
    current_maximum DOUBLE,
    current_positive_rate DOUBLE,
    threshold_psi_warn DOUBLE NOT NULL,
    threshold_psi_breach DOUBLE NOT NULL,
    threshold_ks_significance_level DOUBLE NOT NULL,
    threshold_js_breach DOUBLE NOT NULL,
    threshold_missing_rate_change DOUBLE NOT NULL,
    threshold_positive_rate_change DOUBLE NOT NULL,
    threshold_ks_min_statistic DOUBLE NOT NULL,
    threshold_family_alpha DOUBLE NOT NULL,
    rule VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    evaluated_at TIMESTAMPTZ NOT NULL,
    baseline_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    method_version INTEGER NOT NULL
);
COMMENT ON TABLE feature_drift IS 'One row per monitor, day, segment and watched column: what was measured and what was said. NULL means not computed.';
COMMENT ON COLUMN feature_drift.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN feature_drift.partition IS 'Day of the current data.';
COMMENT ON COLUMN feature_drift.segment IS 'Part of the data set; empty for all of it.';
COMMENT ON COLUMN feature_drift.feature IS 'The column''s true name.';
COMMENT ON COLUMN feature_drift.role IS 'feature or prediction.';
COMMENT ON COLUMN feature_drift.kind IS 'numeric or categorical, as the baseline has it.';
COMMENT ON COLUMN feature_drift.verdict IS 'ok, warn, breach or not_evaluated.';
COMMENT ON COLUMN feature_drift.reason IS 'A sentence that gives the numbers behind the verdict.';
COMMENT ON COLUMN feature_drift.psi IS 'Population stability index in nats, 0 or greater.';
COMMENT ON COLUMN feature_drift.psi_bins IS 'Bins that PSI really used.';
COMMENT ON COLUMN feature_drift.ks IS 'Two-sample Kolmogorov-Smirnov statistic D in [0, 1]; numeric columns.';
COMMENT ON COLUMN feature_drift.ks_p_value IS 'Observed two-sided p-value of D.';
COMMENT ON COLUMN feature_drift.ks_error_bound IS 'The exact D lies in [ks, ks + ks_error_bound].';
COMMENT ON COLUMN feature_drift.chi_squared IS 'Chi-squared statistic of homogeneity; categorical columns.';
COMMENT ON COLUMN feature_drift.chi_squared_p_value IS 'Observed p-value of the chi-squared statistic.';
COMMENT ON COLUMN feature_drift.js_divergence IS 'Jensen-Shannon divergence in bits, in [0, 1].';
COMMENT ON COLUMN feature_drift.missing_rate_change IS 'Current minus baseline share of missing rows.';
COMMENT ON COLUMN feature_drift.missing_rate_p_value IS 'Observed p-value of that change.';
COMMENT ON COLUMN feature_drift.wasserstein IS '1-Wasserstein distance in baseline standard deviations; numeric columns.';
COMMENT ON COLUMN feature_drift.wasserstein_error_bound IS 'The exact distance lies in [wasserstein, wasserstein + wasserstein_error_bound].';
COMMENT ON COLUMN feature_drift.total_variation IS 'Total variation distance in [0, 1]; categorical columns.';
COMMENT ON COLUMN feature_drift.positive_rate_change IS 'Current minus baseline share at or above the decision threshold; numeric predictions.';
COMMENT ON COLUMN feature_drift.positive_rate_p_value IS 'Observed p-value of that change.';
COMMENT ON COLUMN feature_drift.adjusted_p_value IS 'Smallest adjusted p-value of the column''s tests; NULL under the plain rule.';
COMMENT ON COLUMN feature_drift.family_p_values IS 'Unadjusted p-values that the column brought into the family, by test; those of psi and js_divergence are simulated. Empty under the plain rule.';
COMMENT ON COLUMN feature_drift.family_complete IS 'false if a single column was run and the others'' p-values were not known.';
COMMENT ON COLUMN feature_drift.baseline_n IS 'Non-missing rows of the baseline.';
COMMENT ON COLUMN feature_drift.baseline_n_missing IS 'Missing rows of the baseline.';
COMMENT ON COLUMN feature_drift.baseline_n_infinite IS 'Infinite values in the baseline; numeric columns.';
COMMENT ON COLUMN feature_drift.baseline_n_distinct IS 'Distinct non-missing values in the baseline.';
COMMENT ON COLUMN feature_drift.baseline_mean IS 'Mean of the finite baseline values.';
COMMENT ON COLUMN feature_drift.baseline_std IS 'Standard deviation (ddof 1) of the finite baseline values.';
COMMENT ON COLUMN feature_drift.baseline_median IS 'Median of the baseline, to within one cell of its grid.';
COMMENT ON COLUMN feature_drift.baseline_minimum IS 'Smallest finite baseline value.';
COMMENT ON COLUMN feature_drift.baseline_maximum IS 'Largest finite baseline value.';
COMMENT ON COLUMN feature_drift.baseline_positive_rate IS 'Share of the baseline at or above the decision threshold; numeric predictions.';
COMMENT ON COLUMN feature_drift.current_n IS 'Non-missing rows of the day.';
COMMENT ON COLUMN feature_drift.current_n_missing IS 'Missing rows of the day.';
COMMENT ON COLUMN feature_drift.current_n_infinite IS 'Infinite values of the day; numeric columns.';
COMMENT ON COLUMN feature_drift.current_n_distinct IS 'Distinct non-missing values of the day.';
COMMENT ON COLUMN feature_drift.current_n_unseen IS 'Rows of the day whose category the baseline does not have.';
COMMENT ON COLUMN feature_drift.current_mean IS 'Mean of the day''s finite values.';
COMMENT ON COLUMN feature_drift.current_std IS 'Standard deviation (ddof 1) of the day''s finite values.';
COMMENT ON COLUMN feature_drift.current_median IS 'Median of the day, to within one cell of the baseline''s grid.';
COMMENT ON COLUMN feature_drift.current_minimum IS 'Smallest finite value of the day.';
COMMENT ON COLUMN feature_drift.current_maximum IS 'Largest finite value of the day.';
COMMENT ON COLUMN feature_drift.current_positive_rate IS 'Share of the day at or above the decision threshold; numeric predictions.';
COMMENT ON COLUMN feature_drift.threshold_psi_warn IS 'PSI from which the column warned.';
COMMENT ON COLUMN feature_drift.threshold_psi_breach IS 'PSI from which the column breached.';
COMMENT ON COLUMN feature_drift.threshold_ks_significance_level IS 'p-value of KS or chi-squared below which the plain rule breached.';
COMMENT ON COLUMN feature_drift.threshold_js_breach IS 'JS divergence from which the column breached.';
COMMENT ON COLUMN feature_drift.threshold_missing_rate_change IS 'Absolute change of the missing rate from which the column breached.';
COMMENT ON COLUMN feature_drift.threshold_positive_rate_change IS 'Absolute change of the positive rate from which the column breached.';
COMMENT ON COLUMN feature_drift.threshold_ks_min_statistic IS 'D from which a significant KS test counted as an effect.';
COMMENT ON COLUMN feature_drift.threshold_family_alpha IS 'Level of the guarded family of tests.';
COMMENT ON COLUMN feature_drift.rule IS 'guarded or plain: the rule that gave the verdict.';
COMMENT ON COLUMN feature_drift.run_id IS 'Run that measured this row; a run of a single column differs from its day''s.';
COMMENT ON COLUMN feature_drift.evaluated_at IS 'Instant of the measurement.';
COMMENT ON COLUMN feature_drift.baseline_id IS 'Content hash of the baseline measured against.';
COMMENT ON COLUMN feature_drift.fingerprint IS 'Hash of the data that this row was measured on.';
COMMENT ON COLUMN feature_drift.method_version IS 'Version of the formulas.';

CREATE TABLE feature_profiles (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    segment VARCHAR NOT NULL,
    feature VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    current_counts BIGINT[] NOT NULL,
    unseen_categories VARCHAR[] NOT NULL,
    unseen_counts BIGINT[] NOT NULL
);
COMMENT ON TABLE feature_profiles IS 'The day''s rows per PSI bin, of each column that was evaluated; what the bins are stands in baseline_profiles.';
COMMENT ON COLUMN feature_profiles.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN feature_profiles.partition IS 'Day of the current data.';
COMMENT ON COLUMN feature_profiles.segment IS 'Part of the data set; empty for all of it.';
COMMENT ON COLUMN feature_profiles.feature IS 'The column''s true name.';
COMMENT ON COLUMN feature_profiles.baseline_id IS 'Content hash of the baseline whose bins these are.';
COMMENT ON COLUMN feature_profiles.current_counts IS 'Rows of the day per PSI bin, in the order of baseline_profiles.bin_labels.';
COMMENT ON COLUMN feature_profiles.unseen_categories IS 'The most frequent categories that the baseline does not have, at most ten.';
COMMENT ON COLUMN feature_profiles.unseen_counts IS 'Rows of each of them.';

CREATE TABLE baselines (
    monitor VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    frozen_at TIMESTAMPTZ NOT NULL,
    n_rows BIGINT NOT NULL
);
COMMENT ON TABLE baselines IS 'One row per monitor and frozen baseline.';
COMMENT ON COLUMN baselines.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN baselines.baseline_id IS 'Content hash: the same data and method give the same id.';
COMMENT ON COLUMN baselines.source IS 'Where its rows came from.';
COMMENT ON COLUMN baselines.frozen_at IS 'Instant at which it was first frozen.';
COMMENT ON COLUMN baselines.n_rows IS 'Rows of the baseline, missing values included.';

CREATE TABLE baseline_profiles (
    baseline_id VARCHAR NOT NULL,
    feature VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    bin_labels VARCHAR[] NOT NULL,
    bin_lower DOUBLE[] NOT NULL,
    bin_upper DOUBLE[] NOT NULL,
    baseline_counts BIGINT[] NOT NULL
);
COMMENT ON TABLE baseline_profiles IS 'The PSI bins of each column and the baseline''s rows in them, once per baseline.';
COMMENT ON COLUMN baseline_profiles.baseline_id IS 'Content hash of the baseline.';
COMMENT ON COLUMN baseline_profiles.feature IS 'The column''s true name.';
COMMENT ON COLUMN baseline_profiles.kind IS 'numeric or categorical.';
COMMENT ON COLUMN baseline_profiles.bin_labels IS 'The bins in order, as intervals or categories.';
COMMENT ON COLUMN baseline_profiles.bin_lower IS 'Lower edges; NULL where a bin is open, and for categories.';
COMMENT ON COLUMN baseline_profiles.bin_upper IS 'Upper edges; NULL where a bin is open, and for categories.';
COMMENT ON COLUMN baseline_profiles.baseline_counts IS 'Baseline rows per bin.';

CREATE TABLE inputs (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    path VARCHAR NOT NULL,
    n_bytes BIGINT NOT NULL,
    modified_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE inputs IS 'The files that the reported run of a day read.';
COMMENT ON COLUMN inputs.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN inputs.partition IS 'Day of the current data.';
COMMENT ON COLUMN inputs.path IS 'The file.';
COMMENT ON COLUMN inputs.n_bytes IS 'Its size.';
COMMENT ON COLUMN inputs.modified_at IS 'When it was last changed before it was read.';

CREATE TABLE alerts (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    cause VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    payload JSON NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    resolved_at TIMESTAMPTZ
);
COMMENT ON TABLE alerts IS 'The outbox: one row per monitor, day and cause. A repeated run of a day updates or resolves it and never sends twice.';
COMMENT ON COLUMN alerts.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN alerts.partition IS 'Day of the current data.';
COMMENT ON COLUMN alerts.cause IS 'Why people are told, such as breach.';
COMMENT ON COLUMN alerts.title IS 'The message in one line.';
COMMENT ON COLUMN alerts.text IS 'The message.';
COMMENT ON COLUMN alerts.payload IS 'The message as JSON.';
COMMENT ON COLUMN alerts.state IS 'pending, delivered, failed (tried in vain, will be tried again) or resolved (a later run of the day found the cause gone).';
COMMENT ON COLUMN alerts.detail IS 'What the last attempt to deliver it said.';
COMMENT ON COLUMN alerts.attempts IS 'Attempts to deliver it.';
COMMENT ON COLUMN alerts.created_at IS 'When the cause was first seen.';
COMMENT ON COLUMN alerts.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN alerts.delivered_at IS 'When it was last delivered; NULL if never.';
COMMENT ON COLUMN alerts.resolved_at IS 'When the cause was found gone; NULL while it stands.';
