-- What the stored measurements of a column say together: whether they creep, and until when.

CREATE TABLE feature_trends (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    feature VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    window_days INTEGER NOT NULL,
    n_partitions INTEGER NOT NULL,
    first_partition DATE,
    last_partition DATE,
    threshold DOUBLE NOT NULL,
    level DOUBLE,
    slope DOUBLE,
    slope_low DOUBLE,
    slope_high DOUBLE,
    rise DOUBLE,
    p_value DOUBLE,
    adjusted_p_value DOUBLE,
    autocorrelation DOUBLE,
    reached_on DATE,
    reached_earliest DATE,
    reached_latest DATE,
    step_on DATE,
    step_before DOUBLE,
    step_after DOUBLE,
    step_p_value DOUBLE,
    regression_slope DOUBLE,
    regression_p_value DOUBLE,
    regression_rises BOOLEAN,
    baseline_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL
);
COMMENT ON TABLE feature_trends IS 'Gradual drift: one row per monitor, day, column and statistic, from all days up to that one. A day that is reported late renews the rows of the days after it.';
COMMENT ON COLUMN feature_trends.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN feature_trends.partition IS 'Day up to which was looked.';
COMMENT ON COLUMN feature_trends.feature IS 'The column''s true name.';
COMMENT ON COLUMN feature_trends.role IS 'feature or prediction.';
COMMENT ON COLUMN feature_trends.statistic IS 'psi, ks, missing_rate, positive_rate or js_divergence: what the monitor''s trend names.';
COMMENT ON COLUMN feature_trends.verdict IS 'ok, warn, breach or not_evaluated (too few days).';
COMMENT ON COLUMN feature_trends.reason IS 'The verdict in words and figures.';
COMMENT ON COLUMN feature_trends.window_days IS 'Days looked back on; of several windows the one that decides.';
COMMENT ON COLUMN feature_trends.n_partitions IS 'Evaluated days that the slope rests on: within the window, by one baseline, since the last step.';
COMMENT ON COLUMN feature_trends.first_partition IS 'The first of them; NULL if there is none.';
COMMENT ON COLUMN feature_trends.last_partition IS 'The last of them.';
COMMENT ON COLUMN feature_trends.threshold IS 'Number at which the statistic breaches.';
COMMENT ON COLUMN feature_trends.level IS 'Where the fitted line stands on the last day; NULL, like all figures after it, with too few days.';
COMMENT ON COLUMN feature_trends.slope IS 'Theil-Sen slope per day of what was measured, for psi and ks less what chance makes of them.';
COMMENT ON COLUMN feature_trends.slope_low IS 'Lower end of its 90 % interval.';
COMMENT ON COLUMN feature_trends.slope_high IS 'Upper end of its 90 % interval.';
COMMENT ON COLUMN feature_trends.rise IS 'The slope times the days from the first to the last.';
COMMENT ON COLUMN feature_trends.p_value IS 'Mann-Kendall, two-sided, corrected for autocorrelation.';
COMMENT ON COLUMN feature_trends.adjusted_p_value IS 'The same, adjusted by Benjamini-Hochberg over all columns, statistics and windows of the day.';
COMMENT ON COLUMN feature_trends.autocorrelation IS 'Of neighbouring days, around the trend.';
COMMENT ON COLUMN feature_trends.reached_on IS 'Day on which the line reaches the threshold; NULL if not within a year.';
COMMENT ON COLUMN feature_trends.reached_earliest IS 'The same by the steep end of the slope''s interval.';
COMMENT ON COLUMN feature_trends.reached_latest IS 'The same by the flat end; NULL if not within a year.';
COMMENT ON COLUMN feature_trends.step_on IS 'First day of the present level, where the series stepped; NULL if it did not.';
COMMENT ON COLUMN feature_trends.step_before IS 'Median before the step.';
COMMENT ON COLUMN feature_trends.step_after IS 'Median since the step.';
COMMENT ON COLUMN feature_trends.step_p_value IS 'Pettitt, corrected for autocorrelation.';
COMMENT ON COLUMN feature_trends.regression_slope IS 'Slope per partition of the line by least squares.';
COMMENT ON COLUMN feature_trends.regression_p_value IS 'Its p-value, which takes days for independent.';
COMMENT ON COLUMN feature_trends.regression_rises IS 'Whether both cross the limits of the monitor''s trend (slope, significance_level).';
COMMENT ON COLUMN feature_trends.baseline_id IS 'Content hash of the baseline that all those days were measured against.';
COMMENT ON COLUMN feature_trends.run_id IS 'Run that judged it.';
