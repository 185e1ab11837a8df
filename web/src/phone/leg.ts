/** One call of this tab, on the connection that carries it. */
import type { LegState, LegView } from './call-state';
import type { Connection } from './connection';
import { asksToAnswer } from './sip-headers';

export interface LegFacts {
  id: string;
  /** Its number inside the connection's dialog; 0: the one of the INVITE. */
  call: number;
  conversationId: string | undefined;
  number: string;
  name: string | undefined;
  callInfo: string | undefined;
  alertInfo: string | undefined;
}

const TONE_MS = 160;
const TONE_GAP_MS = 70;

export class Leg {
  readonly id: string;
  readonly call: number;
  readonly conversationId: string | undefined;
  readonly number: string;
  readonly name: string | undefined;
  /** The server says that its user asked for this call. */
  readonly wanted: boolean;

  constructor(
    private readonly connection: Connection,
    { id, call, conversationId, number, name, callInfo, alertInfo }: LegFacts,
  ) {
    this.id = id;
    this.call = call;
    this.conversationId = conversationId;
    this.number = number;
    this.name = name;
    this.wanted = asksToAnswer(callInfo, alertInfo);
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

  answer(microphone: MediaStream): void {
    this.connection.answer(this, microphone);
  }

  /** Where nothing has to be opened first; false: answer() is needed. */
  answerAtOnce(): boolean {
    return this.connection.answerAtOnce(this);
  }

  reject(status: 480 | 486 | 603 = 603): void {
    this.connection.leave(this, status);
  }

  hangUp(): void {
    this.connection.leave(this);
  }

  setMuted(muted: boolean): void {
    const { session } = this.connection;
    if (muted) session.mute({ audio: true });
    else session.unmute({ audio: true });
  }

  /** False when the other side refused; the call goes on as it was. */
  setHeld(held: boolean): Promise<boolean> {
    return this.connection.reoffer.hold(held);
  }

  /** False while the media path cannot carry them. */
  sendDigits(digits: string): boolean {
    try {
      const options = { transportType: 'RFC2833' as never, duration: TONE_MS, interToneGap: TONE_GAP_MS };
      this.connection.session.sendDTMF(digits, options);
      return true;
    } catch {
      return false;
    }
  }

  switchMicrophone(microphone: MediaStream): Promise<void> {
    return this.connection.speak(microphone);
  }

  stats(): Promise<RTCStatsReport | undefined> {
    return this.connection.stats();
  }
}
