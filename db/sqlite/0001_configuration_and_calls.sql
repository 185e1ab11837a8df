-- Configuration entities: key columns for what the database itself must guarantee, the rest as a JSON document.
-- Times are milliseconds since 1970; every reference carries its organization, so that none leads into another one.

CREATE TABLE organizations (
    organization_id TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    sip_domain TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (id),
    UNIQUE (sip_domain),
    CHECK (organization_id = id)
);

CREATE TABLE oauth_clients (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (id)
);

CREATE TABLE api_keys (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    key_sha256 TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (key_sha256)
);

CREATE TABLE locations (
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

CREATE TABLE network_configurations (
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

CREATE TABLE sites (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    location_id TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, location_id) REFERENCES locations (organization_id, id)
);

CREATE TABLE users (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    email TEXT,
    site_id TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, email),
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id)
);

CREATE TABLE console_credentials (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    login TEXT NOT NULL,
    user_id TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (login),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);

CREATE TABLE phone_base_settings (
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

CREATE TABLE phones (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    site_id TEXT,
    base_settings_id TEXT,
    user_id TEXT,
    station_id TEXT,
    sip_username TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, station_id),
    UNIQUE (organization_id, sip_username),
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id),
    FOREIGN KEY (organization_id, base_settings_id) REFERENCES phone_base_settings (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);

CREATE TABLE user_settings (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    web_rtc_network_id TEXT,
    sofia_network_id TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, id) REFERENCES users (organization_id, id),
    FOREIGN KEY (organization_id, web_rtc_network_id) REFERENCES network_configurations (organization_id, id),
    FOREIGN KEY (organization_id, sofia_network_id) REFERENCES network_configurations (organization_id, id)
);

CREATE TABLE edge_groups (
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

CREATE TABLE sip_profiles (
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

CREATE TABLE trunks (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    edge_group_id TEXT,
    sip_profile_id TEXT,
    registration_host TEXT,
    registration_username TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, edge_group_id, registration_host, registration_username),
    FOREIGN KEY (organization_id, edge_group_id) REFERENCES edge_groups (organization_id, id),
    FOREIGN KEY (organization_id, sip_profile_id) REFERENCES sip_profiles (organization_id, id)
);

CREATE TABLE queues (
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

CREATE TABLE call_flows (
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

-- live_e164 is the number while it occupies its value, NULL once it was rejected, failed or released: then it may be ordered again.
CREATE TABLE numbers (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    live_e164 TEXT,
    location_id TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, live_e164),
    FOREIGN KEY (organization_id, location_id) REFERENCES locations (organization_id, id)
);

-- What happens.

CREATE TABLE conversations (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    agent_id TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX conversations_by_start ON conversations (organization_id, started_at, id);
CREATE INDEX conversations_open ON conversations (id) WHERE ended_at IS NULL;

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    organization_id TEXT NOT NULL,
    type TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    time BIGINT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX events_by_resource ON events (resource_id, sequence);

-- chain_sha256 = SHA-256(previous chain_sha256, sequence, payload_sha256); payload_sha256 = SHA-256(salt, payload). Erasing a person's
-- entries empties payload columns and salt; the chain still verifies.
CREATE TABLE audit_entries (
    sequence INTEGER PRIMARY KEY,
    organization_id TEXT NOT NULL,
    time BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    before_doc TEXT NOT NULL,
    after_doc TEXT NOT NULL,
    salt BLOB,
    payload_sha256 BLOB NOT NULL,
    chain_sha256 BLOB NOT NULL
);
CREATE INDEX audit_entries_by_entity ON audit_entries (entity_id, sequence);

CREATE TABLE access_grants (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    expires_at BIGINT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX access_grants_by_expiry ON access_grants (expires_at);

CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    response TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
