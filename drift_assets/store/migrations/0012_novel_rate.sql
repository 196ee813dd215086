-- Novel values have a threshold of their own, which was that of missing ones before.

ALTER TABLE feature_drift ADD COLUMN threshold_novel_rate_change DOUBLE;
COMMENT ON COLUMN feature_drift.threshold_novel_rate_change IS 'Share of rows with novel values from which the column breached under the guarded rule; NULL in rows from before it was kept, when it was threshold_missing_rate_change, which the views show in its place.';
