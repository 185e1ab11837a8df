-- Media regions: named, ordered sets of STUN and TURN servers. Sites named regions before there were any to name: each such name becomes
-- a region without servers, the first of a site its home.

CREATE TABLE media_regions (
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

INSERT OR IGNORE INTO media_regions
SELECT s.organization_id, r.value, 1, s.created_at, s.created_at, '', '',
       json_object('name', r.value, 'tier', CASE WHEN r.key = 0 THEN 'Home' ELSE 'Core' END, 'servers', json_array())
FROM sites s, json_each(s.doc, '$.mediaRegions') r
WHERE r.value <> ''
ORDER BY s.organization_id, s.id, r.key;
