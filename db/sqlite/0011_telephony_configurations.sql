-- Accounts at carriers. default_for is 'outbound' for the organization's default and NULL otherwise: at most one.

CREATE TABLE telephony_configurations (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    name TEXT NOT NULL,
    default_for TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name),
    UNIQUE (organization_id, default_for)
);
