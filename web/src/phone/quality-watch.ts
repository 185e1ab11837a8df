/** Asks each live leg for its statistics once a second and keeps the latest verdict. */

import { Store } from '../store';
import type { Leg } from './leg';
import { type AudioReport, compare, type Quality, readReport } from './quality';

export interface LegQuality extends Quality {
  /** Seconds in a row without one packet from the other side. */
  deafSeconds: number;
}

const PERIOD_MS = 1000;

export class QualityWatch {
  readonly state = new Store<Record<string, LegQuality>>({});
  readonly #reports = new Map<string, AudioReport>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly legs: () => Leg[]) {}

  start(): void {
    this.#timer ??= setInterval(() => void this.#ask(), PERIOD_MS);
  }

  /** For one leg, or with none left for all. */
  forget(legId: string): void {
    this.#reports.delete(legId);
    const { [legId]: _, ...rest } = this.state.get();
    this.state.set(rest);
    if (this.legs().length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #ask(): Promise<void> {
    for (const leg of this.legs()) {
      const stats = await leg.stats().catch(() => undefined);
      const report =
        stats && readReport(stats as unknown as Map<string, Record<string, unknown>>, Date.now());
      if (report) this.#note(leg.id, report);
    }
  }

  #note(legId: string, report: AudioReport): void {
    const before = this.#reports.get(legId);
    this.#reports.set(legId, report);
    if (!before || !this.legs().some((leg) => leg.id === legId)) return;
    const quality = compare(before, report);
    const silent = quality.packetsReceived === 0;
    const deafSeconds = silent ? (this.state.get()[legId]?.deafSeconds ?? 0) + 1 : 0;
    this.state.patch({ [legId]: { ...quality, deafSeconds } });
  }
}
