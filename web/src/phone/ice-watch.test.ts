import { describe, expect, it } from 'vitest';
import { type IceReport, IceWatch } from './ice-watch';

class FakeConnection extends EventTarget {
  iceConnectionState: RTCIceConnectionState = 'new';
  iceGatheringState: RTCIceGatheringState = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  stats: Record<string, unknown>[] = [];

  getStats() {
    return Promise.resolve(new Map(this.stats.map((entry) => [entry.id, entry])));
  }

  tell(type: string, detail: object = {}) {
    this.dispatchEvent(Object.assign(new Event(type), detail));
  }

  candidate(type: string) {
    this.tell('icecandidate', { candidate: { type, candidate: 'candidate:1' } });
  }
}

function watched() {
  const connection = new FakeConnection();
  const reports: IceReport[] = [];
  const clock = { now: 0 };
  const watch = new IceWatch(
    connection as unknown as RTCPeerConnection,
    (report) => reports.push(report),
    () => clock.now,
  );
  return { connection, reports, clock, watch };
}

describe('IceWatch', () => {
  it('tells once how a call found its path', async () => {
    const { connection, reports, clock, watch } = watched();
    connection.candidate('host');
    connection.candidate('relay');
    clock.now = 120;
    connection.iceGatheringState = 'complete';
    connection.tell('icegatheringstatechange');
    connection.stats = [
      { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
      { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' },
      { id: 'L', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tcp' },
      { id: 'R', type: 'remote-candidate', candidateType: 'host', protocol: 'udp' },
    ];
    connection.iceConnectionState = 'connected';
    connection.connectionState = 'connected';
    connection.tell('connectionstatechange');
    await new Promise((done) => setTimeout(done));
    watch.ended();
    expect(reports).toEqual([
      {
        outcome: 'connected',
        iceState: 'connected',
        gatheringMilliseconds: 120,
        candidates: { host: 1, srflx: 0, prflx: 0, relay: 1 },
        errors: [],
        selected: { local: 'relay', remote: 'host', protocol: 'tcp' },
      },
    ]);
  });

  it('names the servers that did not answer when there is no path', () => {
    const { connection, reports, watch } = watched();
    connection.candidate('host');
    connection.tell('icecandidateerror', { url: 'stun:dead:3478', errorCode: 701, errorText: 'no answer' });
    connection.iceConnectionState = 'failed';
    connection.tell('iceconnectionstatechange');
    watch.ended();
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      outcome: 'failed',
      errors: [{ url: 'stun:dead:3478', code: 701, text: 'no answer' }],
    });
  });

  it('tells a gathering that found nothing in time from a path that failed', () => {
    const { reports, watch } = watched();
    watch.gatheringTimedOut();
    expect(reports.map((report) => report.outcome)).toEqual(['gatheringTimeout']);
  });

  it('takes a call that ended during a long search for a failed one, and a short one for given up', () => {
    const long = watched();
    long.connection.iceConnectionState = 'checking';
    long.clock.now = 5000;
    long.watch.ended();
    expect(long.reports.map((report) => report.outcome)).toEqual(['failed']);
    const short = watched();
    short.connection.iceConnectionState = 'checking';
    short.clock.now = 4999;
    short.watch.ended();
    expect(short.reports).toEqual([]);
  });
});
