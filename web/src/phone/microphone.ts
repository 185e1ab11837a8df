/**
 * The microphone: permission, one shared stream while somebody needs it, and its end. Whoever needs it says so (`call`,
 * `test`); when nobody does, it is closed and the browser's recording mark goes out.
 */
import { DEFAULT_DEVICE } from './devices';

export type MicrophoneUser = 'call' | 'test';
export type Permission = 'granted' | 'denied' | 'prompt' | 'insecure';

export interface MicrophoneHandlers {
  onStream(stream: MediaStream | undefined): void;
  /** The device went away while in use. */
  onGone(): void;
  onPermission(permission: Permission): void;
}

export function constraintsFor(deviceId: string): MediaStreamConstraints {
  return {
    audio: {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      channelCount: 1,
      ...(deviceId === DEFAULT_DEVICE ? {} : { deviceId: { exact: deviceId } }),
    },
  };
}

export class Microphone {
  readonly #users = new Set<MicrophoneUser>();
  #stream: MediaStream | undefined;
  #opening: Promise<MediaStream> | undefined;
  #status: PermissionStatus | undefined;

  constructor(
    private readonly handlers: MicrophoneHandlers,
    private readonly deviceId: () => string,
  ) {}

  /** Without `mediaDevices` the page is not a secure context, and nothing a user could allow would help. */
  async permission(): Promise<Permission> {
    if (!navigator.mediaDevices) return 'insecure';
    try {
      this.#status ??= await navigator.permissions.query({ name: 'microphone' as PermissionName });
      this.#status.onchange = () => this.handlers.onPermission(this.#status?.state ?? 'prompt');
      return this.#status.state;
    } catch {
      return 'prompt';
    }
  }

  async open(user: MicrophoneUser): Promise<MediaStream> {
    this.#users.add(user);
    try {
      this.#opening ??= this.#stream ? Promise.resolve(this.#stream) : this.#get();
      return await this.#opening;
    } catch (error) {
      this.#users.delete(user);
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  close(user: MicrophoneUser): void {
    this.#users.delete(user);
    if (this.#users.size === 0) this.#drop();
  }

  /** After another choice of device: the open stream is replaced, and the new one handed back. */
  async reopen(): Promise<MediaStream | undefined> {
    if (this.#users.size === 0) return undefined;
    const before = this.#stream;
    const stream = await this.#get();
    stop(before);
    return stream;
  }

  async #get(): Promise<MediaStream> {
    const stream = await navigator.mediaDevices.getUserMedia(constraintsFor(this.deviceId()));
    if (this.#users.size === 0) {
      stop(stream);
      throw new DOMException('nobody needs the microphone any more', 'AbortError');
    }
    this.#stream = stream;
    stream.getAudioTracks()[0]?.addEventListener('ended', () => {
      if (this.#stream === stream) this.handlers.onGone();
    });
    this.handlers.onStream(stream);
    return stream;
  }

  #drop(): void {
    stop(this.#stream);
    this.#stream = undefined;
    this.handlers.onStream(undefined);
  }
}

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
