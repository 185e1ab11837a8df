import { expect, it } from 'vitest';
import { stepsOf } from './status-steps';

const states = (...args: Parameters<typeof stepsOf>) =>
  stepsOf(...args).map((step) => `${step.status} ${step.state}`);

it('an outbound call shows the whole way', () => {
  const call = {
    status: 'ringing',
    direction: 'outbound',
    startedAt: 0,
    reachedAt: { queued: 0, initiated: 100, ringing: 400 },
  } as const;
  expect(states(call)).toEqual([
    'queued done',
    'initiated done',
    'ringing now',
    'connected ahead',
    'disconnected ahead',
  ]);
  expect(stepsOf(call)[2]?.after).toBe(0.4);
});

it('a failed call skips what it never reached', () => {
  const call = {
    status: 'failed',
    direction: 'outbound',
    startedAt: 0,
    reachedAt: { queued: 0, initiated: 1, failed: 2 },
  } as const;
  expect(states(call)).toEqual([
    'queued done',
    'initiated done',
    'ringing skipped',
    'connected skipped',
    'failed now',
  ]);
});

it('a step that went by before the page heard of the call is not skipped', () => {
  const call = {
    status: 'disconnected',
    direction: 'outbound',
    startedAt: 0,
    reachedAt: { initiated: 0, connected: 5, disconnected: 9 },
  } as const;
  expect(states(call)).toEqual([
    'queued done',
    'initiated done',
    'ringing done',
    'connected done',
    'disconnected now',
  ]);
});

it('an incoming call starts with the ringing', () => {
  const call = {
    status: 'connected',
    direction: 'inbound',
    startedAt: 0,
    reachedAt: { ringing: 0, connected: 5 },
  } as const;
  expect(states(call)).toEqual(['ringing done', 'connected now', 'disconnected ahead']);
});
