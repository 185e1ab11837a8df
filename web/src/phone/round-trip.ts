/**
 * How far STUN and TURN servers are from this browser: a page cannot send a STUN request itself, so it watches a peer connection
 * look for its own address. The request leaves when a socket of its own is open (`host`), and is answered with the address that
 * the server saw (`srflx`); where that is the socket's own, without a NAT, the search ends then and names no candidate.
 */

export interface RoundTrip {
  /** As the server's region spells it. */
  uri: string;
  roundTripMicroseconds: number;
}

/** A server that takes longer is none to send calls through. */
const LIMIT_MS = 2000;

type Make = (server: RTCIceServer) => RTCPeerConnection;

const make: Make = (server) => new RTCPeerConnection({ iceServers: [server] });

/** A TURN server answers STUN without a login (RFC 8656); over TCP and TLS browsers ask no STUN server. */
export function stunAddress(uri: string): string | undefined {
  const found = /^(?:stun|turn):([^?]+)(?:\?transport=udp)?$/i.exec(uri);
  return found ? `stun:${found[1]}` : undefined;
}

/** One after the other, so that none waits for another's answer; those that do not answer are left out. */
export async function measureRoundTrips(uris: string[], connect = make): Promise<RoundTrip[]> {
  const found: RoundTrip[] = [];
  for (const uri of uris) {
    const urls = stunAddress(uri);
    if (!urls) continue;
    const ms = await roundTrip(connect({ urls })).catch(() => undefined);
    if (ms !== undefined) found.push({ uri, roundTripMicroseconds: Math.round(ms * 1000) });
  }
  return found;
}

async function roundTrip(connection: RTCPeerConnection): Promise<number | undefined> {
  let limit: ReturnType<typeof setTimeout> | undefined;
  try {
    connection.createDataChannel('');
    const answered = answerOf(connection);
    const late = new Promise<undefined>((resolve) => {
      limit = setTimeout(() => resolve(undefined), LIMIT_MS);
    });
    await connection.setLocalDescription();
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(limit);
    connection.close();
  }
}

function answerOf(connection: RTCPeerConnection): Promise<number | undefined> {
  return new Promise((resolve) => {
    let asked: number | undefined;
    let refused = false;
    const elapsed = () => (asked === undefined ? undefined : performance.now() - asked);
    connection.addEventListener('icecandidateerror', () => {
      refused = true;
    });
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.type === 'host') asked ??= performance.now();
      if (candidate?.type === 'srflx') resolve(elapsed());
    });
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') resolve(refused ? undefined : elapsed());
    });
  });
}
