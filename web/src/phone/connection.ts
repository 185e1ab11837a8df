/**
 * One JsSIP session in this tab, under the rules that make it dependable (never wait for ICE gathering, a refused re-INVITE
 * never ends the call). It carries the call of its INVITE, and where the server keeps the dialog, the calls after it: each
 * call is a Leg.
 *
 *   phase       what                        next
 *   offered     connect                     connecting
 *   connecting  path stands, or is late     offered, and rings
 *   offered     answer                      inCall when confirmed
 *   inCall      leave, release              idle
 *   idle        alert                       alerting
 *   alerting    accept                      opening; idle when declined or released
 *   opening     media open                  inCall; idle when released
 *   any         BYE, failure, path lost     closed
 *
 * A fresh call rings when its media path stands (early-answer.ts), one inside the dialog at once: there it stands already.
 * The server opens the media while it rings (re-INVITE `sendrecv`), so that nobody waits for it later. Between calls the
 * microphone is off: its track leaves the peer connection; while it rings the track is there and muted.
 */
import {
  CALL_BODY,
  CALL_HEADERS,
  type CallAct,
  keepsDialog,
  RECEIVES_CALLS,
  readCallInfo,
  writeCallInfo,
} from './call-channel';
import { EarlyAnswer } from './early-answer';
import { endReason } from './end-reason';
import { type IceReport, IceWatch } from './ice-watch';
import { Leg, type LegFacts } from './leg';
import { Reoffer } from './reoffer';
import { readAddress } from './sip-headers';
import type {
  IceCandidateEvent,
  IncomingInfoEvent,
  IncomingRequest,
  OutgoingInfoEvent,
  RTCSession,
} from './ua';

export interface LegHandlers {
  onIncoming(leg: Leg): void;
  onAnswered(legId: string): void;
  onEnded(legId: string, reason?: string): void;
  onRemoteAudio(legId: string, stream: MediaStream): void;
  /** The media path stands (ICE and DTLS done), or broke. */
  onMedia(legId: string, up: boolean): void;
  onHeldByOther(legId: string, held: boolean): void;
  /** How the search for a media path ended, once a connection. */
  onIce(report: IceReport): void;
}

export interface ConnectionHandlers extends LegHandlers {
  /** At rest between two calls, or not any more. */
  onRest(connection: Connection, idle: boolean): void;
  onClosed(connection: Connection): void;
}

/** What a connection of this phone is made with. */
export interface IceSettings {
  iceServers: RTCIceServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
}

type Phase = 'offered' | 'connecting' | 'inCall' | 'idle' | 'alerting' | 'opening' | 'closed';

/** How long a first candidate waits for a reflexive or relay one, where there are servers to ask for them. */
const GATHERING_GRACE_MS = 200;
const GATHERING_LIMIT_MS = 3000;
/** A path that takes longer does not keep it from ringing: it may come while it rings, or its failure is told after the answer. */
const PATH_PATIENCE_MS = 2000;
/** The user decides how long it rings, through the server's timer; this one only stops a leg that the server forgot. */
const RINGS_LIMIT_MS = 180_000;

export class Connection {
  readonly reoffer: Reoffer;
  readonly #kept: boolean;
  #phase: Phase = 'offered';
  /** The last word of the server about the media. */
  #open = true;
  #leg: Leg | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  /** Until it rings, then until it is forgotten. */
  #patience: ReturnType<typeof setTimeout> | undefined;
  #early: EarlyAnswer | undefined;
  #stream: MediaStream | undefined;
  #failure: string | undefined;
  #ice: IceWatch | undefined;

  constructor(
    readonly session: RTCSession,
    private readonly request: IncomingRequest,
    private readonly ice: IceSettings,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.#kept = keepsDialog(request.getHeader('Recv-Info'));
    this.reoffer = new Reoffer(session);
    this.#listen();
    this.#begin(request, 0);
  }

  get leg(): Leg | undefined {
    return this.#leg;
  }

  /** Our 200 is out; JsSIP believes so as soon as it is made. */
  get established(): boolean {
    return this.session.isEstablished() && (this.#early?.given ?? true);
  }

  get idle(): boolean {
    return this.#phase === 'idle';
  }

  /** Makes the media path without a microphone, and tells of the call when it stands. For calls that a person has to answer. */
  connect(): void {
    this.#phase = 'connecting';
    this.#early = new EarlyAnswer(this.request);
    this.#patience = setTimeout(() => this.#ring(), PATH_PATIENCE_MS);
    this.#answerInvite();
    this.session.mute({ audio: true });
  }

  /** Speaks through a copy of the microphone, so that mute and hold of one call touch no other and no meter. */
  answer(leg: Leg, microphone: MediaStream): void {
    if (leg !== this.#leg) return;
    if (this.#phase === 'offered' && this.#early) void this.#giveAnswer(this.#early, microphone);
    else if (this.#phase === 'offered') this.#answerInvite(microphone);
    else if (this.#phase === 'alerting') void this.#accept(leg, microphone);
  }

  /** Accepts with what is there already: media open, microphone on the line. False: it is not. */
  answerAtOnce(leg: Leg): boolean {
    if (leg !== this.#leg || !this.#sender()?.track) return false;
    if (this.#phase === 'offered' && this.#early?.ready) this.#sayAnswer(this.#early);
    else if (this.#phase === 'alerting' && this.#open) this.#sayAccept(leg);
    else return false;
    return true;
  }

  /** Ends the call. The connection stays where the server keeps it and its media path stands. */
  leave(leg: Leg, status = 603): void {
    if (leg !== this.#leg || this.#phase === 'closed') return;
    const inside = this.#kept && this.#phase !== 'offered' && this.#pathStands();
    if (!inside) {
      this.close(status);
      return;
    }
    if (this.#phase === 'alerting') this.#say('decline', leg, status);
    else this.#say('leave', leg);
    this.#rest();
  }

  /** The whole session: BYE, or a refusal with this status. */
  close(status = 603): void {
    if (this.session.isEnded()) return;
    const early = ['connecting', 'offered'].includes(this.#phase) && !this.established;
    this.session.terminate(early ? { status_code: status } : undefined);
  }

  /** A microphone, or another one, without renegotiation. */
  async speak(microphone: MediaStream): Promise<void> {
    const sender = this.#sender();
    if (!sender) return;
    const next = microphone.clone();
    const track = next.getAudioTracks()[0];
    if (!track) return;
    track.enabled = sender.track?.enabled ?? !this.session.isMuted().audio;
    await sender.replaceTrack(track);
    stopTracks(this.#stream);
    this.#stream = next;
    if (!this.#leg) this.#silence();
  }

  stats(): Promise<RTCStatsReport | undefined> {
    return this.session.connection?.getStats() ?? Promise.resolve(undefined);
  }

  #begin(request: IncomingRequest, call: number): void {
    this.#leg = new Leg(this, factsOf(request, this.session, call));
  }

  #answerInvite(microphone?: MediaStream): void {
    this.#stream = microphone?.clone();
    this.#gathering = setTimeout(() => {
      this.#ice?.gatheringTimedOut();
      this.#fail('ice_failed');
    }, GATHERING_LIMIT_MS);
    this.session.answer({
      ...(this.#stream
        ? { mediaStream: this.#stream }
        : { mediaConstraints: { audio: false, video: false } }),
      pcConfig: { ...this.ice },
      ...(this.#kept ? { extraHeaders: [RECEIVES_CALLS] } : {}),
    });
  }

  #ring(): void {
    if (this.#phase !== 'connecting') return;
    clearTimeout(this.#patience);
    this.#phase = 'offered';
    if (this.#leg) this.handlers.onIncoming(this.#leg);
    this.#early?.ring();
    this.#patience = setTimeout(() => this.close(480), RINGS_LIMIT_MS);
  }

  async #giveAnswer(early: EarlyAnswer, microphone: MediaStream): Promise<void> {
    await early.described;
    if (!this.#is('offered')) return;
    if (!this.#sender()?.track) await this.speak(microphone);
    if (this.#is('offered')) this.#sayAnswer(early);
  }

  #sayAnswer(early: EarlyAnswer): void {
    this.session.unmute({ audio: true });
    early.give();
  }

  /** First the microphone is on the line: nobody is heard too late. */
  async #accept(leg: Leg, microphone: MediaStream): Promise<void> {
    this.#phase = 'opening';
    if (!this.#sender()?.track) await this.speak(microphone);
    if (leg === this.#leg && this.#is('opening')) this.#sayAccept(leg);
  }

  #sayAccept(leg: Leg): void {
    this.#phase = 'opening';
    this.session.unmute({ audio: true });
    this.#say('accept', leg);
    if (this.#open) this.#up(leg);
  }

  #up(leg: Leg): void {
    this.#phase = 'inCall';
    this.handlers.onMedia(leg.id, this.#pathStands());
    this.handlers.onAnswered(leg.id);
  }

  #say(act: CallAct, leg: Leg, status?: number): void {
    const body = writeCallInfo({ act, call: leg.call, ...(status ? { status } : {}) });
    this.session.sendInfo(CALL_BODY, body, { extraHeaders: CALL_HEADERS });
  }

  /** Also in front of a compiler that believes a phase cannot change while somebody waits. */
  #is(phase: Phase): boolean {
    return this.#phase === phase;
  }

  #rest(reason?: string): void {
    const leg = this.#leg;
    this.#leg = undefined;
    this.#phase = 'idle';
    this.#open = false;
    this.reoffer.forgetHold();
    this.session.mute({ audio: true });
    this.#silence();
    if (leg) this.handlers.onEnded(leg.id, reason);
    this.handlers.onRest(this, true);
  }

  /** Nobody listens in between calls. */
  #silence(): void {
    void this.#sender()?.replaceTrack(null);
    stopTracks(this.#stream);
    this.#stream = undefined;
  }

  #onInfo(request: IncomingRequest): void {
    const info = readCallInfo(request.getHeader('Info-Package'), request.body);
    if (info?.act === 'alert' && this.#phase === 'idle') {
      this.#phase = 'alerting';
      this.#begin(request, info.call);
      if (this.#leg) this.handlers.onIncoming(this.#leg);
      this.handlers.onRest(this, false);
    } else if (info?.act === 'release' && this.#leg?.call === info.call && this.#phase !== 'closed') {
      this.#rest(endReason('Terminated', request.getHeader('Reason')));
    }
  }

  #onConfirmed(): void {
    if (this.#phase !== 'offered') return;
    clearTimeout(this.#patience);
    this.#phase = 'inCall';
    if (this.#leg) this.handlers.onAnswered(this.#leg.id);
  }

  /** The server says `inactive` to a connection at rest and `sendrecv` to one that rings; both are no holds. */
  #onDirection(open: boolean): void {
    this.#open = open;
    const leg = this.#leg;
    if (leg && this.#phase === 'inCall') this.handlers.onHeldByOther(leg.id, !open);
    if (leg && this.#phase === 'opening' && open && !this.session.isMuted().audio) this.#up(leg);
  }

  #listen(): void {
    const { session } = this;
    session.on('peerconnection', ({ peerconnection }) => this.#watch(peerconnection));
    session.on('connecting', () => this.#leaveRoomToSpeak());
    session.on('icecandidate', (event) => this.#onCandidate(event));
    session.on('confirmed', () => this.#onConfirmed());
    session.on('hold', ({ originator }) => originator === 'remote' && this.#onDirection(false));
    session.on('unhold', ({ originator }) => originator === 'remote' && this.#onDirection(true));
    session.on('newInfo', (event: IncomingInfoEvent | OutgoingInfoEvent) => {
      if ('request' in event && event.originator === ('remote' as typeof event.originator))
        this.#onInfo(event.request as IncomingRequest);
    });
    session.on('ended', (end) => this.#over(end.cause, end.message));
    session.on('failed', (end) => this.#over(end.cause, end.message));
  }

  /** Without a track yet, our answer would say that we only listen. */
  #leaveRoomToSpeak(): void {
    if (!this.#early) return;
    for (const transceiver of this.session.connection?.getTransceivers() ?? [])
      transceiver.direction = 'sendrecv';
  }

  #watch(connection: RTCPeerConnection): void {
    const id = this.#leg?.conversationId;
    const conversation = id ? { conversationId: id } : {};
    this.#ice = new IceWatch(connection, (report) => this.handlers.onIce({ ...conversation, ...report }));
    // On the track, not on the answer: early media is heard before the call is up, and each time that the other side's audio comes
    // back (after a hold, for the next call) its track comes anew.
    connection.addEventListener('track', ({ track, streams }) => {
      if (this.#leg) this.handlers.onRemoteAudio(this.#leg.id, streams[0] ?? new MediaStream([track]));
    });
    connection.addEventListener('connectionstatechange', () => this.#onPath(connection));
  }

  #onPath(connection: RTCPeerConnection): void {
    const stands = connection.connectionState === 'connected';
    if (stands) this.#ring();
    if (this.#leg) this.handlers.onMedia(this.#leg.id, stands);
    if (connection.connectionState !== 'failed') return;
    const iceIsUp = ['connected', 'completed'].includes(connection.iceConnectionState);
    if (this.#phase === 'idle') this.close();
    else if (iceIsUp) this.#fail('dtls_failed');
  }

  #onCandidate({ candidate, ready }: IceCandidateEvent): void {
    clearTimeout(this.#gathering);
    // Our ICE-lite server learns the address from the checks: one host candidate is enough.
    const enough = candidate.type !== 'host' || this.ice.iceServers.length === 0;
    if (enough) ready();
    else setTimeout(ready, GATHERING_GRACE_MS);
  }

  #fail(failure: 'ice_failed' | 'dtls_failed'): void {
    if (this.session.isEnded()) return;
    this.#failure = failure;
    this.session.terminate({ status_code: 480 });
  }

  #over(cause: string, message: { getHeader?: (name: string) => string } | null): void {
    // Of what never rang nobody knows.
    const leg = this.#phase === 'connecting' ? undefined : this.#leg;
    this.#leg = undefined;
    this.#phase = 'closed';
    clearTimeout(this.#gathering);
    clearTimeout(this.#patience);
    this.#ice?.ended();
    stopTracks(this.#stream);
    if (leg) this.handlers.onEnded(leg.id, this.#failure ?? endReason(cause, message?.getHeader?.('Reason')));
    this.handlers.onClosed(this);
  }

  #pathStands(): boolean {
    return this.session.connection?.connectionState === 'connected';
  }

  #sender(): RTCRtpSender | undefined {
    const audio = this.session.connection
      ?.getTransceivers()
      .find(({ receiver }) => receiver.track.kind === 'audio');
    return audio?.sender;
  }
}

/** An INVITE names the caller in From; inside a dialog, whose From says who made it, the asserted identity does. */
function factsOf(request: IncomingRequest, session: RTCSession, call: number): LegFacts {
  const first = call === 0;
  const from = { user: session.remote_identity.uri.user, name: session.remote_identity.display_name };
  const who = first ? from : readAddress(request.getHeader('P-Asserted-Identity'));
  return {
    id: first ? session.id : `${session.id}:${call}`,
    call,
    conversationId: request.getHeader('X-Dialplane-Conversation') || undefined,
    number: who?.user ?? '',
    name: who?.name || undefined,
    callInfo: request.getHeader('Call-Info'),
    alertInfo: request.getHeader('Alert-Info'),
  };
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
