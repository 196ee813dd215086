-- The life of baselines: who froze, promoted, rolled back or archived which one, and why; and
-- what the data of a day look like before any statistic is asked.

CREATE TABLE baseline_events (
    monitor VARCHAR NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    event VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    previous_id VARCHAR,
    who VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL
);
COMMENT ON TABLE baseline_events IS 'What was done with baselines: one row per act.';
COMMENT ON COLUMN baseline_events.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN baseline_events.happened_at IS 'When.';
COMMENT ON COLUMN baseline_events.event IS 'frozen; declared (frozen from the data of the YAML, and judging from then on); promoted; rolled back; archived.';
COMMENT ON COLUMN baseline_events.baseline_id IS 'Content hash of the baseline; after all but frozen and archived the one that judges.';
COMMENT ON COLUMN baseline_events.previous_id IS 'The one that judged before, if the event changed that.';
COMMENT ON COLUMN baseline_events.who IS 'Who did it, as given or as the system knows it.';
COMMENT ON COLUMN baseline_events.reason IS 'Why, in that person''s words.';
COMMENT ON COLUMN baseline_events.detail IS 'From which data, and how exactly; or what was said to change.';

INSERT INTO baseline_events
SELECT monitor, frozen_at, 'declared', baseline_id, NULL, '', '', source FROM baselines;

CREATE TABLE data_checks (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    check_name VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    value DOUBLE,
    lowest DOUBLE,
    highest DOUBLE,
    column_names VARCHAR[],
    content VARCHAR,
    run_id VARCHAR NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE data_checks IS 'What the data of a day look like before any statistic is asked: one row per monitor, day and check.';
COMMENT ON COLUMN data_checks.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN data_checks.partition IS 'The day.';
COMMENT ON COLUMN data_checks.check_name IS 'data_arrived, row_count, schema, missing_rate, duplicates, stale or out_of_range.';
COMMENT ON COLUMN data_checks.state IS 'passed, failed or not_evaluated.';
COMMENT ON COLUMN data_checks.severity IS 'warn or error: how grave it is when it fails.';
COMMENT ON COLUMN data_checks.reason IS 'What was found, and what was expected.';
COMMENT ON COLUMN data_checks.value IS 'The number that was looked at: rows, columns or a share; NULL if there is none.';
COMMENT ON COLUMN data_checks.lowest IS 'From where on it passes; NULL if there is no such limit.';
COMMENT ON COLUMN data_checks.highest IS 'Up to where it passes; NULL if there is no such limit.';
COMMENT ON COLUMN data_checks.column_names IS 'The columns that make it fail.';
COMMENT ON COLUMN data_checks.content IS 'For stale: content hash of the day''s profile, by which days are told apart.';
COMMENT ON COLUMN data_checks.run_id IS 'The run that looked; empty if it was a sensor.';
COMMENT ON COLUMN data_checks.checked_at IS 'When.';
