-- The views: the public contract, made anew from this file whenever a step has been applied.
--
-- A change here comes with a step in migrations/, even if that changes no table: by its steps a
-- file knows whether its views are those of this version.

CREATE OR REPLACE VIEW drift_history AS
SELECT
    f.* REPLACE (
        coalesce(f.threshold_novel_rate_change, f.threshold_missing_rate_change)
            AS threshold_novel_rate_change
    ),
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
    CASE
        WHEN o.entry.key = 'novel_rate' AND f.rule = 'guarded'
        THEN coalesce(f.threshold_novel_rate_change, f.threshold_missing_rate_change)
    END AS threshold,
    CASE WHEN o.entry.key = 'novel_rate' AND f.rule = 'guarded' THEN 'change' END
        AS threshold_on,
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
COMMENT ON COLUMN family_history.test IS 'ks, chi_squared, missing_rate or positive_rate; psi, js_divergence or novel_rate where it had to decide alone.';
COMMENT ON COLUMN family_history.p_value IS 'Unadjusted p-value; those of psi and js_divergence are simulated.';
COMMENT ON COLUMN family_history.adjusted_p_value IS 'The same, Benjamini-Hochberg-adjusted over the rows of the day.';

CREATE OR REPLACE VIEW alert_history AS
SELECT
    a.monitor,
    a.partition,
    a.cause,
    a.title,
    a.text,
    a.payload,
    CASE
        WHEN a.state <> 'open' THEN a.state
        WHEN a.status = 'suppressed' THEN 'suppressed'
        WHEN a.status IS NULL THEN 'pending'
        WHEN d.n_failed > 0 THEN 'failed'
        WHEN d.n_pending > 0 THEN 'pending'
        WHEN d.n_sent > 0 THEN 'delivered'
        ELSE 'suppressed'
    END AS state,
    coalesce(d.detail, '') AS detail,
    coalesce(d.attempts, 0) AS attempts,
    a.created_at,
    a.updated_at,
    d.delivered_at,
    a.resolved_at,
    d.delivered_to,
    a.severity,
    a.status,
    a.why,
    a.episode,
    s.since,
    a.sizes,
    a.acknowledged_at,
    a.acknowledged_by,
    e.verdict AS day_verdict,
    e.run_id
FROM alerts AS a
LEFT JOIN (
    SELECT
        monitor,
        partition,
        cause,
        count(*) FILTER (state = 'failed') AS n_failed,
        count(*) FILTER (state = 'pending') AS n_pending,
        count(*) FILTER (state = 'sent') AS n_sent,
        string_agg(
            CASE WHEN detail <> '' THEN channel || ': ' || detail END, '; ' ORDER BY channel
        ) AS detail,
        max(attempts) AS attempts,
        max(sent_at) AS delivered_at,
        list(channel ORDER BY sent_at, channel) FILTER (state = 'sent') AS delivered_to
    FROM deliveries
    WHERE event = 'trigger'
    GROUP BY monitor, partition, cause
) AS d ON d.monitor = a.monitor AND d.partition = a.partition AND d.cause = a.cause
LEFT JOIN (
    SELECT monitor, cause, episode, min(partition) AS since
    FROM alerts
    GROUP BY monitor, cause, episode
) AS s ON s.monitor = a.monitor AND s.cause = a.cause AND s.episode = a.episode
LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition;
COMMENT ON VIEW alert_history IS 'Every alert, what became of it, and the verdict of its day as it stands.';
COMMENT ON COLUMN alert_history.state IS 'pending, delivered, failed (a channel was tried in vain), suppressed (why says why), acknowledged (somebody looks after it) or resolved (a later run or day found the cause gone).';
COMMENT ON COLUMN alert_history.detail IS 'What the channels say that do not have it.';
COMMENT ON COLUMN alert_history.attempts IS 'Attempts to deliver it, of the channel that took most.';
COMMENT ON COLUMN alert_history.delivered_at IS 'When it was last delivered; NULL if never.';
COMMENT ON COLUMN alert_history.delivered_to IS 'The channels that have accepted it.';
COMMENT ON COLUMN alert_history.since IS 'First day of the episode.';
COMMENT ON COLUMN alert_history.day_verdict IS 'Verdict of the whole day as it stands now.';
COMMENT ON COLUMN alert_history.run_id IS 'Run that reported the day last.';

CREATE OR REPLACE VIEW delivery_history AS
SELECT * FROM deliveries;
COMMENT ON VIEW delivery_history IS 'What became of telling an alert: one row per alert, event and channel.';

CREATE OR REPLACE VIEW episode_history AS
SELECT
    a.monitor,
    a.cause,
    a.episode,
    min(a.partition) AS since,
    max(a.partition) AS last_partition,
    count(*) AS n_days,
    CASE
        WHEN count(*) FILTER (a.state = 'open') > 0 THEN 'open'
        WHEN count(*) FILTER (a.state = 'acknowledged') > 0 THEN 'acknowledged'
        ELSE 'resolved'
    END AS state,
    arg_max(a.severity, list_position(['info', 'warning', 'error', 'critical'], a.severity))
        AS severity,
    count(a.told) AS n_told,
    arg_max(e.drift_share, a.partition) AS drift_share,
    arg_max(e.baseline_id, a.partition) AS baseline_id,
    max(a.resolved_at) AS resolved_at
FROM alerts AS a
LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition
GROUP BY a.monitor, a.cause, a.episode;
COMMENT ON VIEW episode_history IS 'Troubles that lasted: one row per monitor, cause and episode, which is its days without a good one in between.';
COMMENT ON COLUMN episode_history.cause IS 'Why people are told, such as breach.';
COMMENT ON COLUMN episode_history.episode IS 'Names the episode.';
COMMENT ON COLUMN episode_history.since IS 'Its first day.';
COMMENT ON COLUMN episode_history.last_partition IS 'Its last day so far.';
COMMENT ON COLUMN episode_history.n_days IS 'Its days with the cause.';
COMMENT ON COLUMN episode_history.state IS 'open, acknowledged or resolved.';
COMMENT ON COLUMN episode_history.severity IS 'The gravest of its days.';
COMMENT ON COLUMN episode_history.n_told IS 'How often people were told that it began, got worse or goes on.';
COMMENT ON COLUMN episode_history.drift_share IS 'Share of the evaluated features that breach, weighed by importance, on its last reported day.';
COMMENT ON COLUMN episode_history.baseline_id IS 'Baseline of that day.';
COMMENT ON COLUMN episode_history.resolved_at IS 'When it ended; NULL while no day of it has.';

CREATE OR REPLACE VIEW trend_latest AS
SELECT t.*
FROM feature_trends AS t
JOIN (
    SELECT monitor, max(partition) AS partition
    FROM feature_trends
    GROUP BY monitor
) AS latest ON latest.monitor = t.monitor AND latest.partition = t.partition;
COMMENT ON VIEW trend_latest IS 'feature_trends of each monitor''s latest judged day.';

CREATE OR REPLACE VIEW baseline_history AS
SELECT v.*, b.source, b.n_rows, b.frozen_at
FROM baseline_events AS v
LEFT JOIN baselines AS b ON b.monitor = v.monitor AND b.baseline_id = v.baseline_id;
COMMENT ON VIEW baseline_history IS 'What was done with baselines, by whom and why, beside what each was frozen from.';
COMMENT ON COLUMN baseline_history.source IS 'From which data it was frozen.';
COMMENT ON COLUMN baseline_history.n_rows IS 'Rows of those data.';
COMMENT ON COLUMN baseline_history.frozen_at IS 'When it was frozen first.';

CREATE OR REPLACE VIEW data_check_history AS
SELECT c.*, e.verdict AS day_verdict
FROM data_checks AS c
LEFT JOIN evaluations AS e ON e.monitor = c.monitor AND e.partition = c.partition;
COMMENT ON VIEW data_check_history IS 'What the data checks said of each day, beside the verdict of its statistics.';
COMMENT ON COLUMN data_check_history.day_verdict IS 'Verdict of the whole day; NULL if it was not reported.';

CREATE OR REPLACE VIEW action_history AS
SELECT a.*, e.verdict AS day_verdict
FROM actions AS a
LEFT JOIN evaluations AS e ON e.monitor = a.monitor AND e.partition = a.partition;
COMMENT ON VIEW action_history IS 'What drift has started, and the verdict of its day as it stands.';
COMMENT ON COLUMN action_history.day_verdict IS 'Verdict of the whole day as it stands now.';
