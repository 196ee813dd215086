-- An alert says what is wrong and since when; a delivery, what became of telling one channel.

CREATE TABLE deliveries (
    monitor VARCHAR NOT NULL,
    partition DATE NOT NULL,
    cause VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMPTZ,
    failing_since TIMESTAMPTZ,
    sent_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE deliveries IS 'What became of telling an alert: one row per alert, event and channel.';
COMMENT ON COLUMN deliveries.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN deliveries.partition IS 'Day of the alert.';
COMMENT ON COLUMN deliveries.cause IS 'Cause of the alert.';
COMMENT ON COLUMN deliveries.event IS 'What is told: trigger (something is wrong), acknowledge (somebody looks after it) or resolve (it is over).';
COMMENT ON COLUMN deliveries.channel IS 'Name of the channel.';
COMMENT ON COLUMN deliveries.state IS 'pending, sent, failed (tried in vain) or suppressed (detail says why).';
COMMENT ON COLUMN deliveries.detail IS 'Why it failed, waits or was suppressed; never an address or key.';
COMMENT ON COLUMN deliveries.attempts IS 'Attempts to send it.';
COMMENT ON COLUMN deliveries.next_attempt_at IS 'When it is tried next; while somebody sends it, when another may take it; NULL: it is not tried again.';
COMMENT ON COLUMN deliveries.failing_since IS 'First attempt in vain since the last that was not; NULL if there is none.';
COMMENT ON COLUMN deliveries.sent_at IS 'When the channel accepted it; NULL if it did not.';
COMMENT ON COLUMN deliveries.created_at IS 'When it was decided that the channel is to be told.';
COMMENT ON COLUMN deliveries.updated_at IS 'When the row last changed.';

CREATE TABLE alert_mutes (
    monitor VARCHAR NOT NULL,
    muted_until DATE NOT NULL,
    reason VARCHAR NOT NULL,
    muted_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE alert_mutes IS 'Monitors that somebody has muted by command, a row each.';
COMMENT ON COLUMN alert_mutes.monitor IS 'Name of the monitor.';
COMMENT ON COLUMN alert_mutes.muted_until IS 'First day on which people are told again.';
COMMENT ON COLUMN alert_mutes.reason IS 'Why, in the words of who muted it.';
COMMENT ON COLUMN alert_mutes.muted_at IS 'When that was.';

-- What channels have is not repeated to them. Until the last step a channel had no row of its own.
INSERT INTO deliveries
SELECT
    monitor, partition, cause, 'trigger', channel, 'sent', '', 1, NULL, NULL,
    coalesce(delivered_at, updated_at), created_at, updated_at
FROM (SELECT *, unnest(delivered_to) AS channel FROM alerts);
INSERT INTO deliveries
SELECT
    monitor, partition, cause, 'trigger', 'log', 'sent', detail, attempts, NULL, NULL,
    delivered_at, created_at, updated_at
FROM alerts
WHERE delivered_at IS NOT NULL AND coalesce(len(delivered_to), 0) = 0;

ALTER TABLE alerts ADD COLUMN severity VARCHAR;
ALTER TABLE alerts ADD COLUMN ends VARCHAR;
ALTER TABLE alerts ADD COLUMN episode DATE;
ALTER TABLE alerts ADD COLUMN sizes VARCHAR;
ALTER TABLE alerts ADD COLUMN status VARCHAR;
ALTER TABLE alerts ADD COLUMN why VARCHAR;
ALTER TABLE alerts ADD COLUMN told VARCHAR;
ALTER TABLE alerts ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE alerts ADD COLUMN acknowledged_at TIMESTAMPTZ;
ALTER TABLE alerts ADD COLUMN acknowledged_by VARCHAR;
ALTER TABLE alerts DROP COLUMN detail;
ALTER TABLE alerts DROP COLUMN attempts;
ALTER TABLE alerts DROP COLUMN delivered_to;
ALTER TABLE alerts DROP COLUMN delivered_at;
COMMENT ON TABLE alerts IS 'The outbox: one row per monitor, day and cause. A repeated run of a day updates or resolves it and never sends twice.';
COMMENT ON COLUMN alerts.state IS 'open, acknowledged (somebody looks after it) or resolved (a later run or day found the cause gone).';
COMMENT ON COLUMN alerts.severity IS 'info, warning, error or critical.';
COMMENT ON COLUMN alerts.ends IS 'What ends it: good_day (a day without the cause, itself or a later one), own_day (a report of its own day) or said (who raised it says so).';
COMMENT ON COLUMN alerts.episode IS 'Names the episode: days of one cause that follow each other without a good one in between are the same trouble.';
COMMENT ON COLUMN alerts.sizes IS 'The columns concerned, each with how many times its threshold it has reached, as JSON.';
COMMENT ON COLUMN alerts.status IS 'Whether people are told: new, worse, still, or suppressed; NULL until that is decided.';
COMMENT ON COLUMN alerts.why IS 'Why people are told or not.';
COMMENT ON COLUMN alerts.told IS 'Severity and sizes as they were told, as JSON; NULL if nobody was told.';
COMMENT ON COLUMN alerts.decided_at IS 'When that was decided; NULL if a run has changed it since.';
COMMENT ON COLUMN alerts.acknowledged_at IS 'When somebody took it on; NULL if nobody has.';
COMMENT ON COLUMN alerts.acknowledged_by IS 'Who.';

-- Those that nobody has received are decided on anew. The others are not part of an episode: a
-- good day must not tell the end of every one that there ever was.
UPDATE alerts SET
    severity = CASE cause WHEN 'breach' THEN 'error' ELSE 'warning' END,
    ends = CASE WHEN state IN ('delivered', 'resolved') THEN 'own_day' ELSE 'good_day' END,
    episode = partition,
    sizes = '{}',
    status = CASE WHEN state IN ('delivered', 'resolved') THEN 'new' END,
    why = '',
    -- Of which columns, is not known.
    told = CASE
        WHEN state = 'delivered' AND cause = 'breach' THEN '{"severity": "error", "sizes": null}'
        WHEN state = 'delivered' THEN '{"severity": "warning", "sizes": null}'
    END,
    decided_at = CASE WHEN state IN ('delivered', 'resolved') THEN updated_at END;
UPDATE alerts SET state = CASE state WHEN 'resolved' THEN 'resolved' ELSE 'open' END;
