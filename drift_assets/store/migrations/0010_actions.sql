-- What drift has started: a row per action, baseline and cause, so that nothing is started twice.

CREATE TABLE actions (
    monitor VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    baseline_id VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    partition DATE NOT NULL,
    kind VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    payload VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    run_id VARCHAR,
    attempts INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (monitor, action, baseline_id, cause)
);
COMMENT ON TABLE actions IS 'What drift has started, or is about to: at most once for each baseline and cause.';
COMMENT ON COLUMN actions.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN actions.action IS 'Name of the action in the monitor''s YAML.';
COMMENT ON COLUMN actions.baseline_id IS 'Content hash of the baseline that the day was measured against.';
COMMENT ON COLUMN actions.cause IS 'drift or trend.';
COMMENT ON COLUMN actions.partition IS 'Day that gave cause.';
COMMENT ON COLUMN actions.kind IS 'job, webhook or call: what is started.';
COMMENT ON COLUMN actions.reason IS 'Why, in words and figures.';
COMMENT ON COLUMN actions.payload IS 'What it is told, as JSON.';
COMMENT ON COLUMN actions.state IS 'pending, started (and not known to have ended), done, failed, or withdrawn (a later run of the day found the cause gone before anything was started).';
COMMENT ON COLUMN actions.detail IS 'What the last attempt said; empty before the first.';
COMMENT ON COLUMN actions.run_id IS 'With a job: the Dagster run that was started; NULL before.';
COMMENT ON COLUMN actions.attempts IS 'How often it was tried to start it.';
COMMENT ON COLUMN actions.created_at IS 'When it was decided.';
COMMENT ON COLUMN actions.updated_at IS 'When its state changed last.';
