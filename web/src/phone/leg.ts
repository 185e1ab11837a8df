/**
 * One call leg in this tab: a JsSIP session under the rules that make it dependable (never wait for ICE gathering, DTMF as
 * RFC 4733, a refused re-INVITE never ends the call).
 */
import type { LegState, LegView } from './call-state';
import { fromSipCause } from './errors';
import { type IceReport, IceWatch } from './ice-watch';
import { Reoffer } from './reoffer';
import { asksToAnswer, isNormalEnd, readReason } from './sip-headers';
import type { IceCandidateEvent, IncomingRequest, RTCSession } from './ua';

export interface LegHandlers {
  onAnswered(legId: string): void;
  onEnded(legId: string, reason?: string): void;
  onRemoteAudio(legId: string, stream: MediaStream): void;
  /** The media path stands (ICE and DTLS done), or broke. */
  onMedia(legId: string, up: boolean): void;
  onHeldByOther(legId: string, held: boolean): void;
  /** How the search for a media path ended, once a leg. */
  onIce(report: IceReport): void;
}

/** What a connection of this phone is made with. */
export interface IceSettings {
  iceServers: RTCIceServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
}

/** How long a first candidate waits for a reflexive or relay one, where there are servers to ask for them. */
const GATHERING_GRACE_MS = 200;
const GATHERING_LIMIT_MS = 3000;
const TONE_MS = 160;
const TONE_GAP_MS = 70;

export class Leg {
  readonly id: string;
  readonly conversationId: string | undefined;
  readonly number: string;
  readonly name: string | undefined;
  /** The server says that its user asked for this call. */
  readonly wanted: boolean;
  readonly #reoffer: Reoffer;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #stream: MediaStream | undefined;
  #failure: string | undefined;
  #ice: IceWatch | undefined;

  constructor(
    private readonly session: RTCSession,
    request: IncomingRequest,
    private readonly ice: IceSettings,
    private readonly handlers: LegHandlers,
  ) {
    this.id = session.id;
    this.conversationId = request.getHeader('X-Dialplane-Conversation') || undefined;
    this.number = session.remote_identity.uri.user ?? '';
    this.name = session.remote_identity.display_name || undefined;
    this.wanted = asksToAnswer(request.getHeader('Call-Info'), request.getHeader('Alert-Info'));
    this.#reoffer = new Reoffer(session);
    this.#listen();
  }

  view(state: LegState, outbound: boolean): LegView {
    return {
      legId: this.id,
      state,
      number: this.number,
      outbound,
      ...(this.conversationId ? { conversationId: this.conversationId } : {}),
      ...(this.name ? { name: this.name } : {}),
    };
  }

  /** The leg speaks through a copy of the microphone, so that mute and hold of one call touch no other and no meter. */
  answer(microphone: MediaStream): void {
    this.#stream = microphone.clone();
    this.#gathering = setTimeout(() => {
      this.#ice?.gatheringTimedOut();
      this.#fail('ice_failed');
    }, GATHERING_LIMIT_MS);
    this.session.answer({ mediaStream: this.#stream, pcConfig: { ...this.ice } });
  }

  reject(status: 480 | 486 | 603 = 603): void {
    if (!this.session.isEnded()) this.session.terminate({ status_code: status });
  }

  hangUp(): void {
    if (!this.session.isEnded()) this.session.terminate();
  }

  setMuted(muted: boolean): void {
    if (muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  /** False when the other side refused; the call goes on as it was. */
  setHeld(held: boolean): Promise<boolean> {
    return this.#reoffer.hold(held);
  }

  restartIce(): Promise<boolean> {
    return this.session.isEstablished() ? this.#reoffer.restartIce() : Promise.resolve(false);
  }

  /** False while the media path cannot carry them. */
  sendDigits(digits: string): boolean {
    try {
      const options = { transportType: 'RFC2833' as never, duration: TONE_MS, interToneGap: TONE_GAP_MS };
      this.session.sendDTMF(digits, options);
      return true;
    } catch {
      return false;
    }
  }

  /** Another microphone without renegotiation. */
  async switchMicrophone(microphone: MediaStream): Promise<void> {
    const sender = this.session.connection?.getSenders().find((s) => s.track?.kind === 'audio');
    const next = microphone.clone();
    const track = next.getAudioTracks()[0];
    if (!sender || !track) return;
    track.enabled = sender.track?.enabled ?? true;
    await sender.replaceTrack(track);
    stopTracks(this.#stream);
    this.#stream = next;
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.session.connection?.getStats();
  }

  #listen(): void {
    const { session, handlers, id } = this;
    session.on('peerconnection', ({ peerconnection }) => this.#watch(peerconnection));
    session.on('icecandidate', (event) => this.#onCandidate(event));
    session.on('confirmed', () => handlers.onAnswered(id));
    session.on('hold', ({ originator }) => originator === 'remote' && handlers.onHeldByOther(id, true));
    session.on('unhold', ({ originator }) => originator === 'remote' && handlers.onHeldByOther(id, false));
    session.on('ended', (end) => this.#over(end.cause, end.message));
    session.on('failed', (end) => this.#over(end.cause, end.message));
  }

  #watch(connection: RTCPeerConnection): void {
    const conversation = this.conversationId ? { conversationId: this.conversationId } : {};
    this.#ice = new IceWatch(connection, (report) => this.handlers.onIce({ ...conversation, ...report }));
    // On the track, not on the answer: early media is heard before the call is up.
    connection.addEventListener('track', ({ track, streams }) => {
      this.handlers.onRemoteAudio(this.id, streams[0] ?? new MediaStream([track]));
    });
    connection.addEventListener('connectionstatechange', () => {
      this.handlers.onMedia(this.id, connection.connectionState === 'connected');
      const iceIsUp = ['connected', 'completed'].includes(connection.iceConnectionState);
      if (connection.connectionState === 'failed' && iceIsUp) this.#fail('dtls_failed');
    });
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
    clearTimeout(this.#gathering);
    this.#ice?.ended();
    stopTracks(this.#stream);
    this.handlers.onEnded(this.id, this.#failure ?? endReason(cause, message?.getHeader?.('Reason')));
  }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The word for an end that needs saying, or nothing for a normal one. */
export function endReason(cause: string, header?: string): string | undefined {
  const own = fromSipCause(cause);
  if (own) return own.key;
  const reason = readReason(header);
  if (isNormalEnd(reason)) return undefined;
  return reason?.text ?? (reason?.sip ? `SIP ${reason.sip}` : `Q.850 ${reason?.q850}`);
}
