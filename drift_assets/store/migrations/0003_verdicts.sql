-- What the day alone said stands beside what counts after persistence, and the data set as a
-- whole has a verdict of its own.

ALTER TABLE feature_drift ADD COLUMN rule_verdict VARCHAR;
COMMENT ON COLUMN feature_drift.rule_verdict IS 'What the rule says of the day alone; verdict is what counts after alert_after.';
ALTER TABLE feature_drift ADD COLUMN alert_after_breaches INTEGER;
COMMENT ON COLUMN feature_drift.alert_after_breaches IS 'Days with a breach that it took for the column to breach, that of the day itself included.';
ALTER TABLE feature_drift ADD COLUMN alert_after_days INTEGER;
COMMENT ON COLUMN feature_drift.alert_after_days IS 'Evaluated days among which they were counted.';
ALTER TABLE feature_drift ADD COLUMN importance DOUBLE;
COMMENT ON COLUMN feature_drift.importance IS 'What the feature weighs in the verdict of the data set; 0 for predictions.';
-- Before, every breach counted at once and every feature alike.
UPDATE feature_drift SET
    rule_verdict = verdict,
    alert_after_breaches = 1,
    alert_after_days = 1,
    importance = CASE role WHEN 'feature' THEN 1 ELSE 0 END;
COMMENT ON COLUMN feature_drift.verdict IS 'ok, warn, breach or not_evaluated; a breach that has not lasted yet is warn.';

ALTER TABLE evaluations ADD COLUMN drift_share DOUBLE;
COMMENT ON COLUMN evaluations.drift_share IS 'Share of the evaluated features that breach, weighed by importance, in [0, 1]; NULL if none was evaluated, and in reports from before there was one.';
ALTER TABLE evaluations ADD COLUMN drift_share_threshold DOUBLE;
COMMENT ON COLUMN evaluations.drift_share_threshold IS 'Share from which the whole data set drifts.';
ALTER TABLE evaluations ADD COLUMN dataset_verdict VARCHAR;
COMMENT ON COLUMN evaluations.dataset_verdict IS 'ok, breach or not_evaluated: the verdict of the data set as a whole, by drift_share; NULL in reports from before there was one.';
