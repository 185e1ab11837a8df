import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/client';
import en from '../locales/en.json';
import {
  ERROR_KEYS,
  fromApiError,
  fromMediaError,
  fromSipCause,
  fromSipStatus,
  type PhoneError,
} from './errors';

const textOf = (error: PhoneError | undefined) => error && en.errors[error.key];
const named = (name: string) => Object.assign(new Error(name), { name });

describe('every row of the table of error texts', () => {
  const media: [string, string][] = [
    ['NotAllowedError', 'The browser blocked the microphone. Allow it in the address bar, then try again.'],
    ['NotFoundError', 'No microphone found. Plug in a headset.'],
    ['NotReadableError', 'Another program is using the microphone, or the system refused it.'],
    ['OverconstrainedError', 'The chosen microphone is gone. Pick another.'],
  ];
  it.each(media)('%s', (name, text) => expect(textOf(fromMediaError(named(name)))).toBe(text));

  const sip: [number, string][] = [
    [403, 'Phone not assigned to you.'],
    [404, 'Number or phone does not exist.'],
    [410, 'Number or phone does not exist.'],
    [408, 'No answer.'],
    [480, 'No answer.'],
    [486, 'Busy.'],
    [600, 'Busy.'],
    [488, 'No common codec; ask for PCMU.'],
    [503, 'No trunk available.'],
  ];
  it.each(sip)('SIP %i', (status, text) => expect(textOf(fromSipStatus(status))).toBe(text));

  const causes: [string, string][] = [
    ['RTP Timeout', 'No media path: UDP is blocked or TURN is missing. Run diagnostics.'],
    ['Connection Error', 'Connection lost, trying again.'],
  ];
  it.each(causes)('%s', (cause, text) => expect(textOf(fromSipCause(cause))).toBe(text));

  it('insecure page and failed handshake', () => {
    expect(en.errors.insecure).toBe('Calls need https.');
    expect(en.errors.handshake).toBe('Security handshake failed.');
  });
});

describe('the API says no', () => {
  const no = (status: number, message = '') => fromApiError(new ApiError(status, '', message, 'ctx'));
  it('keeps what the server said', () => {
    expect(no(400, 'type must be pstn.')).toEqual({
      key: 'unknown',
      detail: 'type must be pstn.',
    });
    expect(
      textOf(
        fromApiError(new ApiError(400, 'invalid.value', 'to.phoneNumber must …', 'ctx', 'to.phoneNumber')),
      ),
    ).toBe('That is no telephone number. Write it with + and the country code.');
    expect(no(403, 'Not yours.')).toEqual({ key: 'callerIdRefused', detail: 'Not yours.' });
    expect(no(429).key).toBe('tooMany');
    expect(no(503).key).toBe('noTrunk');
  });
  it('takes a failed fetch for a lost connection', () => {
    expect(fromApiError(new TypeError('Failed to fetch')).key).toBe('connectionLost');
  });
});

it('every key has its text and every text its key', () => {
  expect(Object.keys(en.errors).sort()).toEqual([...ERROR_KEYS].sort());
});
