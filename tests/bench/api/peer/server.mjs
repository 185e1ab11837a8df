// The peer of the API benchmark: Fastify and better-sqlite3 with the same contract as the two routes that are measured. It opens a
// copy of Dialplane's own database, so schema, indexes and first rows are the same, and sets the same pragmas.
//
//   node server.mjs DATABASE      prints its port
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import Fastify from 'fastify';

const USERS = '/api/v2/users';
const SITES = '/api/v2/telephony/providers/edges/sites';

const db = new Database(process.argv[2]);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('foreign_keys = ON');
db.pragma('wal_autocheckpoint = 4000');
db.pragma('cache_size = -32000');

const sha256 = (...parts) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
};
// RFC 9562 version 7, as Dialplane's own: rows that are made one after the other stand side by side in every index.
const timedUuid = () => {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
const byId = (table) => new Map(db.prepare(`SELECT * FROM ${table}`).all().map((row) => [row.id, { ...row, doc: JSON.parse(row.doc) }]));
const users = byId('users');
const locations = byId('locations');
const sites = byId('sites');
const domain = db.prepare('SELECT sip_domain FROM organizations').pluck().get();
const numbersOf = new Map();
for (const number of byId('numbers').values()) numbersOf.set(number.doc.routing.id, [...(numbersOf.get(number.doc.routing.id) ?? []), number]);
const grants = new Map(
    db.prepare('SELECT * FROM access_grants').all().map((row) => [row.token_sha256, { ...row, doc: JSON.parse(row.doc) }]),
);

// --- the JSON shapes ---

const reference = (id, name, collection) => ({ id, name, selfUri: `${collection}/${id}` });
const envelope = (row, collection) => ({
    id: row.id,
    name: row.doc.name,
    division: reference(row.organization_id, 'Home', '/api/v2/authorization/divisions'),
    version: row.version,
    dateCreated: new Date(row.created_at).toISOString(),
    dateModified: new Date(row.modified_at).toISOString(),
    createdBy: row.created_by,
    modifiedBy: row.modified_by,
    state: 'active',
    selfUri: `${collection}/${row.id}`,
});
const userJson = (row) => ({
    ...envelope(row, USERS),
    email: row.doc.email,
    username: row.doc.email,
    title: row.doc.title,
    department: row.doc.department,
    chat: { jabberId: `${row.id}@${domain}` },
    addresses: (numbersOf.get(row.id) ?? []).map((n) => ({ address: n.doc.e164, mediaType: 'PHONE', type: 'WORK' })),
    site: reference(row.site_id, sites.get(row.site_id).doc.name, SITES),
    permissions: row.doc.permissions,
});
const siteJson = (row) => ({
    ...envelope(row, SITES),
    location: reference(row.location_id, locations.get(row.location_id)?.doc.name, '/api/v2/locations'),
    mediaModel: 'Cloud',
    mediaRegions: row.doc.mediaRegions,
    mediaRegionsUseLatencyBased: row.doc.relay === 'lowest_latency',
    cloudProxyForceTurn: row.doc.forceTurn,
    callerId: row.doc.callerId,
    callerName: row.doc.callerName,
});

// --- one durable write: resource, event, audit entry with its chain digest, one transaction ---

const insertSite = db.prepare(
    'INSERT INTO sites (organization_id, id, version, created_at, modified_at, created_by, modified_by, location_id, doc) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
);
const insertEvent = db.prepare(
    'INSERT INTO events (sequence, organization_id, type, resource_type, resource_id, time, payload) VALUES (?, ?, ?, ?, ?, ?, ?)',
);
const insertAudit = db.prepare(
    'INSERT INTO audit_entries (sequence, organization_id, time, actor_kind, actor_id, request_id, action, entity_type, entity_id, ' +
        'before_doc, after_doc, salt, payload_sha256, chain_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
);
let eventHead = db.prepare('SELECT COALESCE(MAX(sequence), 0) FROM events').pluck().get();
let { sequence: auditHead, chain_sha256: chain } = db
    .prepare('SELECT sequence, chain_sha256 FROM audit_entries ORDER BY sequence DESC LIMIT 1')
    .get() ?? { sequence: 0, chain_sha256: Buffer.alloc(32) };

const storeSite = db.transaction((row, requestId) => {
    const doc = JSON.stringify(row.doc);
    insertSite.run(row.organization_id, row.id, 1, row.created_at, row.modified_at, row.created_by, row.modified_by, row.location_id, doc);
    insertEvent.run(++eventHead, row.organization_id, 'configuration.changed', 'site', row.id, row.created_at, '{"action":"create"}');
    const salt = randomBytes(16);
    const payload = sha256(salt, String(row.created_at), row.organization_id, row.created_by, requestId, 'create', 'site', row.id, doc);
    const sequence = ++auditHead;
    chain = sha256(chain, String(sequence), payload);
    insertAudit.run(sequence, row.organization_id, row.created_at, 'oauth_client', row.created_by, requestId, 'create', 'site', row.id, '', doc,
        salt, payload, chain);
});

// --- the server ---

const refuse = (reply, status, code, message) => reply.code(status).send({ message, code, status });
const app = Fastify({ logger: false });

app.addHook('onRequest', async (request, reply) => {
    const token = request.headers.authorization?.match(/^Bearer (.+)$/i)?.[1];
    const grant = token && grants.get(sha256(token).toString('hex'));
    if (!grant || grant.expires_at <= Date.now()) return refuse(reply, 401, 'bad.credentials', 'Invalid login credentials.');
    request.grant = grant;
    request.correlation = request.headers['inin-correlation-id'] ?? randomUUID();
    reply.header('ININ-Correlation-Id', request.correlation).header('Cache-Control', 'no-store');
});

const needs = (...scopes) => async (request, reply) => {
    if (!scopes.some((scope) => request.grant.doc.scopes.includes(scope))) return refuse(reply, 403, 'missing.permissions', 'Missing scope.');
};
const answerUser = (row, reply) =>
    row ? reply.header('ETag', `"${row.version}"`).send(userJson(row)) : refuse(reply, 404, 'not.found', 'There is no such user.');

app.get(`${USERS}/:id`, { onRequest: needs('user:read', 'users:readonly') }, (request, reply) => answerUser(users.get(request.params.id), reply));

const selectUser = db.prepare('SELECT * FROM users WHERE organization_id = ? AND id = ?');
app.get('/sqlite/users/:id', { onRequest: needs('user:read', 'users:readonly') }, (request, reply) => {
    const row = selectUser.get(request.grant.organization_id, request.params.id);
    return answerUser(row && { ...row, doc: JSON.parse(row.doc) }, reply);
});

const siteBody = {
    type: 'object',
    required: ['name'],
    properties: {
        name: { type: 'string', minLength: 1, maxLength: 256 },
        location: { type: 'object', required: ['id'], properties: { id: { type: 'string', maxLength: 64 } } },
        mediaRegions: { type: 'array', maxItems: 64, items: { type: 'string', maxLength: 64 } },
        callerId: { type: 'string', maxLength: 32 },
        callerName: { type: 'string', maxLength: 128 },
    },
};
app.post(SITES, { onRequest: needs('telephony'), schema: { body: siteBody } }, (request, reply) => {
    const { name, location, mediaRegions = [], callerId = '', callerName = '' } = request.body;
    if (location && !locations.has(location.id)) return refuse(reply, 400, 'invalid.value', 'There is no such location.');
    const now = Date.now();
    const row = {
        organization_id: request.grant.organization_id,
        id: timedUuid(),
        version: 1,
        created_at: now,
        modified_at: now,
        created_by: request.grant.doc.client,
        modified_by: request.grant.doc.client,
        location_id: location?.id ?? null,
        doc: {
            name, location: location?.id ?? '', mediaRegions, relay: 'any_site_region', forceTurn: false, callerId, callerName,
            numberPlans: [], outboundRoutes: [], agentRingTimeout: 30,
        },
    };
    storeSite(row, request.correlation);
    sites.set(row.id, row);
    return reply.code(201).header('ETag', '"1"').send(siteJson(row));
});

process.on('SIGTERM', () => app.close().then(() => db.close()).then(() => process.exit(0)));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(app.server.address().port);
