-- Statistics that a monitor names besides the default ones: few monitors name any, and each
-- names its own, so they stand in maps instead of columns that are nearly always NULL.

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
