-- Statistics that a monitor names besides the default ones: few monitors name any, and each
-- names its own, so they stand in maps instead of columns that are nearly always NULL.
--
-- A view keeps the columns that its tables had when it was made: those of feature_drift are made anew.

DROP VIEW drift_long;
DROP VIEW prediction_history;
DROP VIEW drift_latest;
DROP VIEW drift_history;

ALTER TABLE feature_drift ADD COLUMN other_statistics MAP(VARCHAR, DOUBLE);
COMMENT ON COLUMN feature_drift.other_statistics IS 'Values of the statistics that the monitor names besides those with a column, by name.';
ALTER TABLE feature_drift ADD COLUMN other_p_values MAP(VARCHAR, DOUBLE);
COMMENT ON COLUMN feature_drift.other_p_values IS 'Their observed p-values, by name; those without one are absent.';
ALTER TABLE feature_drift ADD COLUMN other_error_bounds MAP(VARCHAR, DOUBLE);
COMMENT ON COLUMN feature_drift.other_error_bounds IS 'How far the exact values can be away, by name; those that are exact are absent.';
-- A default would do the same, but DuckDB fills it in by a transaction of its own.
UPDATE feature_drift SET other_statistics = MAP {}, other_p_values = MAP {}, other_error_bounds = MAP {};

-- The first step promised a one-sided bound, which only that of ks is.
COMMENT ON COLUMN feature_drift.wasserstein_error_bound IS 'The exact distance differs from wasserstein by at most this.';

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
WHERE value IS NOT NULL
UNION ALL
SELECT
    f.monitor,
    f.partition,
    f.segment,
    f.feature,
    f.role,
    f.kind,
    o.entry.key AS statistic,
    o.entry.value AS value,
    map_extract_value(f.other_p_values, o.entry.key) AS p_value,
    NULL AS threshold,
    NULL AS threshold_on,
    f.verdict,
    f.baseline_id
FROM feature_drift AS f, unnest(map_entries(f.other_statistics)) AS o(entry);
COMMENT ON VIEW drift_long IS 'feature_drift turned on its side: one row per measurement.';
COMMENT ON COLUMN drift_long.statistic IS 'psi, ks, chi_squared, js_divergence, missing_rate, wasserstein, total_variation, positive_rate, or another that the monitor names.';
COMMENT ON COLUMN drift_long.value IS 'What it measured, in its own unit; for missing_rate and positive_rate the change of the share.';
COMMENT ON COLUMN drift_long.p_value IS 'Observed p-value; NULL if the statistic has none.';
COMMENT ON COLUMN drift_long.threshold IS 'Number that it breaches by; NULL if it is only measured.';
COMMENT ON COLUMN drift_long.threshold_on IS 'value: breaches at or above; p_value: strictly below; change: when the absolute value is at or above and significant.';
COMMENT ON COLUMN drift_long.verdict IS 'Verdict of the whole column, not of the one statistic.';
