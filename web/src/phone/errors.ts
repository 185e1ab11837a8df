/**
 * Every way a call can go wrong, as one key into the texts (`errors.*` in locales/en.json). The texts say what to do.
 */
import { ApiError } from '../api/client';

export const ERROR_KEYS = [
  'microphoneBlocked',
  'microphoneMissing',
  'microphoneBusy',
  'microphoneGone',
  'insecure',
  'noMediaPath',
  'handshake',
  'notAssigned',
  'notFound',
  'noAnswer',
  'busy',
  'noCodec',
  'noTrunk',
  'connectionLost',
  'tooMany',
  'callerIdRefused',
  'holdRefused',
  'noPhone',
  'notANumber',
  'unknown',
] as const;

export type ErrorKey = (typeof ERROR_KEYS)[number];

export interface PhoneError {
  key: ErrorKey;
  /** What the server or browser said, for the details line. */
  detail?: string;
  /** To find the call in the server's records. */
  conversationId?: string;
}

const MEDIA_ERRORS: Record<string, ErrorKey> = {
  NotAllowedError: 'microphoneBlocked',
  SecurityError: 'microphoneBlocked',
  NotFoundError: 'microphoneMissing',
  NotReadableError: 'microphoneBusy',
  AbortError: 'microphoneBusy',
  OverconstrainedError: 'microphoneGone',
};

const SIP_STATUSES: Record<number, ErrorKey> = {
  401: 'notAssigned',
  403: 'notAssigned',
  404: 'notFound',
  408: 'noAnswer',
  410: 'notFound',
  480: 'noAnswer',
  486: 'busy',
  488: 'noCodec',
  503: 'noTrunk',
  600: 'busy',
  604: 'notFound',
  606: 'noCodec',
};

export function fromMediaError(error: unknown): PhoneError {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const key = MEDIA_ERRORS[name];
  return key ? { key } : { key: 'unknown', detail: String(error) };
}

export const fromSipStatus = (status: number): PhoneError => ({
  key: SIP_STATUSES[status] ?? 'unknown',
  detail: `SIP ${status}`,
});

/** A reason that this tab gave an ended leg: one of our keys, or a SIP status. The server's own are `reasons.*`. */
export function reasonKey(reason: string): ErrorKey | undefined {
  const own = ERROR_KEYS.find((key) => key === reason);
  if (own) return own;
  const status = /^SIP (\d{3})$/.exec(reason);
  return status ? SIP_STATUSES[Number(status[1])] : undefined;
}

/** JsSIP names the end of a session by a cause; only those it made itself are read here, the rest have a SIP status. */
export function fromSipCause(cause: string): PhoneError | undefined {
  switch (cause) {
    case 'RTP Timeout':
      return { key: 'noMediaPath' };
    case 'WebRTC Error':
    case 'Bad Media Description':
    case 'Incompatible SDP':
      return { key: 'noCodec' };
    case 'User Denied Media Access':
      return { key: 'microphoneBlocked' };
    case 'Connection Error':
      return { key: 'connectionLost' };
    default:
      return undefined;
  }
}

export function fromApiError(error: unknown): PhoneError {
  if (!(error instanceof ApiError)) return { key: 'connectionLost' };
  if (error.status === 400 && error.field.startsWith('to')) return { key: 'notANumber' };
  const said = error.message ? { detail: error.message } : {};
  if (error.status === 429) return { key: 'tooMany', ...said };
  if (error.status === 403) return { key: 'callerIdRefused', ...said };
  if (error.status === 503) return { key: 'noTrunk', ...said };
  return { key: 'unknown', ...said };
}
