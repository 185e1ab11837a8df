/**
 * Which microphone, speaker and ringer: remembered by id, then by label and group (browsers change ids when site data is
 * cleared, and a docking station gives the same headset a new one), else the system's default.
 */

export type DeviceRole = 'microphone' | 'speaker' | 'ringer';

export interface AudioDevice {
  id: string;
  label: string;
  groupId: string;
}

export interface DeviceLists {
  inputs: AudioDevice[];
  outputs: AudioDevice[];
}

export const DEFAULT_DEVICE = 'default';

const keyOf = (role: DeviceRole) => `dialplane.device.${role}`;

export function remember(role: DeviceRole, device: AudioDevice | undefined): void {
  if (device) localStorage.setItem(keyOf(role), JSON.stringify(device));
  else localStorage.removeItem(keyOf(role));
}

export function remembered(role: DeviceRole): AudioDevice | undefined {
  try {
    const saved: Partial<AudioDevice> = JSON.parse(localStorage.getItem(keyOf(role)) ?? 'null') ?? {};
    if (typeof saved.id !== 'string') return undefined;
    return { id: saved.id, label: saved.label ?? '', groupId: saved.groupId ?? '' };
  } catch {
    return undefined;
  }
}

/** The id to use now; `default` when what was chosen is not there. */
export function resolveDevice(wanted: AudioDevice | undefined, present: AudioDevice[]): string {
  if (!wanted) return DEFAULT_DEVICE;
  const found =
    present.find((device) => device.id === wanted.id) ??
    present.find((device) => device.label === wanted.label && device.groupId === wanted.groupId) ??
    present.find((device) => device.label !== '' && device.label === wanted.label);
  return found?.id ?? DEFAULT_DEVICE;
}

/** Before the grant every id and label is empty: such lists say nothing and are left out. */
export function sortDevices(all: readonly MediaDeviceInfo[]): DeviceLists {
  const ofKind = (kind: MediaDeviceKind) =>
    all
      .filter(
        (device) => device.kind === kind && device.deviceId !== '' && device.deviceId !== 'communications',
      )
      .map((device) => ({ id: device.deviceId, label: device.label, groupId: device.groupId }));
  return { inputs: ofKind('audioinput'), outputs: ofKind('audiooutput') };
}

export async function listDevices(): Promise<DeviceLists> {
  return sortDevices(await navigator.mediaDevices.enumerateDevices());
}

const SETTLE_MS = 300;

/** One plug makes a burst of events; the listener hears once it settled. Returns the way to stop. */
export function onDeviceChange(listener: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(listener, SETTLE_MS);
  };
  navigator.mediaDevices.addEventListener('devicechange', changed);
  return () => {
    clearTimeout(timer);
    navigator.mediaDevices.removeEventListener('devicechange', changed);
  };
}
