/**
 * Re-INVITEs that a refusal cannot kill. JsSIP terminates the session when its re-INVITE is refused and leaves the refused
 * offer in the peer connection; RFC 3261 14.1 says that the session stays as it was, and that a 491 (both sides offered at
 * once) is tried again after 0 to 2 s by the side that did not make the Call-ID, which is always us.
 */
import type { RTCSession, TerminateOptions } from './ua';

const TRIES = 3;
const GLARE_LIMIT_MS = 2000;

type Start = (done: () => void) => boolean;

/** JsSIP keeps the wish for hold here and has no way to take it back without another re-INVITE. */
interface HoldFlag {
  _localHold: boolean;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Reoffer {
  /** One re-INVITE at a time: a second one would be our own glare. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly session: RTCSession,
    private readonly glarePause: () => Promise<void> = () => pause(Math.random() * GLARE_LIMIT_MS),
  ) {}

  hold(held: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      const { session } = this;
      if (session.isOnHold().local === held) return true;
      const first: Start = (done) => (held ? session.hold({}, done) : session.unhold({}, done));
      const ok = await this.#tryAll(first);
      if (!ok) (session as unknown as HoldFlag)._localHold = !held;
      return ok;
    });
  }

  /** The call that was held is over; the next one on this session is not. */
  forgetHold(): void {
    (this.session as unknown as HoldFlag)._localHold = false;
  }

  restartIce(): Promise<boolean> {
    return this.#inTurn(() => this.#tryAll((done) => this.#renegotiate(done, { iceRestart: true })));
  }

  #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #tryAll(first: Start): Promise<boolean> {
    // A hold that was refused is already noted in the session, so a plain re-offer repeats it.
    let start = first;
    for (let attempt = 0; attempt < TRIES; ++attempt) {
      if (this.session.isEnded()) return false;
      if (await this.#once(start)) return true;
      await this.#rollback();
      await this.glarePause();
      start = (done) => this.#renegotiate(done);
    }
    return false;
  }

  #renegotiate(done: () => void, rtcOfferConstraints: RTCOfferOptions = {}): boolean {
    return this.session.renegotiate({ rtcOfferConstraints }, done);
  }

  #once(start: Start): Promise<boolean> {
    return new Promise((resolve) => {
      const { session } = this;
      const terminate = session.terminate.bind(session);
      const settle = (ok: boolean) => {
        Reflect.deleteProperty(session, 'terminate');
        resolve(ok);
      };
      session.terminate = (options?: TerminateOptions) => {
        const refused = options?.status_code === 500 && options.cause === 'WebRTC Error';
        settle(false);
        if (!refused) terminate(options);
      };
      if (!start(() => settle(true))) settle(false);
    });
  }

  async #rollback(): Promise<void> {
    const { connection } = this.session;
    if (connection?.signalingState === 'have-local-offer') {
      await connection.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    }
  }
}
