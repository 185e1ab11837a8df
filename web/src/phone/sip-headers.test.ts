import { describe, expect, it } from 'vitest';
import { asksToAnswer, isNormalEnd, readAddress, readReason } from './sip-headers';

describe('automatic answer', () => {
  it.each([
    ['<sip:dialplane.test>;answer-after=0', undefined, true],
    ['<sip:x> ; answer-after = 0', undefined, true],
    ['<sip:x>;answer-after=5', undefined, false],
    ['<http://example.test/photo.jpg>;purpose=icon', undefined, false],
    [undefined, '<http://127.0.0.1>;info=alert-autoanswer;delay=0', true],
    [undefined, 'Auto-Answer', true],
    [undefined, '<urn:alert:service:normal>', false],
    [undefined, undefined, false],
  ])('Call-Info %s, Alert-Info %s: %s', (callInfo, alertInfo, expected) => {
    expect(asksToAnswer(callInfo, alertInfo)).toBe(expected);
  });
});

describe('Reason (RFC 3326)', () => {
  it('gives cause and text', () => {
    expect(readReason('SIP ;cause=486 ;text="Busy Here"')).toEqual({ sip: 486, text: 'Busy Here' });
    expect(readReason('Q.850;cause=17')).toEqual({ q850: 17 });
    expect(readReason('preemption;cause=1, SIP;cause=200;text="Call completed elsewhere"')).toEqual({
      sip: 200,
      text: 'Call completed elsewhere',
    });
    expect(readReason('nonsense')).toBeUndefined();
    expect(readReason(undefined)).toBeUndefined();
  });
  it('tells a normal end from one to report', () => {
    expect(isNormalEnd(undefined)).toBe(true);
    expect(isNormalEnd({ q850: 16 })).toBe(true);
    expect(isNormalEnd({ sip: 200 })).toBe(true);
    expect(isNormalEnd({ sip: 503 })).toBe(false);
  });
});

describe('P-Asserted-Identity', () => {
  it.each([
    [
      '"Bob \\"B\\" Lee" <sip:+15552223333@example.org;user=phone>',
      { user: '+15552223333', name: 'Bob "B" Lee' },
    ],
    ['<sip:alice%20w@example.org>', { user: 'alice w' }],
    ['<sip:100%@example.org>', { user: '100%' }],
    ['tel:+15552223333', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => expect(readAddress(header)).toEqual(expected));
});
