/**
 * Everything audible of this phone in one place: the microphone and its level, the devices chosen for the three roles, the
 * speaker, the ringer.
 */

import { Store } from '../store';
import {
  type AudioDevice,
  DEFAULT_DEVICE,
  type DeviceLists,
  type DeviceRole,
  listDevices,
  onDeviceChange,
  remember,
  remembered,
  resolveDevice,
} from './devices';
import { fromMediaError, type PhoneError } from './errors';
import { type Level, Meter } from './meter';
import { Microphone, type Permission } from './microphone';
import { Ringer, Speaker } from './sound';

export interface AudioState {
  permission: Permission | 'unknown';
  devices: DeviceLists;
  chosen: Record<DeviceRole, string>;
  volume: number;
  testing: boolean;
  ringBlocked: boolean;
}

export interface AudioDeskHandlers {
  onError(error: PhoneError): void;
  onPermission(permission: Permission): void;
  /** Another stream is open: live legs go over to it. */
  onMicrophone(stream: MediaStream): void;
}

const VOLUME_KEY = 'dialplane.volume';
const TEST_LIMIT_MS = 30_000;
const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];

export class AudioDesk {
  readonly state = new Store<AudioState>({
    permission: 'unknown',
    devices: { inputs: [], outputs: [] },
    chosen: { microphone: DEFAULT_DEVICE, speaker: DEFAULT_DEVICE, ringer: DEFAULT_DEVICE },
    volume: Number(localStorage.getItem(VOLUME_KEY) ?? 1),
    testing: false,
    ringBlocked: false,
  });
  /** Apart from the state: it changes twenty times a second. */
  readonly level = new Store<Level>({ fill: 0, peak: 0 });
  readonly speaker = new Speaker();
  readonly #microphone: Microphone;
  #context: AudioContext | undefined;
  #meter: Meter | undefined;
  #ringer: Ringer | undefined;
  #stopDevices: (() => void) | undefined;
  #testTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly handlers: AudioDeskHandlers) {
    this.#microphone = new Microphone(
      {
        onStream: (stream) => this.#onStream(stream),
        onGone: () => void this.#onGone(),
        onPermission: (permission) => this.#onPermission(permission),
      },
      () => this.state.get().chosen.microphone,
    );
    this.speaker.setVolume(this.state.get().volume);
  }

  async start(): Promise<Permission> {
    const permission = await this.#microphone.permission();
    this.state.patch({ permission });
    if (permission === 'insecure') return permission;
    this.#stopDevices ??= onDeviceChange(() => void this.#refreshDevices());
    await this.#refreshDevices();
    return permission;
  }

  stop(): void {
    this.#stopDevices?.();
    this.#stopDevices = undefined;
    this.ring(false);
    this.setTesting(false);
    this.#microphone.close('call');
  }

  /** From a click: the browser asks its question now. The level shows at once that it hears. */
  async allow(): Promise<boolean> {
    try {
      await this.#openTest();
      this.state.patch({ permission: 'granted' });
      await this.#refreshDevices();
      return true;
    } catch (error) {
      this.handlers.onError(fromMediaError(error));
      this.state.patch({ permission: await this.#microphone.permission() });
      return false;
    }
  }

  /** Throws what getUserMedia throws. */
  openForCall(): Promise<MediaStream> {
    return this.#microphone.open('call');
  }

  closeCall(): void {
    this.#microphone.close('call');
  }

  setTesting(testing: boolean): void {
    if (testing) void this.#openTest().catch((error) => this.handlers.onError(fromMediaError(error)));
    else this.#closeTest();
  }

  async choose(role: DeviceRole, id: string): Promise<void> {
    const { devices, chosen } = this.state.get();
    const list = role === 'microphone' ? devices.inputs : devices.outputs;
    remember(
      role,
      list.find((device: AudioDevice) => device.id === id && id !== DEFAULT_DEVICE),
    );
    this.state.patch({ chosen: { ...chosen, [role]: id } });
    await this.#apply(role);
  }

  setVolume(volume: number): void {
    localStorage.setItem(VOLUME_KEY, String(volume));
    this.state.patch({ volume });
    this.speaker.setVolume(volume);
  }

  ring(on: boolean): void {
    if (on) this.#ring().start();
    else this.#ringer?.stop();
  }

  beep(): void {
    this.#ring().beep();
  }

  #ring(): Ringer {
    this.#ringer ??= new Ringer(this.#audioContext(), (ringBlocked) => this.state.patch({ ringBlocked }));
    this.#ringer.setDevice(this.state.get().chosen.ringer);
    return this.#ringer;
  }

  /** Made on first use: a context that exists before any gesture or grant is born suspended, and browsers complain. */
  #audioContext(): AudioContext {
    this.#context ??= new AudioContext();
    return this.#context;
  }

  async #openTest(): Promise<void> {
    await this.#microphone.open('test');
    this.state.patch({ testing: true });
    clearTimeout(this.#testTimer);
    this.#testTimer = setTimeout(() => this.#closeTest(), TEST_LIMIT_MS);
  }

  #closeTest(): void {
    clearTimeout(this.#testTimer);
    this.#microphone.close('test');
    this.state.patch({ testing: false });
  }

  #onStream(stream: MediaStream | undefined): void {
    this.#meter ??= new Meter(this.#audioContext(), (level) => this.level.set(level));
    if (!stream) {
      this.#meter.stop();
      return;
    }
    void this.#context?.resume();
    void this.#meter.watch(stream).catch(() => undefined);
    this.handlers.onMicrophone(stream);
  }

  async #onGone(): Promise<void> {
    this.handlers.onError({ key: 'microphoneGone' });
    this.state.patch({ chosen: { ...this.state.get().chosen, microphone: DEFAULT_DEVICE } });
    await this.#apply('microphone');
  }

  #onPermission(permission: Permission): void {
    this.state.patch({ permission });
    void this.#refreshDevices();
    this.handlers.onPermission(permission);
  }

  async #refreshDevices(): Promise<void> {
    const devices = await listDevices();
    const before = this.state.get().chosen;
    const chosen = { ...before };
    for (const role of ROLES) {
      chosen[role] = resolveDevice(
        remembered(role),
        role === 'microphone' ? devices.inputs : devices.outputs,
      );
    }
    this.state.patch({ devices, chosen });
    for (const role of ROLES) if (chosen[role] !== before[role]) await this.#apply(role);
  }

  async #apply(role: DeviceRole): Promise<void> {
    const { chosen } = this.state.get();
    if (role === 'speaker') this.speaker.setDevice(chosen.speaker);
    if (role === 'ringer') this.#ringer?.setDevice(chosen.ringer);
    if (role !== 'microphone') return;
    try {
      await this.#microphone.reopen();
    } catch (error) {
      this.handlers.onError(fromMediaError(error));
    }
  }
}
