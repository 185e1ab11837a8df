import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, api, setUnauthorizedListener } from './client';
import { statusFromLegs, tellParty, viewOf } from './conversations';
import { parseNotification, retryDelay } from './notifications';
import { sameOriginSocket, usableIceServers } from './phone-session';

describe('a request', () => {
  const answers: Response[] = [];
  const fetched = vi.fn((_path: string, _init: RequestInit) =>
    Promise.resolve(answers.shift() ?? new Response('{}')),
  );
  beforeEach(() => vi.stubGlobal('fetch', fetched));
  afterEach(() => {
    vi.unstubAllGlobals();
    fetched.mockClear();
    setUnauthorizedListener(() => {});
  });
  const headersOf = () => fetched.mock.calls[0]?.[1].headers as Record<string, string>;

  it('that changes something carries the console header and JSON', async () => {
    await api('/x', { method: 'POST', body: { a: 1 } });
    expect(headersOf()).toMatchObject({ 'X-Dialplane-Console': '1', 'Content-Type': 'application/json' });
  });

  it('that reads does not', async () => {
    await api('/x');
    expect(headersOf()).not.toHaveProperty('X-Dialplane-Console');
  });

  it('with an empty answer gives nothing', async () => {
    answers.push(new Response(null, { status: 204 }));
    expect(await api('/x', { method: 'DELETE' })).toBeUndefined();
  });

  it('that mutes names our participant', async () => {
    answers.push(new Response(null, { status: 202 }));
    const participants = [
      { id: 'p 1', purpose: 'agent', userId: 'u1' },
      { id: 'p2', purpose: 'customer' },
    ];
    const { participantId } = viewOf({ id: 'c1', participants });
    await tellParty('c1', participantId ?? '', { muted: true });
    expect(fetched.mock.calls[0]?.[0]).toBe('/api/v2/conversations/calls/c1/participants/p%201');
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'PATCH', body: '{"muted":true}' });
  });

  it('sees the flags of its own user, not of the one who handed over', () => {
    const leg = (state: string, muted: boolean) => [{ state, muted, held: false }];
    const participants = [
      { id: 'p1', purpose: 'agent', userId: 'u1', calls: leg('disconnected', true) },
      { id: 'p2', purpose: 'customer', calls: leg('connected', false) },
      { id: 'p3', purpose: 'agent', userId: 'u2', calls: leg('connected', true) },
    ];
    expect(viewOf({ id: 'c1', participants }, 'u2')).toMatchObject({ participantId: 'p3', muted: true });
    expect(viewOf({ id: 'c1', participants }, 'u1')).not.toHaveProperty('muted');
  });

  it('that fails throws what the server said, and tells of a 401', async () => {
    const ended = vi.fn();
    setUnauthorizedListener(ended);
    const body = { message: 'No session.', code: 'authentication.required', contextId: 'c-9' };
    answers.push(new Response(JSON.stringify(body), { status: 401 }));
    await expect(api('/x')).rejects.toEqual(
      new ApiError(401, 'authentication.required', 'No session.', 'c-9'),
    );
    expect(ended).toHaveBeenCalledOnce();
  });

  it('survives an error that is no JSON', async () => {
    answers.push(new Response('<html>', { status: 502 }));
    await expect(api('/x')).rejects.toMatchObject({ status: 502, message: '' });
  });
});

describe('a conversation', () => {
  it('of the seed shape is read as it stands', () => {
    expect(
      viewOf({
        id: 'c',
        status: 'failed',
        reason: 'busy',
        direction: 'outbound',
        from: { id: 'u', phoneNumber: '+15551234567', name: '' },
        to: { phoneNumber: '+15559876543' },
      }),
    ).toEqual({
      id: 'c',
      status: 'failed',
      reason: 'busy',
      direction: 'outbound',
      number: '+15559876543',
      callerId: '+15551234567',
    });
  });

  it('of the inbound direction shows the caller', () => {
    const view = viewOf({
      id: 'c',
      status: 'ringing',
      direction: 'inbound',
      from: { phoneNumber: '+1415', name: 'Carol' },
    });
    expect(view).toMatchObject({ number: '+1415', name: 'Carol' });
    expect(view.callerId).toBeUndefined();
  });

  it('of the Genesys shape gets its status from the legs', () => {
    const agent = (state: string) => ({
      purpose: 'agent',
      userId: 'u',
      calls: [{ state, direction: 'outbound' }],
    });
    const customer = (state: string, more = {}) => ({
      purpose: 'customer',
      address: 'tel:+1555',
      calls: [{ state, ...more }],
    });
    expect(statusFromLegs([])).toBe('queued');
    expect(statusFromLegs([agent('alerting')])).toBe('initiated');
    expect(statusFromLegs([agent('connected'), customer('dialing')])).toBe('ringing');
    expect(statusFromLegs([agent('connected'), customer('connected')])).toBe('connected');
    expect(statusFromLegs([agent('disconnected'), customer('terminated')])).toBe('disconnected');
    expect(
      statusFromLegs([agent('terminated'), customer('terminated', { errorInfo: { code: 'busy' } })]),
    ).toBe('failed');
    expect(viewOf({ id: 'c', participants: [agent('connected'), customer('dialing')] })).toMatchObject({
      direction: 'outbound',
      number: '+1555',
    });
  });
});

describe('notifications', () => {
  it('heartbeats and rubbish are not events', () => {
    expect(
      parseNotification('{"topicName":"channel.metadata","eventBody":{"message":"pong"}}'),
    ).toBeUndefined();
    expect(parseNotification('{')).toBeUndefined();
    expect(parseNotification(new ArrayBuffer(1))).toBeUndefined();
    expect(parseNotification('{"topicName":"v2.x","eventBody":{"id":1}}')).toEqual({
      topicName: 'v2.x',
      eventBody: { id: 1 },
    });
  });
  it('retries later and later, but never later than 15 s', () => {
    expect(retryDelay(0, () => 0)).toBe(250);
    expect(retryDelay(0, () => 1)).toBe(500);
    expect(retryDelay(30, () => 1)).toBe(15_000);
  });
});

describe('the phone session', () => {
  it('reaches no other origin than the page', () => {
    expect(
      sameOriginSocket('ws://elsewhere.test:9/ws/sip?a=1', { protocol: 'https:', host: 'pbx.test' }),
    ).toBe('wss://pbx.test/ws/sip?a=1');
    expect(sameOriginSocket('/ws/sip', { protocol: 'http:', host: '127.0.0.1:8080' })).toBe(
      'ws://127.0.0.1:8080/ws/sip',
    );
  });
  it('leaves out TURN servers without credentials, which would break every call', () => {
    const stun = { urls: 'stun:stun.test' };
    const turn = { urls: ['turn:turn.test'], username: 'u', credential: 'p' };
    expect(usableIceServers([stun, { urls: 'turn:turn.test' }, turn, { urls: [] }])).toEqual([stun, turn]);
  });
});
