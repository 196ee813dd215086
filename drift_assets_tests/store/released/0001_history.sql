-- A history that the schema up to 0001_history was released with: its tables and views as they
-- were then, and two days that the package of then recorded in them.

CREATE TABLE IF NOT EXISTS schema_migrations (
    name VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE schema_migrations IS 'The steps by which this schema came to be.';
COMMENT ON COLUMN schema_migrations.name IS 'Name of the step.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied to this file.';
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

CREATE VIEW drift_history AS
SELECT
    f.*,
    sqrt(greatest(f.js_divergence, 0)) AS js_distance,
    f.baseline_n_missing / nullif(f.baseline_n + f.baseline_n_missing, 0) AS baseline_missing_rate,
    f.current_n_missing / nullif(f.current_n + f.current_n_missing, 0) AS current_missing_rate,
    e.verdict AS day_verdict
FROM feature_drift AS f
LEFT JOIN evaluations AS e ON e.monitor = f.monitor AND e.partition = f.partition;
COMMENT ON VIEW drift_history IS 'Every measurement ever taken: one row per monitor, day, segment and watched column.';
COMMENT ON COLUMN drift_history.js_distance IS 'Square root of js_divergence, in [0, 1].';
COMMENT ON COLUMN drift_history.baseline_missing_rate IS 'Share of the baseline''s rows that are missing.';
COMMENT ON COLUMN drift_history.current_missing_rate IS 'Share of the day''s rows that are missing.';
COMMENT ON COLUMN drift_history.day_verdict IS 'Verdict of the whole day; NULL if only single columns have been run.';

CREATE VIEW drift_latest AS
SELECT h.*
FROM drift_history AS h
JOIN (
    SELECT monitor, max(partition) AS partition
    FROM evaluations
    GROUP BY monitor
) AS latest ON latest.monitor = h.monitor AND latest.partition = h.partition;
COMMENT ON VIEW drift_latest IS 'drift_history of each monitor''s latest reported day.';

CREATE VIEW prediction_history AS
SELECT * FROM drift_history WHERE role = 'prediction';
COMMENT ON VIEW prediction_history IS 'drift_history of the prediction columns.';

CREATE VIEW drift_long AS
SELECT * FROM (
    SELECT
        f.monitor,
        f.partition,
        f.segment,
        f.feature,
        f.role,
        f.kind,
        unnest([
            'psi', 'ks', 'chi_squared', 'js_divergence', 'missing_rate', 'wasserstein',
            'total_variation', 'positive_rate'
        ]) AS statistic,
        unnest([
            f.psi, f.ks, f.chi_squared, f.js_divergence, f.missing_rate_change, f.wasserstein,
            f.total_variation, f.positive_rate_change
        ]) AS value,
        unnest([
            NULL, f.ks_p_value, f.chi_squared_p_value, NULL, f.missing_rate_p_value, NULL,
            NULL, f.positive_rate_p_value
        ]) AS p_value,
        unnest([
            f.threshold_psi_breach, f.threshold_ks_significance_level,
            f.threshold_ks_significance_level, f.threshold_js_breach,
            f.threshold_missing_rate_change, NULL, NULL, f.threshold_positive_rate_change
        ]) AS threshold,
        unnest([
            'value', 'p_value', 'p_value', 'value', 'change', NULL, NULL, 'change'
        ]) AS threshold_on,
        f.verdict,
        f.baseline_id
    FROM feature_drift AS f
)
WHERE value IS NOT NULL;
COMMENT ON VIEW drift_long IS 'feature_drift turned on its side: one row per measurement.';
COMMENT ON COLUMN drift_long.statistic IS 'psi, ks, chi_squared, js_divergence, missing_rate, wasserstein, total_variation or positive_rate.';
COMMENT ON COLUMN drift_long.value IS 'What it measured, in its own unit; for missing_rate and positive_rate the change of the share.';
COMMENT ON COLUMN drift_long.p_value IS 'Observed p-value; NULL if the statistic has none.';
COMMENT ON COLUMN drift_long.threshold IS 'Number that it breaches by; NULL if it is only measured.';
COMMENT ON COLUMN drift_long.threshold_on IS 'value: breaches at or above; p_value: strictly below; change: when the absolute value is at or above and significant.';
COMMENT ON COLUMN drift_long.verdict IS 'Verdict of the whole column, not of the one statistic.';

CREATE VIEW bin_history AS
SELECT
    monitor,
    partition,
    segment,
    feature,
    baseline_id,
    bin,
    label,
    lower,
    upper,
    baseline_count,
    current_count,
    baseline_share,
    current_share,
    (greatest(current_share, 1e-4) - greatest(baseline_share, 1e-4))
        * ln(greatest(current_share, 1e-4) / greatest(baseline_share, 1e-4)) AS psi_contribution
FROM (
    SELECT
        p.monitor,
        p.partition,
        p.segment,
        p.feature,
        p.baseline_id,
        generate_subscripts(p.current_counts, 1) AS bin,
        unnest(b.bin_labels) AS label,
        unnest(b.bin_lower) AS lower,
        unnest(b.bin_upper) AS upper,
        unnest(b.baseline_counts) AS baseline_count,
        unnest(p.current_counts) AS current_count,
        baseline_count / list_sum(b.baseline_counts) AS baseline_share,
        current_count / list_sum(p.current_counts) AS current_share
    FROM feature_profiles AS p
    JOIN baseline_profiles AS b ON b.baseline_id = p.baseline_id AND b.feature = p.feature
);
COMMENT ON VIEW bin_history IS 'Each PSI bin of each evaluated column and day, beside the baseline''s.';
COMMENT ON COLUMN bin_history.bin IS 'Position of the bin, from 1.';
COMMENT ON COLUMN bin_history.label IS 'The bin as an interval or a category.';
COMMENT ON COLUMN bin_history.lower IS 'Lower edge; NULL where the bin is open, and for categories.';
COMMENT ON COLUMN bin_history.upper IS 'Upper edge; NULL where the bin is open, and for categories.';
COMMENT ON COLUMN bin_history.baseline_count IS 'Baseline rows in the bin.';
COMMENT ON COLUMN bin_history.current_count IS 'Rows of the day in the bin.';
COMMENT ON COLUMN bin_history.baseline_share IS 'Share of the non-missing baseline rows.';
COMMENT ON COLUMN bin_history.current_share IS 'Share of the day''s non-missing rows.';
COMMENT ON COLUMN bin_history.psi_contribution IS 'What the bin adds to PSI, in nats; shares below 0.0001 count as 0.0001.';

CREATE VIEW alert_history AS
SELECT a.*, e.verdict AS day_verdict, e.run_id
FROM alerts AS a
LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition;
COMMENT ON VIEW alert_history IS 'Every alert, what became of it, and the verdict of its day as it stands.';
COMMENT ON COLUMN alert_history.day_verdict IS 'Verdict of the whole day as it stands now.';
COMMENT ON COLUMN alert_history.run_id IS 'Run that reported the day last.';

INSERT INTO alerts VALUES
    ('loans', '2026-11-24', 'breach', 'loans drifted', 'income', '{}', 'pending', '', 0, '2026-11-23 14:43:24+00', '2026-11-23 14:43:24+00', NULL, NULL);
INSERT INTO baseline_profiles VALUES
    ('62cc641234c5db2d', 'income', 'numeric', ['<= 100', '(100, 200]', '(200, 300]', '(300, 400]', '(400, 500]', '(500, 600]', '(600, 700]', '(700, 800]', '(800, 900]', '> 900'], [NULL, 100.00000000000001, 200.00000000000003, 300.00000000000006, 400.00000000000006, 500.00000000000006, 600.0000000000001, 700.0000000000001, 800.0000000000001, 900.0000000000001], [100.00000000000001, 200.00000000000003, 300.00000000000006, 400.00000000000006, 500.00000000000006, 600.0000000000001, 700.0000000000001, 800.0000000000001, 900.0000000000001, NULL], [100, 100, 100, 100, 100, 100, 100, 100, 100, 100]),
    ('62cc641234c5db2d', 'score', 'numeric', ['<= 0.1', '(0.1, 0.2]', '(0.2, 0.3]', '(0.3, 0.4]', '(0.4, 0.5]', '(0.5, 0.6]', '(0.6, 0.7]', '(0.7, 0.8]', '(0.8, 0.9]', '> 0.9'], [NULL, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9], [0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9, NULL], [100, 100, 100, 100, 100, 100, 100, 100, 100, 100]),
    ('62cc641234c5db2d', 'state', 'categorical', ['CA', 'NY', 'unseen'], [NULL, NULL, NULL], [NULL, NULL, NULL], [750, 250, 0]);
INSERT INTO baselines VALUES
    ('loans', '62cc641234c5db2d', 'baseline.csv', '2026-11-23 12:00:00+00', 1000);
INSERT INTO evaluations VALUES
    ('loans', '2026-11-23', 'run 0', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 0', 1000, 400, 'ok', 3, 0, 0, 0, 'guarded', 0.02, ['remark'], 1),
    ('loans', '2026-11-24', 'run 1', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 1', 1000, 400, 'breach', 3, 1, 0, 0, 'guarded', 0.02, ['remark'], 1);
INSERT INTO feature_drift VALUES
    ('loans', '2026-11-23', '', 'income', 'feature', 'numeric', 'ok', 'within all thresholds', 0.00023197972336078164, 10, 0.006, 1.0, 0.0, NULL, NULL, 0.0002546554646100018, 0.005, 0.08148677626858715, 0.008744678682191762, 0.001726835719004803, NULL, NULL, NULL, 0.28520371694005503, MAP {'ks': 1.0, 'missing_rate': 0.08148677626858715}, true, 1000, 0, 0, 1000, 500.0000000000001, 289.1085446403898, 500.00000000000006, 0.0, 1000.0, NULL, 398, 2, 0, 398, NULL, 502.50626566416037, 288.31315936203805, 502.5025025025026, 5.012531328320802, 1000.0, NULL, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 0', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 0', 1),
    ('loans', '2026-11-23', '', 'score', 'prediction', 'numeric', 'ok', 'within all thresholds', 0.00023197972336078164, 10, 0.006, 1.0, 0.0, NULL, NULL, 0.0002546554646100018, 0.005, 0.08148677626858715, 0.008753378106468871, 0.0017181362947276976, NULL, 0.002512562814070307, 0.9324297898822924, 0.28520371694005503, MAP {'ks': 1.0, 'missing_rate': 0.08148677626858715, 'positive_rate': 0.9324297898822924}, true, 1000, 0, 0, 1000, 0.5, 0.28910854464038976, 0.5, 0.0, 1.0, 0.5, 398, 2, 0, 398, NULL, 0.5025062656641603, 0.28831315936203805, 0.5025025025025025, 0.005012531328320802, 1.0, 0.5025125628140703, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 0', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 0', 1),
    ('loans', '2026-11-23', '', 'state', 'feature', 'categorical', 'ok', 'within all thresholds', 0.03202478955906995, 3, NULL, NULL, NULL, 0.08522934811724303, 0.7703319958845597, 0.0037635932893788264, 0.0, 1.0, NULL, NULL, 0.0074999999999999754, NULL, NULL, 1.0, MAP {'chi_squared': 0.7703319958845597, 'missing_rate': 1.0}, true, 1000, 0, NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, 400, 0, NULL, 3, 3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 0', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 0', 1),
    ('loans', '2026-11-24', '', 'income', 'feature', 'numeric', 'breach', 'PSI = 2.491 >= 0.2, JS = 0.301 >= 0.1, KS D = 0.3055 >= 0.1 (adjusted p < 0.001 <= 0.02)', 2.490664829046222, 10, 0.30548743718592963, 5.4508188590329656e-24, 0.0, NULL, NULL, 0.3010070615773624, 0.005, 0.08148677626858715, 1.0463742152401627, 0.0011857315289690406, NULL, NULL, NULL, 3.815573201323076e-23, MAP {'ks': 5.4508188590329656e-24, 'missing_rate': 0.08148677626858715}, true, 1000, 0, 0, 1000, 500.0000000000001, 289.1085446403898, 500.00000000000006, 0.0, 1000.0, NULL, 398, 2, 0, 398, NULL, 802.5062656641605, 288.31315936203805, 802.3023023023025, 305.0125313283208, 1300.0, NULL, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 1', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 1', 1),
    ('loans', '2026-11-24', '', 'score', 'prediction', 'numeric', 'ok', 'within all thresholds', 0.00023197972336078164, 10, 0.006, 1.0, 0.0, NULL, NULL, 0.0002546554646100018, 0.005, 0.08148677626858715, 0.008753378106468871, 0.0017181362947276976, NULL, 0.002512562814070307, 0.9324297898822924, 0.19013581129337, MAP {'ks': 1.0, 'missing_rate': 0.08148677626858715, 'positive_rate': 0.9324297898822924}, true, 1000, 0, 0, 1000, 0.5, 0.28910854464038976, 0.5, 0.0, 1.0, 0.5, 398, 2, 0, 398, NULL, 0.5025062656641603, 0.28831315936203805, 0.5025025025025025, 0.005012531328320802, 1.0, 0.5025125628140703, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 1', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 1', 1),
    ('loans', '2026-11-24', '', 'state', 'feature', 'categorical', 'ok', 'within all thresholds', 0.03202478955906995, 3, NULL, NULL, NULL, 0.08522934811724303, 0.7703319958845597, 0.0037635932893788264, 0.0, 1.0, NULL, NULL, 0.0074999999999999754, NULL, NULL, 1.0, MAP {'chi_squared': 0.7703319958845597, 'missing_rate': 1.0}, true, 1000, 0, NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, 400, 0, NULL, 3, 3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, 0.2, 0.05, 0.1, 0.02, 0.05, 0.1, 0.02, 'guarded', 'run 1', '2026-11-23 12:00:00+00', '62cc641234c5db2d', 'fingerprint 1', 1);
INSERT INTO feature_profiles VALUES
    ('loans', '2026-11-23', '', 'income', '62cc641234c5db2d', [38, 40, 40, 40, 40, 40, 40, 40, 40, 40], [], []),
    ('loans', '2026-11-23', '', 'score', '62cc641234c5db2d', [38, 40, 40, 40, 40, 40, 40, 40, 40, 40], [], []),
    ('loans', '2026-11-23', '', 'state', '62cc641234c5db2d', [297, 100, 3], ['TX'], [3]),
    ('loans', '2026-11-24', '', 'income', '62cc641234c5db2d', [0, 0, 0, 38, 40, 40, 40, 40, 40, 160], [], []),
    ('loans', '2026-11-24', '', 'score', '62cc641234c5db2d', [38, 40, 40, 40, 40, 40, 40, 40, 40, 40], [], []),
    ('loans', '2026-11-24', '', 'state', '62cc641234c5db2d', [297, 100, 3], ['TX'], [3]);
INSERT INTO inputs VALUES
    ('loans', '2026-11-23', 'data/0.csv', 100, '2026-11-23 12:00:00+00'),
    ('loans', '2026-11-24', 'data/1.csv', 101, '2026-11-23 12:00:00+00');
INSERT INTO schema_migrations VALUES
    ('0001_history', '2026-11-23 12:00:00+00');
