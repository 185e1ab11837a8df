/**
 * The SIP user agent: JsSIP behind the few words this application needs. Nothing else imports JsSIP.
 *
 * The phone only receives: a call is placed over the API, and the server's INVITE joins this leg to it.
 */
import { UA, WebSocketInterface } from 'jssip';
import type {
  IceCandidateEvent,
  IncomingInfoEvent,
  OutgoingInfoEvent,
  RTCSession,
  TerminateOptions,
} from 'jssip/lib/RTCSession';
import type { IncomingRequest } from 'jssip/lib/SIPMessage';
import type { IncomingRTCSessionEvent, RTCSessionEvent } from 'jssip/lib/UA';
import type { PhoneSession } from '../api/phone-session';
import { Connection, type IceSettings, type LegHandlers } from './connection';
import { fromSipStatus, type PhoneError } from './errors';
import type { Leg } from './leg';

export type {
  IceCandidateEvent,
  IncomingInfoEvent,
  IncomingRequest,
  OutgoingInfoEvent,
  RTCSession,
  TerminateOptions,
};

export type Registration = 'connecting' | 'registered' | 'lost' | 'failed';

export interface UserAgentHandlers extends LegHandlers {
  onRegistration(state: Registration, error?: PhoneError): void;
  /** The WebSocket was closed by the server because the session ended. */
  onSessionEnded(): void;
  /** Nobody has to be asked: its 200 follows now. */
  answersAtOnce(leg: Leg): boolean;
  /** A connection waits for the next call: it will alert at once. */
  onKept(kept: boolean): void;
  /** Credentials live minutes; asked for before each refresh and after a refusal. */
  credentials(): Promise<PhoneSession>;
}

const SESSION_ENDED = 4401;
const NO_ANSWER_SECONDS = 180;
const REFUSED_RETRY_MS = 5000;

export class UserAgent {
  readonly #ua: UA;
  readonly #connections = new Set<Connection>();
  /** The newest: TURN logins expire, and a call made with an old one finds no relay. */
  #ice: IceSettings;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lost = false;

  constructor(
    session: PhoneSession,
    socketAddress: string,
    private readonly handlers: UserAgentHandlers,
  ) {
    this.#ice = iceSettings(session);
    this.#ua = new UA({
      sockets: [new WebSocketInterface(socketAddress)],
      uri: session.uri,
      authorization_user: session.username,
      password: session.password,
      display_name: session.displayName,
      instance_id: session.instance,
      session_timers: false,
      no_answer_timeout: NO_ANSWER_SECONDS,
      connection_recovery_min_interval: 2,
      connection_recovery_max_interval: 30,
      user_agent: 'Dialplane-Phone',
    });
    this.#listen();
  }

  start(): void {
    this.handlers.onRegistration('connecting');
    this.#ua.start();
  }

  /** Un-registers and ends what is live. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#ua.stop();
  }

  leg(id: string | undefined): Leg | undefined {
    return id === undefined ? undefined : this.legs().find((leg) => leg.id === id);
  }

  legs(): Leg[] {
    return [...this.#connections].flatMap(({ leg }) => leg ?? []);
  }

  #listen(): void {
    this.#ua.on('registered', () => this.#registered());
    this.#ua.on('disconnected', ({ code, error }) => {
      if (code === SESSION_ENDED) this.handlers.onSessionEnded();
      if (!error && code === undefined) return;
      this.#lost = true;
      this.handlers.onRegistration('lost', { key: 'connectionLost' });
    });
    this.#ua.on('registrationFailed', ({ response }) => {
      // Without an answer the socket is the matter, and that is already told and retried.
      if (!response) return;
      this.handlers.onRegistration('failed', fromSipStatus(response.status_code));
      this.#retry = setTimeout(() => void this.#registerAfresh(), REFUSED_RETRY_MS);
    });
    this.#ua.on('registrationExpiring', () => void this.#registerAfresh());
    this.#ua.on('newRTCSession', (event: RTCSessionEvent) => {
      if (event.originator === ('remote' as typeof event.originator))
        this.#incoming(event as IncomingRTCSessionEvent);
    });
  }

  #registered(): void {
    this.handlers.onRegistration('registered');
    if (!this.#lost) return;
    this.#lost = false;
    for (const { established, reoffer } of this.#connections) if (established) void reoffer.restartIce();
  }

  async #registerAfresh(): Promise<void> {
    try {
      const fresh = await this.handlers.credentials();
      this.#ice = iceSettings(fresh);
      this.#ua.set('authorization_user', fresh.username);
      this.#ua.set('password', fresh.password);
    } catch {
      // The old credentials may still do; if not, the refusal brings us back here.
    }
    if (this.#ua.isConnected()) this.#ua.register();
  }

  #incoming({ session, request }: IncomingRTCSessionEvent): void {
    // An INVITE while one waits: the server knows it no more (it was started anew), or could not use it.
    for (const waiting of this.#connections) if (waiting.idle) waiting.close();
    const connection = new Connection(session, request, this.#ice, {
      ...this.handlers,
      onRest: () => this.#tellKept(),
      onClosed: (closed) => {
        this.#connections.delete(closed);
        this.#tellKept();
      },
    });
    this.#connections.add(connection);
    const { leg } = connection;
    if (!leg) return;
    if (this.handlers.answersAtOnce(leg)) this.handlers.onIncoming(leg);
    else connection.connect();
  }

  #tellKept(): void {
    this.handlers.onKept([...this.#connections].some(({ idle }) => idle));
  }
}

const iceSettings = ({ iceServers, iceTransportPolicy = 'all' }: PhoneSession): IceSettings => ({
  iceServers,
  iceTransportPolicy,
});
