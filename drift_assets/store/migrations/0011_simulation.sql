-- What a simulation lacked: the rows per JS bin, and which thresholds were set by hand.

ALTER TABLE feature_drift ADD COLUMN thresholds_by_hand VARCHAR[];
COMMENT ON COLUMN feature_drift.thresholds_by_hand IS 'Which of the thresholds somebody wrote, as named after threshold_: under the learned rule they judge in the place of learned ones. All of them with a preset of the column''s own; NULL in rows from before they were kept.';
COMMENT ON COLUMN feature_drift.rule IS 'guarded, plain or learned: the rule that gave the verdict. Under the learned one the thresholds of psi, js_divergence, the changes and of D are learned, unless thresholds_by_hand names them.';

ALTER TABLE baseline_profiles ADD COLUMN baseline_js_counts BIGINT[];
COMMENT ON COLUMN baseline_profiles.baseline_js_counts IS 'Rows of the baseline per JS bin; empty if those are the PSI bins, NULL if they were not kept.';
ALTER TABLE feature_profiles ADD COLUMN current_js_counts BIGINT[];
COMMENT ON COLUMN feature_profiles.current_js_counts IS 'Rows of the day per JS bin; empty if those are the PSI bins, NULL in rows from before they were kept.';
ALTER TABLE feature_profiles ADD COLUMN comparison_js_counts BIGINT[];
COMMENT ON COLUMN feature_profiles.comparison_js_counts IS 'Rows per JS bin of the days compared with; empty if those are the PSI bins, NULL if it was the whole baseline.';
