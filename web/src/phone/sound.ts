/**
 * What comes out: the other side's voice on the speaker, the ring on its own device, and the short beep before an automatic
 * answer in the headset. All through `<audio>` elements, the one place where every browser can choose an output.
 */
import { DEFAULT_DEVICE } from './devices';

const RING_ON_MS = 1000;
const RING_PERIOD_MS = 3000;
const RING_TONES = [587.33, 739.99];
const BEEP_MS = 200;
const BEEP_HZ = 880;

async function route(element: HTMLAudioElement, deviceId: string): Promise<void> {
  if (!('setSinkId' in element)) return;
  const sink = deviceId === DEFAULT_DEVICE ? '' : deviceId;
  // A device that has just gone away: the default is better than silence.
  if (element.sinkId !== sink) await element.setSinkId(sink).catch(() => element.setSinkId(''));
}

export class Speaker {
  readonly #elements = new Map<string, HTMLAudioElement>();
  #deviceId = DEFAULT_DEVICE;
  #volume = 1;

  /** Chrome feeds remote audio to nothing unless an element that stays referenced plays it. */
  play(legId: string, stream: MediaStream): void {
    const element = this.#elements.get(legId) ?? new Audio();
    this.#elements.set(legId, element);
    element.srcObject = stream;
    element.volume = this.#volume;
    void route(element, this.#deviceId).then(() => element.play().catch(() => undefined));
  }

  stop(legId: string): void {
    const element = this.#elements.get(legId);
    if (!element) return;
    element.pause();
    element.srcObject = null;
    this.#elements.delete(legId);
  }

  setVolume(volume: number): void {
    this.#volume = volume;
    for (const element of this.#elements.values()) element.volume = volume;
  }

  setDevice(deviceId: string): void {
    this.#deviceId = deviceId;
    for (const element of this.#elements.values()) void route(element, deviceId);
  }

  get deviceId(): string {
    return this.#deviceId;
  }
}

/** Plays made tones through one element per device choice. */
export class Ringer {
  readonly #element = new Audio();
  #output: MediaStreamAudioDestinationNode | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly context: AudioContext,
    private readonly onBlocked: (blocked: boolean) => void,
  ) {}

  setDevice(deviceId: string): void {
    void route(this.#element, deviceId);
  }

  start(): void {
    if (this.#timer) return;
    void this.#play(() => this.#timer && this.#ringOnce());
    this.#timer = setInterval(() => this.#ringOnce(), RING_PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.onBlocked(false);
  }

  /** So that nobody is on the air without knowing it. */
  beep(): void {
    void this.#play(() => this.#tone(BEEP_HZ, 0, BEEP_MS));
  }

  /** A browser that wants a gesture first says so by leaving the context suspended. */
  async #play(sound: () => unknown): Promise<void> {
    const resumed = this.context.resume();
    await Promise.race([resumed, new Promise((resolve) => setTimeout(resolve, 300))]);
    if (this.context.state !== 'running') {
      this.onBlocked(true);
      await resumed.catch(() => undefined);
      this.onBlocked(false);
    }
    this.#element.srcObject ??= this.#destination().stream;
    await this.#element.play().catch(() => this.onBlocked(true));
    sound();
  }

  #destination(): MediaStreamAudioDestinationNode {
    this.#output ??= this.context.createMediaStreamDestination();
    return this.#output;
  }

  #ringOnce(): void {
    const half = RING_ON_MS / 4;
    for (const part of [0, 1, 2, 3]) this.#tone(RING_TONES[part % 2] ?? BEEP_HZ, part * half, half);
  }

  #tone(hertz: number, afterMs: number, lengthMs: number): void {
    const start = this.context.currentTime + afterMs / 1000;
    const end = start + lengthMs / 1000;
    const oscillator = this.context.createOscillator();
    const gain = this.context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.25, start + 0.02);
    gain.gain.setValueAtTime(0.25, end - 0.03);
    gain.gain.linearRampToValueAtTime(0, end);
    oscillator.connect(gain).connect(this.#destination());
    oscillator.start(start);
    oscillator.stop(end);
  }
}
