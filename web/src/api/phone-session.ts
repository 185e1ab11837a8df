import type { IceReport } from '../phone/ice-watch';
import type { RoundTrip } from '../phone/round-trip';
import { api } from './client';

/** Short-lived SIP credentials of the logged-in user's browser phone. */
export interface PhoneSession {
  uri: string;
  ws: string;
  username: string;
  password: string;
  instance: string;
  iceServers: RTCIceServer[];
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Whose round trips the server wants to know, to choose among media regions. */
  roundTripServers?: string[];
  persistent: boolean;
  autoAnswer: boolean;
  displayName: string;
  userId: string;
  /** Numbers the user may show as caller; the first is the default. */
  callerIds?: string[];
}

const INSTANCE_KEY = 'dialplane.phone.instance';

/** One instance per tab (RFC 5626 4.1): a reload finds its own registration again, another tab has another. */
export async function openPhoneSession(): Promise<PhoneSession> {
  const instance = sessionStorage.getItem(INSTANCE_KEY);
  const answer = await api<PhoneSession>('/api/v2/telephony/phones/me/session', {
    method: 'POST',
    body: instance ? { instance } : {},
  });
  if (!instance) sessionStorage.setItem(INSTANCE_KEY, answer.instance);
  return {
    ...answer,
    instance: instance ?? answer.instance,
    iceServers: usableIceServers(answer.iceServers ?? []),
  };
}

/** For GET /api/v2/telephony/diagnostics/web-r-t-c. */
export function reportIce(report: IceReport): Promise<void> {
  return api<void>('/api/v2/telephony/phones/me/ice-reports', {
    method: 'POST',
    body: report,
  });
}

/** They choose the media region of the next session, and of the next renewal of this one. */
export function reportRoundTrips(roundTrips: RoundTrip[]): Promise<void> {
  return api<void>('/api/v2/telephony/phones/me/roundtrips', { method: 'POST', body: { roundTrips } });
}

/** A TURN address without credentials makes `new RTCPeerConnection` throw, which would end every call: leave it out. */
export function usableIceServers(servers: RTCIceServer[]): RTCIceServer[] {
  return servers.filter((server) => {
    const urls = Array.isArray(server.urls) ? server.urls : [server.urls];
    const needsLogin = urls.some((url) => /^turns?:/i.test(url));
    return urls.length > 0 && (!needsLogin || (!!server.username && !!server.credential));
  });
}

/** The server names its WebSocket; the page may only reach its own origin, so just the path is taken from it. */
export function sameOriginSocket(address: string, page: { protocol: string; host: string }): string {
  const url = new URL(address, `${page.protocol}//${page.host}`);
  const scheme = page.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${page.host}${url.pathname}${url.search}`;
}
