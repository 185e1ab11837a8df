/**
 * An answer in two steps, which JsSIP does not know: the description goes out early, in a 183, so that ICE and DTLS can be done
 * before it rings (RFC 8839 6.1.1: nobody picks up what cannot be heard, and not a word is lost); 180 when it rings; the 200,
 * which repeats the description, when the user answers.
 */
import type { IncomingRequest } from './ua';

type Reply = (
  status: number,
  reason?: string | null,
  headers?: string[] | null,
  body?: string | null,
  done?: () => void,
  failed?: () => void,
) => unknown;

const RINGING = 180;
const SESSION_PROGRESS = 183;
const OK = 200;

export class EarlyAnswer {
  /** The description is out. Pending for ever when there is none: then the session ends. */
  readonly described: Promise<void>;
  #given = false;
  #ring: (() => void) | undefined;
  #answer: (() => void) | undefined;

  constructor(request: IncomingRequest) {
    const responder = request as unknown as { reply: Reply };
    const reply = responder.reply.bind(request);
    let out = () => {};
    this.described = new Promise((resolve) => {
      out = resolve;
    });
    responder.reply = (status, ...rest) => {
      if (status === RINGING) this.#ring = () => reply(status, ...rest);
      else if (status !== OK || this.#given) reply(status, ...rest);
      else {
        const [, headers, body] = rest;
        reply(SESSION_PROGRESS, null, headers, body);
        this.#answer = () => reply(status, ...rest);
        out();
      }
    };
  }

  get given(): boolean {
    return this.#given;
  }

  /** It could be given at this moment. */
  get ready(): boolean {
    return this.#answer !== undefined;
  }

  ring(): void {
    this.#ring?.();
  }

  /** The first time; later ones are nothing. */
  give(): void {
    if (this.#given || !this.#answer) return;
    this.#given = true;
    this.#answer();
  }
}
