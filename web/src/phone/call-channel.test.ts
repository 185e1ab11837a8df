import { describe, expect, it } from 'vitest';
import { keepsDialog, readCallInfo, writeCallInfo } from './call-channel';

describe('info package dialplane-call', () => {
  it('reads what it writes', () => {
    const info = { act: 'accept', call: 3 } as const;
    expect(readCallInfo('dialplane-call', writeCallInfo(info))).toEqual(info);
    expect(writeCallInfo({ act: 'decline', call: 3, status: 486 })).toContain('Status=486');
  });

  it.each([
    ['other', 'Act=alert\r\nCall=1\r\n'],
    [undefined, 'Act=alert\r\nCall=1\r\n'],
    ['dialplane-call', undefined],
    ['dialplane-call', 'Act=explode\r\nCall=1\r\n'],
    ['dialplane-call', 'Act=alert\r\nCall=-1\r\n'],
    ['dialplane-call', 'Act=alert\r\n'],
  ])('takes nothing else: %s %s', (name, body) => expect(readCallInfo(name, body)).toBeUndefined());

  it('knows whether a dialog is kept', () => {
    expect(keepsDialog('dtmf, dialplane-call;v=1')).toBe(true);
    expect(keepsDialog('dialplane-calls')).toBe(false);
    expect(keepsDialog(undefined)).toBe(false);
  });
});
