import { describe, expect, it } from 'vitest';
import { Reoffer } from './reoffer';
import type { RTCSession, TerminateOptions } from './ua';

/** Behaves as JsSIP does: a refused re-INVITE terminates the session with cause `WebRTC Error`, status 500. */
class FakeSession {
  _localHold = false;
  ended = false;
  log: string[] = [];
  signalingState = 'stable';

  constructor(private readonly answers: ('ok' | 'refused' | 'bye')[]) {}

  connection = {
    get signalingState() {
      return 'have-local-offer';
    },
    setLocalDescription: (description: { type: string }) => {
      this.log.push(description.type);
      return Promise.resolve();
    },
  };

  isEnded = () => this.ended;
  isOnHold = () => ({ local: this._localHold, remote: false });
  hold = (_: object, done: () => void) => this.#offer('hold', done, () => (this._localHold = true));
  unhold = (_: object, done: () => void) => this.#offer('unhold', done, () => (this._localHold = false));
  renegotiate = (options: { rtcOfferConstraints: RTCOfferOptions }, done: () => void) =>
    this.#offer(options.rtcOfferConstraints.iceRestart ? 'restart' : 'again', done, () => {});

  #offer(what: string, done: () => void, note: () => void): boolean {
    note();
    this.log.push(what);
    const answer = this.answers.shift() ?? 'ok';
    queueMicrotask(() => {
      if (answer === 'ok') done();
      else if (answer === 'refused') this.terminate({ cause: 'WebRTC Error', status_code: 500 });
      else this.terminate({ cause: 'Terminated' });
    });
    return true;
  }

  terminate(_options?: TerminateOptions): void {
    this.ended = true;
    this.log.push('terminated');
  }
}

const reofferOf = (session: FakeSession) =>
  new Reoffer(session as unknown as RTCSession, () => Promise.resolve());

describe('hold', () => {
  it('is one re-INVITE when the other side agrees', async () => {
    const session = new FakeSession(['ok']);
    expect(await reofferOf(session).hold(true)).toBe(true);
    expect(session.log).toEqual(['hold']);
  });

  it('after a refusal rolls the offer back and tries again; the call lives (RFC 3261 14.1)', async () => {
    const session = new FakeSession(['refused', 'ok']);
    expect(await reofferOf(session).hold(true)).toBe(true);
    expect(session.log).toEqual(['hold', 'rollback', 'again']);
    expect(session.ended).toBe(false);
  });

  it('given up after three refusals leaves everything as it was', async () => {
    const session = new FakeSession(['refused', 'refused', 'refused']);
    expect(await reofferOf(session).hold(true)).toBe(false);
    expect(session.isOnHold().local).toBe(false);
    expect(session.ended).toBe(false);
  });

  it('a real end during the re-INVITE ends the call', async () => {
    const session = new FakeSession(['bye']);
    expect(await reofferOf(session).hold(true)).toBe(false);
    expect(session.ended).toBe(true);
  });

  it('that is already so needs no re-INVITE', async () => {
    const session = new FakeSession([]);
    expect(await reofferOf(session).hold(false)).toBe(true);
    expect(session.log).toEqual([]);
  });

  it('and an ICE restart take turns', async () => {
    const session = new FakeSession(['ok', 'ok']);
    const reoffer = reofferOf(session);
    await Promise.all([reoffer.hold(true), reoffer.restartIce()]);
    expect(session.log).toEqual(['hold', 'restart']);
  });
});
