/** Why a leg ended, as one word or sentence for the card; nothing for a normal end. */
import { fromSipCause } from './errors';
import { isNormalEnd, readReason } from './sip-headers';

export function endReason(cause: string, header?: string): string | undefined {
  const own = fromSipCause(cause);
  if (own) return own.key;
  const reason = readReason(header);
  if (isNormalEnd(reason)) return undefined;
  return reason?.text ?? (reason?.sip ? `SIP ${reason.sip}` : `Q.850 ${reason?.q850}`);
}
