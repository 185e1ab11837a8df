/** Loudness of a stream, for the bar in the audio panel and for "you are muted but speaking". */

export interface Level {
  /** 0 (silence) to 1 (full scale), linear in decibels over the range that speech uses. */
  fill: number;
  /** The same for the loudest sample lately. */
  peak: number;
}

const FLOOR_DB = -60;
/** Peak hold: falls this much of the scale per report. */
const PEAK_FALL = 0.02;
const SPEECH_FILL = 0.45;

export function fillOf(amplitude: number): number {
  if (amplitude <= 0) return 0;
  const db = 20 * Math.log10(amplitude);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

export const isSpeech = (level: Level): boolean => level.fill > SPEECH_FILL;

export class Meter {
  #source: MediaStreamAudioSourceNode | undefined;
  #node: AudioWorkletNode | undefined;
  #peak = 0;

  constructor(
    private readonly context: AudioContext,
    private readonly onLevel: (level: Level) => void,
  ) {}

  async watch(stream: MediaStream): Promise<void> {
    this.stop();
    await this.context.audioWorklet.addModule(new URL('./meter.worklet.js', import.meta.url));
    this.#source = this.context.createMediaStreamSource(stream);
    this.#node = new AudioWorkletNode(this.context, 'dialplane-meter', { numberOfOutputs: 0 });
    this.#node.port.onmessage = ({ data }: MessageEvent<[number, number]>) => this.#report(data);
    this.#source.connect(this.#node);
  }

  stop(): void {
    this.#source?.disconnect();
    this.#node?.port.close();
    this.#source = undefined;
    this.#node = undefined;
    this.#peak = 0;
    this.onLevel({ fill: 0, peak: 0 });
  }

  #report([rms, peak]: [number, number]): void {
    this.#peak = Math.max(fillOf(peak), this.#peak - PEAK_FALL);
    this.onLevel({ fill: fillOf(rms), peak: this.#peak });
  }
}
