-- Roles: named sets of permissions. Which subject holds which role stands in the subject's own document.
CREATE TABLE roles (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    name TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name)
);

-- Whoever was here before permissions were checked keeps what they could do: clients, keys and console logins everything, users an
-- agent's work.
INSERT INTO roles (organization_id, id, version, created_at, modified_at, created_by, modified_by, name, doc)
SELECT id, 'role-administrator', 1, created_at, created_at, 'system', 'system', 'Administrator',
    '{"name":"Administrator","description":"May do everything.","policies":[{"domain":"*","entity":"*","actions":["*"]}],"builtIn":true}'
FROM organizations;
INSERT INTO roles (organization_id, id, version, created_at, modified_at, created_by, modified_by, name, doc)
SELECT id, 'role-telephony-manager', 1, created_at, created_at, 'system', 'system', 'Telephony Manager',
    '{"name":"Telephony Manager","description":"Telephony > Plugin > All, and what seed 0 asks for.","policies":[{"domain":"telephony","entity":"plugin","actions":["all"]},{"domain":"telephony","entity":"phoneNumber","actions":["view","edit"]},{"domain":"telephony","entity":"userTelephonySettings","actions":["view","edit"]},{"domain":"telephony","entity":"webRtcProvider","actions":["view"]},{"domain":"routing","entity":"queue","actions":["view"]},{"domain":"architect","entity":"flow","actions":["view"]},{"domain":"directory","entity":"user","actions":["view"]}],"builtIn":true}'
FROM organizations;
INSERT INTO roles (organization_id, id, version, created_at, modified_at, created_by, modified_by, name, doc)
SELECT id, 'role-agent', 1, created_at, created_at, 'system', 'system', 'Agent',
    '{"name":"Agent","description":"Places and takes calls with a phone of their own.","policies":[{"domain":"conversation","entity":"call","actions":["add","view","edit"]},{"domain":"conversation","entity":"communication","actions":["view"]},{"domain":"directory","entity":"user","actions":["view"]},{"domain":"notifications","entity":"channel","actions":["add"]},{"domain":"telephony","entity":"phone","actions":["view"]},{"domain":"telephony","entity":"station","actions":["view"]},{"domain":"telephony","entity":"webRtcProvider","actions":["view"]}],"builtIn":true}'
FROM organizations;
UPDATE oauth_clients SET doc = json_set(doc, '$.roles', json('["role-administrator"]'));
UPDATE api_keys SET doc = json_set(doc, '$.roles', json('["role-administrator"]'));
UPDATE console_credentials SET doc = json_set(doc, '$.roles', json('["role-administrator"]'));
UPDATE users SET doc = json_set(doc, '$.roles', json('["role-agent"]'));
