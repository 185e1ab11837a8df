/** What Dialplane says to its phones in the headers of an INVITE, or of an INFO that stands for one. */

/**
 * `Call-Info: <…>;answer-after=0` (RFC 5373 names the idea, phones agree on this form) or `Alert-Info` with `auto-answer` /
 * `alert-autoanswer`: the server asks the phone to answer because its user already did, by pressing Call.
 */
export function asksToAnswer(callInfo?: string, alertInfo?: string): boolean {
  const delay = /;\s*answer-after\s*=\s*"?(\d+)/i.exec(callInfo ?? '');
  if (delay) return Number(delay[1]) === 0;
  return /auto-?answer/i.test(alertInfo ?? '');
}

/** RFC 3326 `Reason`, the first SIP or Q.850 value: `SIP ;cause=486 ;text="Busy Here"`. */
export function readReason(header?: string): { sip?: number; q850?: number; text?: string } | undefined {
  if (!header) return undefined;
  const cause = /(?:^|,)\s*(SIP|Q\.850)\s*;[^,]*?cause\s*=\s*(\d+)/i.exec(header);
  if (!cause) return undefined;
  const text = /text\s*=\s*"([^"]*)"/i.exec(header)?.[1];
  const value = Number(cause[2]);
  return {
    ...(cause[1]?.toUpperCase() === 'SIP' ? { sip: value } : { q850: value }),
    ...(text ? { text } : {}),
  };
}

/** A clearing that is nothing to report: answered elsewhere, normal clearing, the caller gave up. */
export function isNormalEnd(reason: { sip?: number; q850?: number } | undefined): boolean {
  return !reason || reason.sip === 200 || reason.sip === 487 || reason.q850 === 16 || reason.q850 === 26;
}

/** `"Ann \\"A\\" Lee" <sip:+15551234567@example.org;user=phone>` as the server writes it (RFC 3325 section 9.1). */
export function readAddress(header?: string): { user: string; name?: string } | undefined {
  const parts = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*))\s*<sips?:([^@>;]*)@/i.exec(header ?? '');
  if (!parts) return undefined;
  const name = (parts[1]?.replace(/\\(.)/g, '$1') ?? parts[2] ?? '').trim();
  return { user: unescapeUser(parts[3] ?? ''), ...(name ? { name } : {}) };
}

/** RFC 3261 section 19.1.2; what is no escape stays as it is. */
function unescapeUser(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
