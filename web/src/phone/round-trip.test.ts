import { describe, expect, it } from 'vitest';
import { measureRoundTrips, stunAddress } from './round-trip';

class FakeConnection extends EventTarget {
  iceGatheringState: RTCIceGatheringState = 'new';
  closed = false;

  constructor(
    readonly server: RTCIceServer,
    private readonly search: (connection: FakeConnection) => void,
  ) {
    super();
  }

  createDataChannel() {}

  setLocalDescription() {
    this.search(this);
    return Promise.resolve();
  }

  close() {
    this.closed = true;
  }

  candidate(type: string) {
    this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: { type } }));
  }

  refuse() {
    this.dispatchEvent(new Event('icecandidateerror'));
  }

  complete() {
    this.iceGatheringState = 'complete';
    this.dispatchEvent(new Event('icegatheringstatechange'));
  }
}

async function measured(uris: string[], search: (connection: FakeConnection) => void) {
  const connections: FakeConnection[] = [];
  const found = await measureRoundTrips(uris, (server) => {
    const connection = new FakeConnection(server, search);
    connections.push(connection);
    return connection as unknown as RTCPeerConnection;
  });
  return { found, connections };
}

describe('measureRoundTrips', () => {
  it('asks each server by itself and names it as its region does', async () => {
    const uris = ['stun:a.example.test', 'turn:b.example.test:3478?transport=udp'];
    const { found, connections } = await measured(uris, (connection) => {
      connection.candidate('host');
      connection.candidate('srflx');
    });
    expect(connections.map(({ server }) => server.urls)).toEqual([
      'stun:a.example.test',
      'stun:b.example.test:3478',
    ]);
    expect(found.map(({ uri }) => uri)).toEqual(uris);
    expect(found.every(({ roundTripMicroseconds }) => roundTripMicroseconds >= 0)).toBe(true);
    expect(connections.every(({ closed }) => closed)).toBe(true);
  });

  it('takes the end of the search for the answer where there is no NAT', async () => {
    const { found } = await measured(['stun:a'], (connection) => {
      connection.candidate('host');
      connection.complete();
    });
    expect(found).toHaveLength(1);
  });

  it('leaves out a server that does not answer, and what a browser cannot ask', async () => {
    const { found, connections } = await measured(
      ['stun:a', 'turns:b', 'turn:c?transport=tcp'],
      (connection) => {
        connection.candidate('host');
        connection.refuse();
        connection.complete();
      },
    );
    expect(found).toEqual([]);
    expect(connections).toHaveLength(1);
    expect(stunAddress('turns:b')).toBeUndefined();
  });
});
