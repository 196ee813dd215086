-- Days may be compared with chosen days instead of the whole baseline, and thresholds may be
-- learned from the baseline's own days.

ALTER TABLE evaluations ADD COLUMN comparison_id VARCHAR;
COMMENT ON COLUMN evaluations.comparison_id IS 'Content hash of the days compared with; the baseline_id if it was the whole baseline.';
ALTER TABLE evaluations ADD COLUMN compared_with VARCHAR;
COMMENT ON COLUMN evaluations.compared_with IS 'Which days those are, in words; empty for the whole baseline.';
ALTER TABLE evaluations ADD COLUMN thresholds_from VARCHAR;
COMMENT ON COLUMN evaluations.thresholds_from IS 'Where learned thresholds come from, or why there are none, in words; empty where nobody asked for any.';
UPDATE evaluations SET comparison_id = baseline_id, compared_with = '', thresholds_from = '';
COMMENT ON COLUMN evaluations.rule IS 'guarded, plain or learned: the rule that gave the verdicts.';
COMMENT ON COLUMN evaluations.family_alpha IS 'Level of the guarded family of tests; NULL under another rule.';
COMMENT ON COLUMN evaluations.n_baseline IS 'Rows of the baseline or of the days compared with, missing values included.';

ALTER TABLE feature_drift ADD COLUMN comparison_id VARCHAR;
COMMENT ON COLUMN feature_drift.comparison_id IS 'Content hash of the days compared with; the baseline_id if it was the whole baseline. The columns that begin with baseline_ are of those days.';
UPDATE feature_drift SET comparison_id = baseline_id;
COMMENT ON COLUMN feature_drift.rule IS 'guarded, plain or learned: the rule that gave the verdict. Under the learned one the thresholds of psi, js_divergence, the changes and of D are learned.';
COMMENT ON COLUMN feature_drift.adjusted_p_value IS 'Smallest adjusted p-value of the column''s tests; NULL but under the guarded rule.';
COMMENT ON COLUMN feature_drift.family_p_values IS 'Unadjusted p-values that the column brought into the family, by test; those of psi and js_divergence are simulated. Empty but under the guarded rule.';

ALTER TABLE feature_profiles ADD COLUMN comparison_counts BIGINT[];
COMMENT ON COLUMN feature_profiles.comparison_counts IS 'Rows per PSI bin of the days compared with; NULL if it was the whole baseline.';

CREATE TABLE learned_thresholds (
    monitor VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    feature VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    weekday INTEGER,
    threshold DOUBLE NOT NULL,
    threshold_low DOUBLE NOT NULL,
    threshold_high DOUBLE NOT NULL,
    noise DOUBLE NOT NULL,
    false_alarms DOUBLE NOT NULL,
    reachable DOUBLE NOT NULL,
    fitted BOOLEAN NOT NULL,
    n_days INTEGER NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    days_apart INTEGER NOT NULL,
    reference_rows BIGINT NOT NULL
);
COMMENT ON TABLE learned_thresholds IS 'What the days of a baseline say of how far a clean day may lie: one row per monitor, baseline, column, statistic and, where they differ, weekday.';
COMMENT ON COLUMN learned_thresholds.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN learned_thresholds.baseline_id IS 'Content hash of the baseline.';
COMMENT ON COLUMN learned_thresholds.feature IS 'The column''s true name.';
COMMENT ON COLUMN learned_thresholds.statistic IS 'psi, ks, total_variation, js_divergence, missing_rate or positive_rate.';
COMMENT ON COLUMN learned_thresholds.weekday IS 'Day of the week, Monday is 0; NULL if one threshold serves all.';
COMMENT ON COLUMN learned_thresholds.threshold IS 'Breaches at or above; for missing_rate and positive_rate the absolute change.';
COMMENT ON COLUMN learned_thresholds.threshold_low IS 'Lower end of its 90 % interval.';
COMMENT ON COLUMN learned_thresholds.threshold_high IS 'Upper end of its 90 % interval.';
COMMENT ON COLUMN learned_thresholds.noise IS 'What is added for a day under reference_rows rows, per difference of sqrt(1 / rows compared with + 1 / rows of the day); for psi and js_divergence to their roots.';
COMMENT ON COLUMN learned_thresholds.false_alarms IS 'Share of clean days on which the whole monitor may alarm, as asked for.';
COMMENT ON COLUMN learned_thresholds.reachable IS 'The smallest such share that the days show of themselves.';
COMMENT ON COLUMN learned_thresholds.fitted IS 'Whether a tail was fitted to reach beyond them.';
COMMENT ON COLUMN learned_thresholds.n_days IS 'Days learned from.';
COMMENT ON COLUMN learned_thresholds.first_day IS 'The first day of the baseline.';
COMMENT ON COLUMN learned_thresholds.last_day IS 'The last day of the baseline.';
COMMENT ON COLUMN learned_thresholds.days_apart IS 'Days on either side of a day that were left out with it, because they resemble it.';
COMMENT ON COLUMN learned_thresholds.reference_rows IS 'Rows of a day from which the thresholds hold as they stand.';
