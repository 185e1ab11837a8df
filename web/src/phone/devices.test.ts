import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AudioDevice,
  DEFAULT_DEVICE,
  remember,
  remembered,
  resolveDevice,
  sortDevices,
} from './devices';

const headset: AudioDevice = { id: 'h1', label: 'Headset', groupId: 'g1' };
const webcam: AudioDevice = { id: 'w1', label: 'Webcam', groupId: 'g2' };

describe('the device to use', () => {
  it('is the chosen one while it is there', () =>
    expect(resolveDevice(headset, [webcam, headset])).toBe('h1'));
  it('is found again under another id by label and group, then by label', () => {
    expect(resolveDevice(headset, [{ ...headset, id: 'h2' }])).toBe('h2');
    expect(resolveDevice(headset, [{ ...headset, id: 'h3', groupId: 'g9' }])).toBe('h3');
  });
  it('is the default when it was unplugged or never chosen', () => {
    expect(resolveDevice(headset, [webcam])).toBe(DEFAULT_DEVICE);
    expect(resolveDevice(undefined, [webcam])).toBe(DEFAULT_DEVICE);
    expect(resolveDevice({ id: 'x', label: '', groupId: '' }, [{ id: 'y', label: '', groupId: 'q' }])).toBe(
      DEFAULT_DEVICE,
    );
  });
});

describe('remembering', () => {
  beforeEach(() => localStorage.clear());
  it('is per role', () => {
    remember('ringer', headset);
    expect(remembered('ringer')).toEqual(headset);
    expect(remembered('speaker')).toBeUndefined();
    remember('ringer', undefined);
    expect(remembered('ringer')).toBeUndefined();
  });
  it('survives what somebody else wrote there', () => {
    localStorage.setItem('dialplane.device.speaker', '{"id":7');
    expect(remembered('speaker')).toBeUndefined();
    localStorage.setItem('dialplane.device.speaker', '{"id":7}');
    expect(remembered('speaker')).toBeUndefined();
  });
});

it('nameless devices from before the grant are no choice', () => {
  const info = (kind: MediaDeviceKind, deviceId: string) =>
    ({ kind, deviceId, label: deviceId, groupId: 'g' }) as MediaDeviceInfo;
  const lists = sortDevices([
    info('audioinput', ''),
    info('audioinput', 'm1'),
    info('audiooutput', 's1'),
    info('audiooutput', 'communications'),
    info('videoinput', 'v1'),
  ]);
  expect(lists.inputs.map((d) => d.id)).toEqual(['m1']);
  expect(lists.outputs.map((d) => d.id)).toEqual(['s1']);
});
