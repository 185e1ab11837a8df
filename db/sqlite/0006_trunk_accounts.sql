-- Two trunks that do not register may stand at one host on different ports (seed 1 forbids the same host and user name):
-- the port joins the key, 0 where the trunk registers. SQLite cannot change a constraint, so the table is made anew;
-- nothing refers to it.
CREATE TABLE trunks_anew (
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
    registration_port TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, edge_group_id, registration_host, registration_username, registration_port),
    FOREIGN KEY (organization_id, edge_group_id) REFERENCES edge_groups (organization_id, id),
    FOREIGN KEY (organization_id, sip_profile_id) REFERENCES sip_profiles (organization_id, id)
);

INSERT INTO trunks_anew (organization_id, id, version, created_at, modified_at, created_by, modified_by, edge_group_id,
    sip_profile_id, registration_host, registration_username, registration_port, doc)
SELECT organization_id, id, version, created_at, modified_at, created_by, modified_by, edge_group_id, sip_profile_id,
    registration_host, registration_username,
    CASE json_extract(doc, '$.registration.type')
        WHEN 'NONE' THEN CAST(json_extract(doc, '$.registration.port') AS TEXT)
        ELSE '0'
    END,
    doc
FROM trunks;

DROP TABLE trunks;

ALTER TABLE trunks_anew RENAME TO trunks;
