-- Webhooks: the subscription, where its lane stands in the log, and what is remembered of each delivery.

CREATE TABLE webhooks (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE webhook_lanes (
    organization_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    log_cursor BIGINT NOT NULL,
    PRIMARY KEY (organization_id, webhook_id),
    FOREIGN KEY (organization_id, webhook_id) REFERENCES webhooks (organization_id, id) ON DELETE CASCADE
);

-- A webhook is told what happens after it was made: its lane begins at the end of the log, in the same transaction.
CREATE TRIGGER webhooks_begin_their_lane AFTER INSERT ON webhooks
BEGIN
    INSERT INTO webhook_lanes (organization_id, webhook_id, log_cursor)
    SELECT NEW.organization_id, NEW.id, COALESCE(MAX(sequence), 0) FROM events;
END;

CREATE TABLE webhook_deliveries (
    organization_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_sequence BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    first_attempt_at BIGINT NOT NULL,
    last_attempt_at BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    http_status INTEGER NOT NULL,
    latency_ms BIGINT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (organization_id, webhook_id, event_sequence),
    FOREIGN KEY (organization_id, webhook_id) REFERENCES webhooks (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_unfinished ON webhook_deliveries (organization_id, webhook_id, event_sequence)
    WHERE state <> 'delivered';
CREATE INDEX webhook_deliveries_done_by_age ON webhook_deliveries (last_attempt_at) WHERE state = 'delivered';
