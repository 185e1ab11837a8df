/**
 * Calls inside a dialog that stays up between them: INFO with the package `dialplane-call` (RFC 6086). The server alerts and
 * releases, the phone accepts, declines and leaves; `call` numbers the calls of one dialog, 0 is the one of its INVITE.
 */

const PACKAGE = 'dialplane-call';
const ACTS = ['alert', 'release', 'accept', 'decline', 'leave'] as const;

export type CallAct = (typeof ACTS)[number];

export interface CallInfo {
  act: CallAct;
  call: number;
  /** Of a decline: the SIP status it stands for. */
  status?: number;
}

export const CALL_BODY = 'application/vnd.dialplane.call';
export const CALL_HEADERS = [`Info-Package: ${PACKAGE}`, 'Content-Disposition: Info-Package'];
/** In our 200: we can be alerted inside this dialog. */
export const RECEIVES_CALLS = `Recv-Info: ${PACKAGE}`;

export const writeCallInfo = ({ act, call, status }: CallInfo): string =>
  `Act=${act}\r\nCall=${call}\r\n${status ? `Status=${status}\r\n` : ''}`;

export function readCallInfo(
  infoPackage: string | undefined,
  body: string | undefined,
): CallInfo | undefined {
  if (infoPackage?.trim().toLowerCase() !== PACKAGE) return undefined;
  const lines = new Map((body ?? '').split(/\r?\n/).map((line) => line.split('=', 2) as [string, string]));
  const act = ACTS.find((known) => known === lines.get('Act'));
  const call = Number(lines.get('Call') ?? Number.NaN);
  return act && Number.isInteger(call) && call >= 0 ? { act, call } : undefined;
}

/** The `Recv-Info` of an INVITE: its sender keeps the dialog after the call, if we can be alerted inside. */
export const keepsDialog = (recvInfo: string | undefined): boolean =>
  (recvInfo ?? '').split(',').some((name) => name.split(';')[0]?.trim().toLowerCase() === PACKAGE);
