-- Which channels have an alert already: one that failed is tried again without repeating it to the others.

ALTER TABLE alerts ADD COLUMN delivered_to VARCHAR[];
COMMENT ON COLUMN alerts.delivered_to IS 'The channels that have accepted it; the others are tried again by the monitor''s next run.';
COMMENT ON COLUMN alerts.state IS 'pending, delivering (a run has taken it), delivered, failed (tried in vain; the next run of the monitor tries again) or resolved (a later run of the day found the cause gone).';

COMMENT ON COLUMN feature_drift.baseline_n_distinct IS 'Distinct non-missing values in the baseline; an estimate where there are more than 100,000 names.';
COMMENT ON COLUMN feature_drift.current_n_distinct IS 'Distinct non-missing values of the day; an estimate where there are more than 100,000 names.';
