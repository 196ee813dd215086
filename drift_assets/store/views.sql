-- The views: the public contract, made anew from this file whenever a step has been applied.
--
-- A change here comes with a step in migrations/, even if that changes no table: by its steps a
-- file knows whether its views are those of this version.

CREATE OR REPLACE VIEW drift_history AS
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

CREATE OR REPLACE VIEW drift_latest AS
SELECT h.*
FROM drift_history AS h
JOIN (
    SELECT monitor, max(partition) AS partition
    FROM evaluations
    GROUP BY monitor
) AS latest ON latest.monitor = h.monitor AND latest.partition = h.partition;
COMMENT ON VIEW drift_latest IS 'drift_history of each monitor''s latest reported day.';

CREATE OR REPLACE VIEW prediction_history AS
SELECT * FROM drift_history WHERE role = 'prediction';
COMMENT ON VIEW prediction_history IS 'drift_history of the prediction columns.';

CREATE OR REPLACE VIEW drift_long AS
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

CREATE OR REPLACE VIEW bin_history AS
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
        unnest(coalesce(p.comparison_counts, b.baseline_counts)) AS baseline_count,
        unnest(p.current_counts) AS current_count,
        baseline_count / list_sum(coalesce(p.comparison_counts, b.baseline_counts))
            AS baseline_share,
        current_count / list_sum(p.current_counts) AS current_share
    FROM feature_profiles AS p
    JOIN baseline_profiles AS b ON b.baseline_id = p.baseline_id AND b.feature = p.feature
);
COMMENT ON VIEW bin_history IS 'Each PSI bin of each evaluated column and day, beside the baseline''s.';
COMMENT ON COLUMN bin_history.bin IS 'Position of the bin, from 1.';
COMMENT ON COLUMN bin_history.label IS 'The bin as an interval or a category.';
COMMENT ON COLUMN bin_history.lower IS 'Lower edge; NULL where the bin is open, and for categories.';
COMMENT ON COLUMN bin_history.upper IS 'Upper edge; NULL where the bin is open, and for categories.';
COMMENT ON COLUMN bin_history.baseline_count IS 'Rows in the bin of the baseline, or of the days compared with.';
COMMENT ON COLUMN bin_history.current_count IS 'Rows of the day in the bin.';
COMMENT ON COLUMN bin_history.baseline_share IS 'Share of their non-missing rows.';
COMMENT ON COLUMN bin_history.current_share IS 'Share of the day''s non-missing rows.';
COMMENT ON COLUMN bin_history.psi_contribution IS 'What the bin adds to PSI, in nats; shares below 0.0001 count as 0.0001.';

CREATE OR REPLACE VIEW family_history AS
SELECT
    monitor,
    partition,
    segment,
    feature,
    test,
    p_value,
    min(scaled) OVER (
        PARTITION BY monitor, partition, segment ORDER BY place DESC ROWS UNBOUNDED PRECEDING
    ) AS adjusted_p_value
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY monitor, partition, segment ORDER BY p_value) AS place,
        least(
            p_value * count(*) OVER (PARTITION BY monitor, partition, segment) / place, 1
        ) AS scaled
    FROM (
        SELECT
            f.monitor,
            f.partition,
            f.segment,
            f.feature,
            o.entry.key AS test,
            o.entry.value AS p_value
        FROM feature_drift AS f, unnest(map_entries(f.family_p_values)) AS o(entry)
    )
);
COMMENT ON VIEW family_history IS 'The p-values of each guarded day''s family: one row per column and test.';
COMMENT ON COLUMN family_history.test IS 'ks, chi_squared, missing_rate or positive_rate; psi or js_divergence where it had to decide alone.';
COMMENT ON COLUMN family_history.p_value IS 'Unadjusted p-value; those of psi and js_divergence are simulated.';
COMMENT ON COLUMN family_history.adjusted_p_value IS 'The same, Benjamini-Hochberg-adjusted over the rows of the day.';

CREATE OR REPLACE VIEW alert_history AS
SELECT a.*, e.verdict AS day_verdict, e.run_id
FROM alerts AS a
LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition;
COMMENT ON VIEW alert_history IS 'Every alert, what became of it, and the verdict of its day as it stands.';
COMMENT ON COLUMN alert_history.day_verdict IS 'Verdict of the whole day as it stands now.';
COMMENT ON COLUMN alert_history.run_id IS 'Run that reported the day last.';

CREATE OR REPLACE VIEW trend_latest AS
SELECT t.*
FROM feature_trends AS t
JOIN (
    SELECT monitor, max(partition) AS partition
    FROM feature_trends
    GROUP BY monitor
) AS latest ON latest.monitor = t.monitor AND latest.partition = t.partition;
COMMENT ON VIEW trend_latest IS 'feature_trends of each monitor''s latest judged day.';
