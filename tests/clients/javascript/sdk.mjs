// The official JavaScript SDK, unmodified, against a running Dialplane: every operation's effect is read back over plain HTTP, in the
// seeds' shapes where they have one.
//
//   node sdk.mjs FIRST_RUN_JSON        prints the operations it used and a last line `N operations`; throws at the first wrong answer
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createRequire} from 'node:module';

const sdk = createRequire(import.meta.url)('purecloud-platform-client-v2');
const run = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const base = new URL(run.baseUrl);
const client = sdk.ApiClient.instance;
client.setGateway({host: base.hostname, protocol: base.protocol.replace(':', ''), port: Number(base.port)});

const used = new Set();

/** An API of the SDK that notes which of its operations succeeded. */
function api(name) {
  return new Proxy(new sdk[name](), {
    get(target, operation) {
      const call = target[operation];
      if (typeof call !== 'function') return call;
      return async (...args) => {
        const answer = await call.apply(target, args);
        used.add(`${name}.${operation}`);
        return answer;
      };
    },
  });
}

async function refusal(promise, status) {
  const error = await promise.then(() => assert.fail(`expected ${status}`), (failure) => failure);
  assert.equal(error.status, status, JSON.stringify(error.body ?? error));
  return error.body ?? error;
}

/** The same over plain HTTP: what another client sees. */
async function seen(path, status = 200) {
  const answer = await fetch(run.baseUrl + path, {headers: {Authorization: `Bearer ${client.authData.accessToken}`}});
  assert.equal(answer.status, status, `${path}: ${answer.status}`);
  return status === 200 ? answer.json() : undefined;
}

async function until(what, check) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited for ${what}`);
}

const EDGES = '/api/v2/telephony/providers/edges';
const name = (noun) => `SDK ${noun}`;
const agent = run.agents[0];

await client.loginClientCredentialsGrant(run.oauth.clientId, run.oauth.clientSecret);

const users = api('UsersApi');
const edge = api('TelephonyProvidersEdgeApi');
const stations = api('StationsApi');

async function organization() {
  const me = await api('OrganizationApi').getOrganizationsMe();
  assert.equal((await seen('/api/v2/organizations/me')).id, me.id);
  const locations = api('LocationsApi');
  const listed = await locations.getLocations();
  const one = await locations.getLocation(listed.entities[0].id);
  assert.equal((await seen(`/api/v2/locations/${one.id}`)).name, one.name);
  const home = await api('AuthorizationApi').getAuthorizationDivisionsHome();
  const divisions = await api('AuthorizationApi').getAuthorizationDivisions();
  assert.ok(divisions.entities.some((division) => division.id === home.id));
}

async function people() {
  const made = await users.postUsers({name: name('Person'), email: 'sdk.person@dialplane.test'});
  assert.equal((await seen(`/api/v2/users/${made.id}`)).email, 'sdk.person@dialplane.test');
  assert.equal((await users.getUser(made.id)).name, name('Person'));
  const listed = await users.getUsers({pageSize: 100});
  assert.ok(listed.entities.some((user) => user.id === made.id));
  return made;
}

async function roles(person) {
  const authorization = api('AuthorizationApi');
  const permissions = await authorization.getAuthorizationPermissions({pageSize: 200});
  assert.ok(permissions.entities.length > 0);
  const role = await authorization.postAuthorizationRoles({name: name('Role'), permissions: ['telephony:plugin:all'], permissionPolicies: []});
  assert.equal((await authorization.getAuthorizationRole(role.id)).name, name('Role'));
  const renamed = await authorization.putAuthorizationRole(role.id, {...role, name: name('Role 2')});
  assert.equal((await seen(`/api/v2/authorization/roles/${role.id}`)).name, renamed.name);
  assert.ok((await authorization.getAuthorizationRoles({pageSize: 100})).entities.some((one) => one.id === role.id));
  const grants = async () => (await seen(`/api/v2/authorization/subjects/${person.id}`)).grants.map((grant) => grant.role.id);
  await authorization.putAuthorizationRoleUsersAdd(role.id, [person.id]);
  assert.ok((await grants()).includes(role.id));
  assert.ok((await authorization.getAuthorizationRoleUsers(role.id)).entities.some((user) => user.id === person.id));
  await authorization.putAuthorizationRoleUsersRemove(role.id, [person.id]);
  assert.ok(!(await grants()).includes(role.id));
  await authorization.putUserRoles(person.id, [role.id]);
  const held = await authorization.getUserRoles(person.id);
  assert.ok(held.roles.some((one) => one.id === role.id));
  const subject = await authorization.getAuthorizationSubject(person.id);
  assert.ok(subject.grants.some((grant) => grant.role.id === role.id));
  const division = subject.grants[0].division.id;
  await authorization.deleteAuthorizationSubjectDivisionRole(person.id, division, role.id);
  assert.ok(!(await grants()).includes(role.id));
  await authorization.postAuthorizationSubjectDivisionRole(person.id, division, role.id);
  assert.ok((await grants()).includes(role.id));
  await authorization.postAuthorizationSubjectBulkremove(person.id, {grants: [{roleId: role.id, divisionId: division}]});
  await authorization.postAuthorizationSubjectBulkadd(person.id, {grants: [{roleId: role.id, divisionId: division}]});
  assert.ok((await grants()).includes(role.id));
  await authorization.postAuthorizationSubjectBulkreplace(person.id, {grants: []});
  assert.deepEqual(await grants(), []);
  await authorization.deleteAuthorizationRole(role.id);
  await refusal(authorization.getAuthorizationRole(role.id), 404);
}

async function oauth() {
  const clients = api('OAuthApi');
  const made = await clients.postOauthClients({name: name('Client'), authorizedGrantType: 'CLIENT-CREDENTIALS', scope: ['users:readonly'],
    accessTokenValiditySeconds: 3600});
  assert.ok(made.secret);
  const read = await clients.getOauthClient(made.id);
  assert.equal(read.name, name('Client'));
  assert.ok((await clients.getOauthClients()).entities.some((one) => one.id === made.id));
  await clients.putOauthClient(made.id, {...read, name: name('Client 2'), authorizedGrantType: 'CLIENT-CREDENTIALS'});
  assert.equal((await seen(`/api/v2/oauth/clients/${made.id}`)).name, name('Client 2'));
  const rotated = await clients.postOauthClientSecret(made.id);
  assert.notEqual(rotated.secret, made.secret);
  const scopes = await clients.getOauthScopes();
  assert.equal((await clients.getOauthScope(scopes.entities[0].id)).id, scopes.entities[0].id);
  await clients.deleteOauthClient(made.id);
  await seen(`/api/v2/oauth/clients/${made.id}`, 404);
  assert.ok(await api('TokensApi').getTokensMe());
}

async function sites() {
  const location = (await api('LocationsApi').getLocations()).entities[0];
  const made = await edge.postTelephonyProvidersEdgesSites({name: name('Site'), location: {id: location.id}, mediaModel: 'Cloud'});
  assert.equal((await seen(`${EDGES}/sites/${made.id}`)).name, name('Site'));
  assert.equal((await edge.getTelephonyProvidersEdgesSite(made.id)).location.id, location.id);
  const changed = await edge.putTelephonyProvidersEdgesSite(made.id, {...made, name: name('Site 2')});
  assert.equal(changed.version, made.version + 1);
  assert.ok((await edge.getTelephonyProvidersEdgesSites({pageSize: 100})).entities.some((site) => site.id === made.id));
  return changed;
}

async function phones(site, person) {
  const settings = await edge.postTelephonyProvidersEdgesPhonebasesettings({name: name('Base'), phoneMetaBase: {id: 'inin_webrtc_softphone.json'}});
  assert.equal((await edge.getTelephonyProvidersEdgesPhonebasesetting(settings.id)).name, name('Base'));
  await edge.putTelephonyProvidersEdgesPhonebasesetting(settings.id, {...settings, name: name('Base 2')});
  assert.ok((await edge.getTelephonyProvidersEdgesPhonebasesettings({pageSize: 100})).entities.some((one) => one.name === name('Base 2')));
  const phone = await edge.postTelephonyProvidersEdgesPhones({name: name('Phone'), site: {id: site.id}, phoneBaseSettings: {id: settings.id},
    webRtcUser: {id: person.id}, lines: []});
  assert.equal((await seen(`${EDGES}/phones/${phone.id}`)).webRtcUser.id, person.id);
  const read = await edge.getTelephonyProvidersEdgesPhone(phone.id);
  await edge.putTelephonyProvidersEdgesPhone(phone.id, {...read, name: name('Phone 2')});
  assert.ok((await edge.getTelephonyProvidersEdgesPhones({pageSize: 100})).entities.some((one) => one.name === name('Phone 2')));
  const inUse = await refusal(edge.deleteTelephonyProvidersEdgesPhonebasesetting(settings.id), 409);
  assert.match(inUse.message, /in use/);
  const listed = await stations.getStations({pageSize: 100});
  assert.ok(listed.entities.some((station) => station.id === (phone.station?.id ?? phone.id)));
  assert.ok(await stations.getStation(agent.stationId));
  await edge.deleteTelephonyProvidersEdgesPhone(phone.id);
  await edge.deleteTelephonyProvidersEdgesPhonebasesetting(settings.id);
  await seen(`${EDGES}/phones/${phone.id}`, 404);
}

async function trunks() {
  const group = await edge.postTelephonyProvidersEdgesEdgegroups({name: name('Group')});
  assert.equal((await edge.getTelephonyProvidersEdgesEdgegroup(group.id)).name, name('Group'));
  await edge.putTelephonyProvidersEdgesEdgegroup(group.id, {...group, name: name('Group 2')});
  assert.ok((await edge.getTelephonyProvidersEdgesEdgegroups({pageSize: 100})).entities.some((one) => one.name === name('Group 2')));
  const made = await edge.postTelephonyProvidersEdges({name: name('Trunk'), edgeGroupId: group.id, sipProfileId: run.sipProfileId,
    maxConcurrentSessions: 5, codecs: ['G711u'], registration: {type: 'REGISTER', host: run.carrier.host, port: run.carrier.port,
      username: run.carrier.username, password: run.carrier.password}, healthProbe: {enabled: true, intervalSeconds: 30}});
  await until('the trunk made through the SDK is registered', async () => (await seen(`${EDGES}/${made.id}`)).registrationState === 'registered');
  const read = await edge.getTelephonyProvidersEdge(made.id);
  assert.equal(read.maxConcurrentSessions, 5);
  await edge.putTelephonyProvidersEdge(made.id, {...read, maxConcurrentSessions: 6});
  assert.equal((await seen(`${EDGES}/${made.id}`)).maxConcurrentSessions, 6);
  assert.ok((await edge.getTelephonyProvidersEdges({pageSize: 100})).entities.some((one) => one.id === made.id));
  await refusal(edge.deleteTelephonyProvidersEdgesEdgegroup(group.id), 409);
  await edge.deleteTelephonyProvidersEdge(made.id);
  await edge.deleteTelephonyProvidersEdgesEdgegroup(group.id);
  await seen(`${EDGES}/${made.id}`, 404);
}

async function notifications() {
  const channels = api('NotificationsApi');
  const channel = await channels.postNotificationsChannels();
  const topic = (id) => ({id: `v2.users.${id}.conversations.calls`});
  await channels.putNotificationsChannelSubscriptions(channel.id, [topic(agent.userId)]);
  await channels.postNotificationsChannelSubscriptions(channel.id, [topic(run.agents[1].userId)]);
  assert.equal((await channels.getNotificationsChannelSubscriptions(channel.id)).entities.length, 2);
  assert.ok((await channels.getNotificationsChannels()).entities.some((one) => one.id === channel.id));
  const heard = [];
  // Node 18 has no WebSocket of its own: there the channel is only managed, not listened to.
  const socket = globalThis.WebSocket && new WebSocket(channel.connectUri);
  socket?.addEventListener('message', (message) => heard.push(JSON.parse(message.data).topicName));
  return {channel, channels, heard, socket};
}

async function calls(listening) {
  const conversations = api('ConversationsApi');
  await until('the trunk is registered', async () => (await seen(`${EDGES}/sip-trunk-acme-us-east`)).registrationState === 'registered');
  const placed = await conversations.postConversationsCallsUserUserId(agent.userId, {phoneNumber: '+14155550110'});
  const status = (id, wanted) => until(`${id} is ${wanted}`, async () => {
    const conversation = await seen(`/api/v2/conversations/${id}`);
    return conversation.status === wanted && conversation;
  });
  const connected = await status(placed.id, 'connected');
  assert.equal((await conversations.getConversation(placed.id)).id, placed.id);
  const call = await conversations.getConversationsCall(placed.id);
  assert.ok((await conversations.getConversations()).entities.some((one) => one.id === placed.id));
  assert.ok((await conversations.getConversationsCalls()).entities.some((one) => one.id === placed.id));
  const self = call.participants.find((one) => one.purpose === 'agent') ?? connected.participants[0];
  const leg = (conversation) => conversation.participants.find((one) => one.id === self.id).calls[0];
  await conversations.patchConversationsCallParticipant(placed.id, self.id, {muted: true});
  await until('muted', async () => leg(await seen(`/api/v2/conversations/${placed.id}`)).muted);
  await conversations.patchConversationsCallParticipant(placed.id, self.id, {muted: false});
  await conversations.patchConversationsCallParticipantCommunication(placed.id, self.id, self.calls[0].id, {held: true});
  await until('held', async () => leg(await seen(`/api/v2/conversations/${placed.id}`)).held);
  await conversations.patchConversationsCallParticipantCommunication(placed.id, self.id, self.calls[0].id, {held: false});
  await until('resumed', async () => !leg(await seen(`/api/v2/conversations/${placed.id}`)).held);
  const other = call.participants.find((one) => one.id !== self.id);
  await conversations.postConversationParticipantDigits(placed.id, other.id, {body: {digits: '12#'}});
  await conversations.patchConversationsCall(placed.id, {state: 'disconnected'});
  await status(placed.id, 'disconnected');
  const second = await conversations.postConversationsCalls({from: {id: agent.userId, phoneNumber: agent.callerId},
    to: {phoneNumber: '+14155550110'}, type: 'pstn'});
  await status(second.id, 'connected');
  await conversations.postConversationDisconnect(second.id);
  await status(second.id, 'disconnected');
  const history = await conversations.getConversationsCallsHistory({pageSize: 50});
  assert.ok(history.entities.some((one) => one.id === placed.id));
  if (listening.socket)
    await until('the channel told of the call', () => listening.heard.includes(`v2.users.${agent.userId}.conversations.calls`));
}

await organization();
const person = await people();
await roles(person);
await oauth();
const site = await sites();
await phones(site, person);
await trunks();
const listening = await notifications();
await calls(listening);
await listening.channels.deleteNotificationsChannelSubscriptions(listening.channel.id);
assert.deepEqual((await seen(`/api/v2/notifications/channels/${listening.channel.id}/subscriptions`)).entities, []);
await edge.deleteTelephonyProvidersEdgesSite(site.id);
await seen(`${EDGES}/sites/${site.id}`, 404);
const gone = await refusal(edge.getTelephonyProvidersEdgesSite(site.id), 404);
assert.equal(gone.code, 'not.found');

console.log([...used].sort().join('\n'));
console.log(`${used.size} operations`);
process.exit(0);
