/**
 * The browser phone: registers, answers, follows its calls. Screens read `state`, `audio.state`, `audio.level` and
 * `quality.state` and call the verbs; nothing here knows React. Who shows them hands in `draw`: makes a change and shows it
 * before it returns.
 *
 * Order of coming up: session (who am I) → microphone allowed → this tab owns the phone → registered. A phone that could not
 * speak does not register, so that no call is ever routed to a page that cannot take it.
 */
import { type ConversationView, disconnectConversation, placeCall, tellParty } from '../api/conversations';
import {
  openPhoneSession,
  type PhoneSession,
  reportIce,
  reportRoundTrips,
  sameOriginSocket,
} from '../api/phone-session';
import { sessionEnded } from '../api/session';
import { Store } from '../store';
import { afterPaint } from './after-paint';
import { AudioDesk } from './audio-desk';
import { type Call, type CallEvent, isLive, type LegState, reduceCalls } from './call-state';
import { ConversationFeed } from './conversation-feed';
import { fromApiError, fromMediaError, type PhoneError } from './errors';
import type { Leg } from './leg';
import { OFF, type PhoneState } from './phone-state';
import { QualityWatch } from './quality-watch';
import { measureRoundTrips } from './round-trip';
import { TabLock } from './tab-lock';
import type { Registration, UserAgent } from './ua';

export class Phone {
  readonly state = new Store<PhoneState>(OFF);
  readonly audio = new AudioDesk({
    onError: (error) => this.#fail(error),
    onPermission: (permission) => permission === 'granted' && this.#ready(),
    onMicrophone: (stream) => {
      for (const leg of this.#ua?.legs() ?? []) void leg.switchMicrophone(stream);
    },
  });
  readonly quality = new QualityWatch(() => this.#ua?.legs() ?? []);
  #session: PhoneSession | undefined;
  /** Counts starts and stops: what an earlier one still waits for is of no interest when it comes. */
  #run = 0;
  /** The run in which the round trips to media servers were measured: once after each log-in. */
  #measured = 0;
  #ua: UserAgent | undefined;
  #feed: ConversationFeed | undefined;
  #lock: TabLock | undefined;
  /** Conversations whose mute the server is being told, and how often: what it says of it meanwhile is old. */
  readonly #telling = new Map<string, number>();
  /** Conversations asked for in this tab: their INVITE needs no second yes. */
  readonly #placed = new Set<string>();

  constructor(private readonly draw: (change: () => void) => void = (change) => change()) {}

  async start(): Promise<void> {
    const run = ++this.#run;
    try {
      const session = await openPhoneSession();
      if (run !== this.#run) return;
      this.#session = session;
    } catch (error) {
      if (run !== this.#run) return;
      this.state.patch({ stage: 'noPhone', error: { ...fromApiError(error), key: 'noPhone' } });
      return;
    }
    const { userId, displayName, callerIds, persistent } = this.#session;
    const profile = { userId, displayName, persistent, ...(callerIds ? { callerIds } : {}) };
    this.state.patch({ profile });
    this.#follow(userId);
    const permission = await this.audio.start();
    if (run !== this.#run) return;
    if (permission === 'granted') this.#ready();
    else this.state.patch({ stage: permission === 'insecure' ? 'insecure' : 'needsMicrophone' });
  }

  /** The session is gone while a call is up: the call stays, the asking stops until somebody logs in again. */
  pause(): void {
    this.#feed?.stop();
  }

  async resume(): Promise<void> {
    const userId = this.#session?.userId;
    this.#session = await openPhoneSession().catch(() => this.#session);
    if (userId) this.#follow(userId);
  }

  /** Un-registers; a call in progress ends. */
  stop(): void {
    ++this.#run;
    this.#lock?.stop();
    this.#feed?.stop();
    this.#ua?.stop();
    this.audio.stop();
    this.#lock = this.#feed = this.#ua = this.#session = undefined;
    this.state.set(OFF);
  }

  async allowMicrophone(): Promise<void> {
    this.dismissError();
    if (await this.audio.allow()) this.#ready();
  }

  /** Takes the phone over from another tab. */
  takeHere(): void {
    this.#lock?.take();
  }

  dismissError(): void {
    const { error: _, ...rest } = this.state.get();
    this.state.set(rest);
  }

  dismiss(key: string): void {
    this.#dispatch({ type: 'dismissed', key });
  }

  async place(number: string, callerId?: string): Promise<boolean> {
    const userId = this.#session?.userId;
    if (!userId || this.state.get().placing) return false;
    this.dismissError();
    this.state.patch({ placing: true });
    try {
      // First the microphone: a call that nobody could speak into is not placed.
      await this.audio.openForCall().catch((error) => Promise.reject(fromMediaError(error)));
      const call = await placeCall({ userId, number, ...(callerId ? { callerId } : {}) }).catch((error) =>
        Promise.reject(fromApiError(error)),
      );
      this.#onPlaced(call, number, callerId);
      return true;
    } catch (error) {
      this.#fail(error as PhoneError);
      return false;
    } finally {
      this.state.patch({ placing: false });
      this.#restIfIdle();
    }
  }

  async answer(call: Call): Promise<void> {
    const leg = this.#ua?.leg(call.legId);
    if (leg) await this.#answer(leg);
  }

  async hangUp(call: Call): Promise<void> {
    const leg = this.#ua?.leg(call.legId);
    if (leg) {
      if (call.leg === 'alerting') leg.reject();
      else leg.hangUp();
      return;
    }
    if (!call.conversationId) return;
    await disconnectConversation(call.conversationId).catch((error) => this.#fail(fromApiError(error)));
  }

  setMuted(call: Call, muted: boolean): void {
    const leg = this.#ua?.leg(call.legId);
    if (!leg) return;
    leg.setMuted(muted);
    this.#dispatch({ type: 'muted', legId: leg.id, value: muted });
    void this.#tellMuted(call, leg.id, muted);
  }

  /** The leg is muted whatever the server says; a hold tells the server by itself (re-INVITE). */
  async #tellMuted({ conversationId, participantId }: Call, legId: string, muted: boolean): Promise<void> {
    if (!conversationId || !participantId) return;
    this.#telling.set(conversationId, (this.#telling.get(conversationId) ?? 0) + 1);
    const told = await tellParty(conversationId, participantId, { muted }).then(
      () => true,
      () => false,
    );
    const others = (this.#telling.get(conversationId) ?? 1) - 1;
    if (others > 0) this.#telling.set(conversationId, others);
    else this.#telling.delete(conversationId);
    if (told) this.#dispatch({ type: 'mutedAtServer', legId, value: muted });
  }

  async setHeld(call: Call, held: boolean): Promise<void> {
    const leg = this.#ua?.leg(call.legId);
    if (!leg) return;
    if (!held && call.atServer.held && !call.heldHere) await this.#resumeAtServer(call);
    if (await leg.setHeld(held)) this.#dispatch({ type: 'held', legId: leg.id, value: held });
    else if (this.#ua?.leg(leg.id)) this.#fail({ key: 'holdRefused' });
  }

  /** Another client holds us: that ends where it began. */
  async #resumeAtServer({ conversationId, participantId }: Call): Promise<void> {
    if (!conversationId || !participantId) return;
    await tellParty(conversationId, participantId, { held: false }).catch((error) =>
      this.#fail(fromApiError(error)),
    );
    await this.#feed?.refresh(conversationId);
  }

  sendDigits(call: Call, digits: string): boolean {
    return this.#ua?.leg(call.legId)?.sendDigits(digits) ?? false;
  }

  #follow(userId: string): void {
    this.#feed?.stop();
    this.#feed = new ConversationFeed(userId, {
      onConversation: (view) => this.#onConversation(view),
      onLive: (live) => this.state.patch({ live }),
      liveConversations: () => liveIds(this.state.get().calls),
    });
    this.#feed.start();
  }

  #onConversation(view: ConversationView): void {
    const { muted: _, ...rest } = view;
    const known = this.#telling.has(view.id) ? rest : view;
    const before = this.state.get().calls;
    this.#dispatch({ type: 'conversation', view: known, at: Date.now() });
    for (const call of this.state.get().calls) {
      const was = before.find((other) => other.key === call.key);
      if (was && was.muted !== call.muted) this.#ua?.leg(call.legId)?.setMuted(call.muted);
    }
  }

  #ready(): void {
    if (this.#lock || !this.#session) return;
    this.#lock = new TabLock({
      onOwned: () => void this.#register(),
      onWaiting: () => this.#yield(),
    });
    this.#lock.start();
  }

  async #register(): Promise<void> {
    this.state.patch({ stage: 'on', registration: 'connecting' });
    const { UserAgent } = await import('./ua');
    const session = this.#session;
    if (!session || this.#ua) return;
    this.#ua = new UserAgent(session, sameOriginSocket(session.ws, location), {
      onRegistration: (registration, error) => this.#onRegistration(registration, error),
      onSessionEnded: sessionEnded,
      credentials: openPhoneSession,
      answersAtOnce: (leg) => this.#isAskedFor(leg),
      onIncoming: (leg) => void this.#onIncoming(leg),
      onKept: (kept) => this.state.patch({ kept }),
      onAnswered: (id) => this.#onAnswered(id),
      onEnded: (id, reason) => this.#onEnded(id, reason),
      onRemoteAudio: (id, stream) => this.audio.speaker.play(id, stream),
      onMedia: (legId, value) => this.#dispatch({ type: 'media', legId, value }),
      onIce: (report) => void reportIce(report).catch(() => undefined),
      onHeldByOther: (legId, value) => this.#dispatch({ type: 'heldByOther', legId, value }),
    });
    this.#ua.start();
  }

  /** Another tab is the phone. */
  #yield(): void {
    this.#ua?.stop();
    this.#ua = undefined;
    this.state.patch({ stage: 'elsewhere', registration: 'off', kept: false });
  }

  #onRegistration(registration: Registration, error?: PhoneError): void {
    this.state.patch({ registration });
    if (registration === 'registered') {
      if (['connectionLost', 'notAssigned'].includes(this.state.get().error?.key ?? '')) this.dismissError();
      this.#dispatch({ type: 'socket', connected: true });
      void this.#measure();
    }
    if (registration === 'lost') this.#dispatch({ type: 'socket', connected: false });
    if (error) this.#fail(error);
  }

  async #measure(): Promise<void> {
    const servers = this.#session?.roundTripServers ?? [];
    if (servers.length === 0 || this.#measured === this.#run) return;
    const run = this.#run;
    this.#measured = run;
    const roundTrips = await measureRoundTrips(servers);
    if (run === this.#run && roundTrips.length > 0) await reportRoundTrips(roundTrips).catch(() => undefined);
  }

  async #onIncoming(leg: Leg): Promise<void> {
    if (!this.#isAskedFor(leg)) {
      // Whoever is called sees it first; sound, microphone and the rest of the screen come after.
      this.draw(() => this.#legIs(leg, 'alerting'));
      afterPaint(() => void this.#prepare(leg));
      return;
    }
    this.#legIs(leg, 'alerting', true);
    if (!this.#isPlacedHere(leg)) this.audio.beep();
    await this.#answer(leg);
  }

  #isAskedFor(leg: Leg): boolean {
    return leg.wanted || this.#placed.has(leg.conversationId ?? '');
  }

  /** The path stands, so the answer can carry the voice at once: the microphone opens while it rings, muted. */
  async #prepare(leg: Leg): Promise<void> {
    this.#ringIfAlerting();
    const call = this.state.get().calls.find(({ legId }) => legId === leg.id);
    if (call?.leg !== 'alerting') return;
    try {
      await leg.switchMicrophone(await this.audio.openForCall());
    } catch {
      // Answering asks again, and says what is wrong.
    }
  }

  /** Before the API's answer is here its INVITE may be: then the call in the making is the one. */
  #isPlacedHere(leg: Leg): boolean {
    return this.state.get().placing || this.#placed.has(leg.conversationId ?? '');
  }

  #onPlaced(call: ConversationView, number: string, callerId?: string): void {
    this.#placed.add(call.id);
    this.#dispatch({ type: 'placed', call, number, at: Date.now(), ...(callerId ? { callerId } : {}) });
    // A call that failed at once was told of before its answer was here, to a page that did not know it yet.
    void this.#feed?.refresh(call.id);
    const waiting = this.#ua?.legs().find((leg) => leg.conversationId === call.id);
    const known = this.state.get().calls.find((c) => c.legId === waiting?.id);
    if (waiting && known?.leg === 'alerting') void this.#answer(waiting);
  }

  async #answer(leg: Leg): Promise<void> {
    // Before anything is drawn: that takes longer than all the rest of it.
    if (leg.answerAtOnce()) return;
    this.#legIs(leg, 'answering');
    this.#ringIfAlerting();
    try {
      leg.answer(await this.audio.openForCall());
    } catch (error) {
      this.#fail(fromMediaError(error));
      leg.reject(480);
    }
  }

  #onAnswered(id: string): void {
    const leg = this.#ua?.leg(id);
    if (!leg) return;
    this.#legIs(leg, 'up');
    this.#ringIfAlerting();
    this.quality.start();
    // One conversation at a time is heard.
    for (const call of this.state.get().calls) {
      if (call.leg === 'up' && call.legId !== id && !call.held) void this.setHeld(call, true);
    }
  }

  #onEnded(id: string, reason?: string): void {
    const call = this.state.get().calls.find((c) => c.legId === id);
    const leg = {
      legId: id,
      state: 'ended' as const,
      number: '',
      outbound: false,
      ...(reason ? { reason } : {}),
    };
    this.#dispatch({ type: 'leg', leg, at: Date.now() });
    this.audio.speaker.stop(id);
    this.quality.forget(id);
    this.#ringIfAlerting();
    this.#restIfIdle();
    if (call?.conversationId) void this.#feed?.refresh(call.conversationId);
  }

  #legIs(leg: Leg, state: LegState, outbound = false): void {
    this.#dispatch({ type: 'leg', leg: leg.view(state, outbound), at: Date.now() });
  }

  #ringIfAlerting(): void {
    this.audio.ring(this.state.get().calls.some((call) => call.leg === 'alerting' && isLive(call)));
  }

  #restIfIdle(): void {
    const { calls, placing } = this.state.get();
    if (!placing && !calls.some(isLive)) this.audio.closeCall();
  }

  #dispatch(event: CallEvent): void {
    this.state.patch({ calls: reduceCalls(this.state.get().calls, event) });
    if (event.type === 'conversation') this.#restIfIdle();
  }

  #fail(error: PhoneError): void {
    this.state.patch({ error });
  }
}

const liveIds = (calls: Call[]): string[] =>
  calls.filter(isLive).flatMap((call) => call.conversationId ?? []);
