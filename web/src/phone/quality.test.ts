import { describe, expect, it } from 'vitest';
import { type AudioReport, barsOf, compare, mosOf, ratingFactor, readReport } from './quality';

const report = (more: Partial<AudioReport> = {}): AudioReport => ({
  at: 0,
  packetsReceived: 0,
  packetsLost: 0,
  packetsSent: 0,
  jitter: 0,
  samplesReceived: 0,
  concealedSamples: 0,
  bufferDelay: 0,
  bufferCount: 0,
  energyIn: 0,
  ...more,
});

describe('rating', () => {
  it('a clean short call is as good as it gets', () => {
    expect(ratingFactor(40, 0)).toBeCloseTo(92.2, 1);
    expect(mosOf(ratingFactor(40, 0))).toBeGreaterThan(4.3);
    expect(barsOf(ratingFactor(40, 0))).toBe(4);
  });
  it('falls with loss and with delay beyond 177 ms', () => {
    expect(barsOf(ratingFactor(40, 2))).toBe(3);
    expect(barsOf(ratingFactor(40, 10))).toBe(1);
    expect(ratingFactor(400, 0)).toBeLessThan(ratingFactor(177, 0) - 20);
  });
  it('never leaves the scale', () => {
    expect(mosOf(-5)).toBe(1);
    expect(mosOf(150)).toBe(4.5);
  });
});

describe('a second of a call', () => {
  it('is the difference of two reports', () => {
    const before = report({ packetsReceived: 100, packetsLost: 5, samplesReceived: 96_000, energyIn: 0.1 });
    const now = report({
      packetsReceived: 145,
      packetsLost: 10,
      samplesReceived: 144_000,
      concealedSamples: 4800,
      energyIn: 0.2,
      jitter: 0.004,
      roundTripTime: 0.03,
      codec: 'opus',
    });
    const quality = compare(before, now);
    expect(quality).toMatchObject({ lossPercent: 10, packetsReceived: 45, audible: true, codec: 'opus' });
    expect(quality.concealedPercent).toBe(10);
    expect(quality.jitterMs).toBe(4);
    expect(quality.roundTripMs).toBe(30);
    expect(quality.delayMs).toBe(35);
  });
  it('says what made it bad: a jitter buffer that has grown, or gaps without loss', () => {
    const before = report({ packetsReceived: 100, samplesReceived: 48_000 });
    const clean = { packetsReceived: 150, samplesReceived: 96_000 };
    const late = compare(before, report({ ...clean, bufferDelay: 48_000 * 0.8, bufferCount: 48_000 }));
    expect(late).toMatchObject({ bars: 1, lossPercent: 0, concealedPercent: 0, delayMs: 820 });
    const torn = compare(before, report({ ...clean, concealedSamples: 24_000 }));
    expect(torn).toMatchObject({ bars: 1, lossPercent: 0, concealedPercent: 50, delayMs: 20 });
  });
  it('without packets is one bar, silent or not', () => {
    expect(compare(report({ packetsReceived: 9 }), report({ packetsReceived: 9 }))).toMatchObject({
      bars: 1,
      audible: false,
    });
  });
  it('a late packet that lowers the loss counter is no negative loss', () => {
    const before = report({ packetsLost: 3 });
    expect(compare(before, report({ packetsReceived: 50, packetsLost: 2 })).lossPercent).toBe(0);
  });
});

describe('a statistics report', () => {
  const stats = new Map<string, Record<string, unknown>>([
    ['V', { type: 'inbound-rtp', kind: 'video', packetsReceived: 1 }],
    [
      'I',
      {
        type: 'inbound-rtp',
        kind: 'audio',
        packetsReceived: 7,
        codecId: 'C',
        concealedSamples: 9,
        silentConcealedSamples: 4,
      },
    ],
    ['O', { type: 'outbound-rtp', kind: 'audio', packetsSent: 8 }],
    ['R', { type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: 0.02 }],
    ['C', { type: 'codec', mimeType: 'audio/PCMU' }],
  ]);
  it('is read by type, not by id', () => {
    expect(readReport(stats, 5)).toMatchObject({
      packetsReceived: 7,
      packetsSent: 8,
      roundTripTime: 0.02,
      codec: 'PCMU',
      concealedSamples: 5,
    });
  });
  it('is nothing before audio arrives', () => {
    expect(readReport(new Map(), 0)).toBeUndefined();
  });
});
