/**
 * Call quality from getStats, once a second: figures from the difference of two reports and one to four bars from the E-model
 * (ITU-T G.107 in its usual short form: delay and loss impairments, no echo, no advantage factor).
 */

export interface AudioReport {
  at: number;
  packetsReceived: number;
  packetsLost: number;
  packetsSent: number;
  jitter: number;
  roundTripTime?: number;
  samplesReceived: number;
  concealedSamples: number;
  bufferDelay: number;
  bufferCount: number;
  energyIn: number;
  codec?: string;
}

export interface Quality {
  bars: 1 | 2 | 3 | 4;
  mos: number;
  jitterMs: number;
  lossPercent: number;
  /** Invented by the decoder where nothing had arrived in time. */
  concealedPercent: number;
  /** From mouth to ear, one way: half a round trip, the jitter buffer, one packet. */
  delayMs: number;
  roundTripMs?: number;
  packetsReceived: number;
  packetsSent: number;
  /** Something other than silence arrived. */
  audible: boolean;
  codec?: string;
}

const PACKET_MS = 20;
const ROBUSTNESS = 10;
const AUDIBLE_ENERGY = 1e-6;

type StatsMap = ReadonlyMap<string, Record<string, unknown>>;

const number = (entry: Record<string, unknown> | undefined, key: string): number => {
  const value = entry?.[key];
  return typeof value === 'number' ? value : 0;
};

/** Entries are found by type: ids differ from call to call and browser to browser. */
export function readReport(stats: StatsMap, at: number): AudioReport | undefined {
  const all = [...stats.values()];
  const audio = (type: string) => all.find((entry) => entry.type === type && entry.kind === 'audio');
  const inbound = audio('inbound-rtp');
  if (!inbound) return undefined;
  const outbound = audio('outbound-rtp');
  const remote = audio('remote-inbound-rtp');
  const codec = stats.get(String(inbound.codecId))?.mimeType;
  return {
    at,
    packetsReceived: number(inbound, 'packetsReceived'),
    packetsLost: number(inbound, 'packetsLost'),
    packetsSent: number(outbound, 'packetsSent'),
    jitter: number(inbound, 'jitter'),
    samplesReceived: number(inbound, 'totalSamplesReceived'),
    concealedSamples: number(inbound, 'concealedSamples') - number(inbound, 'silentConcealedSamples'),
    bufferDelay: number(inbound, 'jitterBufferDelay'),
    bufferCount: number(inbound, 'jitterBufferEmittedCount'),
    energyIn: number(inbound, 'totalAudioEnergy'),
    ...(typeof remote?.roundTripTime === 'number' ? { roundTripTime: remote.roundTripTime } : {}),
    ...(typeof codec === 'string' ? { codec: codec.replace(/^audio\//, '') } : {}),
  };
}

const percent = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.min(100, Math.max(0, (100 * part) / whole));

/** Transmission rating R for a one-way delay in milliseconds and a loss in percent. */
export function ratingFactor(delayMs: number, lossPercent: number): number {
  const delay = 0.024 * delayMs + (delayMs > 177.3 ? 0.11 * (delayMs - 177.3) : 0);
  const loss = (95 * lossPercent) / (lossPercent + ROBUSTNESS);
  return Math.max(0, 93.2 - delay - loss);
}

export function mosOf(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
}

export const barsOf = (rating: number): 1 | 2 | 3 | 4 =>
  rating > 80 ? 4 : rating > 70 ? 3 : rating > 60 ? 2 : 1;

export function compare(before: AudioReport, now: AudioReport): Quality {
  const received = now.packetsReceived - before.packetsReceived;
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const concealed = percent(
    now.concealedSamples - before.concealedSamples,
    now.samplesReceived - before.samplesReceived,
  );
  const lossPercent = percent(lost, lost + received);
  const emitted = now.bufferCount - before.bufferCount;
  const bufferMs = emitted > 0 ? (1000 * (now.bufferDelay - before.bufferDelay)) / emitted : 0;
  const delayMs = (1000 * (now.roundTripTime ?? 0)) / 2 + bufferMs + PACKET_MS;
  const rating = ratingFactor(delayMs, Math.max(lossPercent, concealed));
  return {
    bars: received > 0 ? barsOf(rating) : 1,
    mos: received > 0 ? mosOf(rating) : 1,
    jitterMs: 1000 * now.jitter,
    lossPercent,
    concealedPercent: concealed,
    delayMs,
    packetsReceived: received,
    packetsSent: now.packetsSent - before.packetsSent,
    audible: now.energyIn - before.energyIn > AUDIBLE_ENERGY,
    ...(now.roundTripTime === undefined ? {} : { roundTripMs: 1000 * now.roundTripTime }),
    ...(now.codec ? { codec: now.codec } : {}),
  };
}
