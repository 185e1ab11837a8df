import { describe, expect, it } from 'vitest';
import type { ConversationView } from '../api/conversations';
import { type Call, type CallEvent, type LegView, reduceCalls } from './call-state';

const run = (events: CallEvent[], start: Call[] = []): Call[] => events.reduce(reduceCalls, start);
const view = (
  status: ConversationView['status'],
  more: Partial<ConversationView> = {},
): ConversationView => ({
  id: 'c1',
  status,
  ...more,
});
const placed: CallEvent = {
  type: 'placed',
  call: view('queued'),
  number: '+15559876543',
  callerId: '+15551234567',
  at: 1000,
};
const told = (status: ConversationView['status'], at: number, more = {}): CallEvent => ({
  type: 'conversation',
  view: view(status, more),
  at,
});
const leg = (state: LegView['state'], at: number, more: Partial<LegView> = {}): CallEvent => ({
  type: 'leg',
  leg: { legId: 'l1', conversationId: 'c1', state, number: '15559876543', outbound: true, ...more },
  at,
});
const inboundLeg = (state: LegView['state'], at: number, more: Partial<LegView> = {}): CallEvent =>
  leg(state, at, { outbound: false, number: '+14155550123', ...more });

describe('a call placed from here', () => {
  it('goes from queued to disconnected with the time of each step', () => {
    const [call] = run([
      placed,
      told('initiated', 1100),
      leg('alerting', 1150),
      leg('answering', 1160),
      leg('up', 1300),
      told('ringing', 1500),
      told('connected', 3000),
      leg('ended', 9000),
      told('disconnected', 9100, { reason: 'agent_hangup' }),
    ]);
    expect(call?.status).toBe('disconnected');
    expect(call?.reason).toBe('agent_hangup');
    expect(call?.reachedAt).toEqual({
      queued: 1000,
      initiated: 1100,
      ringing: 1500,
      connected: 3000,
      disconnected: 9000,
    });
  });

  it('is not connected because our own leg is up', () => {
    const [call] = run([placed, leg('up', 1200)]);
    expect(call).toMatchObject({ status: 'queued', leg: 'up' });
  });

  it('is one call when the INVITE comes before the answer of the API', () => {
    const calls = run([leg('alerting', 900), placed, leg('up', 1200)]);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      number: '+15559876543',
      callerId: '+15551234567',
      leg: 'up',
      direction: 'outbound',
    });
  });

  it('never goes back: a late notification does not ring a dead call', () => {
    const [call] = run([
      placed,
      told('failed', 2000, { reason: 'busy' }),
      told('ringing', 2100),
      told('queued', 2200),
    ]);
    expect(call).toMatchObject({ status: 'failed', reason: 'busy' });
  });

  it('takes how it ended from the conversation, also when the leg ended first', () => {
    const [call] = run([
      placed,
      leg('up', 1200),
      leg('ended', 2000),
      told('failed', 2050, { reason: 'no_answer' }),
    ]);
    expect(call).toMatchObject({ status: 'failed', reason: 'no_answer', settled: true, leg: 'ended' });
  });

  it('ends its leg with the conversation', () => {
    const [call] = run([placed, leg('up', 1200), told('disconnected', 2000)]);
    expect(call?.leg).toBe('ended');
  });

  it('keeps the key, whatever is learned later', () => {
    const before = run([leg('alerting', 900, {})])[0]?.key;
    expect(run([leg('alerting', 900), placed])[0]?.key).toBe(before);
  });
});

describe('an incoming call', () => {
  it('rings, is connected by our answer, and ends', () => {
    expect(run([inboundLeg('alerting', 1)])[0]).toMatchObject({ status: 'ringing', direction: 'inbound' });
    expect(run([inboundLeg('alerting', 1), inboundLeg('up', 2)])[0]?.status).toBe('connected');
    expect(run([inboundLeg('alerting', 1), inboundLeg('ended', 2)])[0]?.status).toBe('disconnected');
  });

  it('without a conversation id lives by its leg alone', () => {
    const calls = run([
      { type: 'leg', leg: { legId: 'x', state: 'alerting', number: '+4930123456', outbound: false }, at: 1 },
      {
        type: 'leg',
        leg: { legId: 'x', state: 'ended', number: '', outbound: false, reason: 'noMediaPath' },
        at: 2,
      },
    ]);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ status: 'failed', reason: 'noMediaPath', number: '+4930123456' });
  });

  it('is put right when the conversation says that it is an outbound one', () => {
    const [call] = run([inboundLeg('alerting', 1), told('ringing', 2, { direction: 'outbound' })]);
    expect(call?.direction).toBe('outbound');
  });
});

describe('what changes during a call', () => {
  const up = run([placed, leg('up', 1200)]);

  it('mute, hold and media belong to the leg they name', () => {
    const muted = reduceCalls(up, { type: 'muted', legId: 'l1', value: true });
    expect(muted[0]?.muted).toBe(true);
    expect(reduceCalls(up, { type: 'held', legId: 'other', value: true })[0]?.held).toBe(false);
    expect(reduceCalls(up, { type: 'media', legId: 'l1', value: true })[0]?.media).toBe(true);
  });

  it('a lost socket shows as reconnecting until the leg is up again', () => {
    const lost = reduceCalls(up, { type: 'socket', connected: false });
    expect(lost[0]).toMatchObject({ reconnecting: true, status: 'queued' });
    expect(reduceCalls(lost, { type: 'socket', connected: true })[0]?.reconnecting).toBe(false);
  });

  it('the end clears mute and hold', () => {
    const held = reduceCalls(reduceCalls(up, { type: 'held', legId: 'l1', value: true }), {
      type: 'muted',
      legId: 'l1',
      value: true,
    });
    expect(reduceCalls(held, leg('ended', 2000))[0]).toMatchObject({ held: false, muted: false });
  });
});

describe('the list', () => {
  const end = (id: string, at: number): CallEvent[] => [
    { type: 'placed', call: { id, status: 'queued' }, number: '+1555', at },
    { type: 'conversation', view: { id, status: 'disconnected' }, at: at + 1 },
  ];

  it('shows the last ended call and every live one', () => {
    const calls = run([...end('a', 1), ...end('b', 3), placed]);
    expect(calls.map((call) => call.conversationId)).toEqual(['c1', 'b']);
  });

  it('lets only ended calls be dismissed', () => {
    const calls = run([...end('a', 1), placed]);
    const after = calls.reduce(
      (list, call) => reduceCalls(list, { type: 'dismissed', key: call.key }),
      calls,
    );
    expect(after.map((call) => call.conversationId)).toEqual(['c1']);
  });

  it('does not bring back a conversation that was over before this page knew it', () => {
    expect(run([told('disconnected', 1)])).toEqual([]);
    expect(run([leg('ended', 1)])).toEqual([]);
  });
});

describe('what another client of the API sets', () => {
  const up = [placed, leg('up', 1200), told('connected', 1300, { muted: false, held: false })];
  const says = (more: Partial<ConversationView>, at = 1400) => told('connected', at, more);
  const here = (type: 'muted' | 'held' | 'mutedAtServer', value: boolean): CallEvent => ({
    type,
    legId: 'l1',
    value,
  });

  it('mutes and unmutes the call', () => {
    const muted = run([...up, says({ muted: true })]);
    expect(muted[0]).toMatchObject({ muted: true, held: false });
    expect(run([says({ muted: false })], muted)[0]).toMatchObject({ muted: false });
  });

  it('does not undo a mute that the server has not heard of yet', () => {
    const [call] = run([...up, here('muted', true), says({ muted: false }), says({})]);
    expect(call).toMatchObject({ muted: true });
  });

  it('unmutes what was muted here once the server had been told', () => {
    const [call] = run([...up, here('muted', true), here('mutedAtServer', true), says({ muted: false })]);
    expect(call).toMatchObject({ muted: false });
  });

  it('holds the call until it takes the hold back', () => {
    const held = run([...up, says({ held: true })]);
    expect(held[0]).toMatchObject({ held: true, heldHere: false });
    expect(run([says({ held: false })], held)[0]).toMatchObject({ held: false });
  });

  it('is one of two holds: both have to end', () => {
    const both = run([...up, here('held', true), says({ held: true })]);
    expect(run([here('held', false)], both)[0]).toMatchObject({ held: true });
    expect(run([here('held', false), says({ held: false })], both)[0]).toMatchObject({ held: false });
  });
});
