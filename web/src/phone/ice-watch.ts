/**
 * What became of one call's search for a media path: candidates found, servers that did not answer, and the pair that carries
 * the sound. Told once, when the path stands or there is none.
 */

/** Longer than a call is given up for other reasons: still searching then means that nothing got through. */
const SEARCH_MS = 5000;
const MAX_ERRORS = 8;

export type IceOutcome = 'connected' | 'failed' | 'gatheringTimeout';

export interface IceReport {
  conversationId?: string;
  outcome: IceOutcome;
  iceState: RTCIceConnectionState;
  /** Until the browser had asked everybody; absent when it had not. */
  gatheringMilliseconds?: number;
  candidates: Record<'host' | 'srflx' | 'prflx' | 'relay', number>;
  errors: { url: string; code: number; text: string }[];
  selected?: { local: string; remote: string; protocol: string };
}

export class IceWatch {
  readonly #candidates = { host: 0, srflx: 0, prflx: 0, relay: 0 };
  readonly #errors: IceReport['errors'] = [];
  readonly #began: number;
  #gathered: number | undefined;
  #told = false;

  constructor(
    private readonly connection: RTCPeerConnection,
    private readonly onReport: (report: IceReport) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#began = now();
    connection.addEventListener('icecandidate', ({ candidate }) => candidate && this.#count(candidate));
    connection.addEventListener('icecandidateerror', (error) => this.#onError(error));
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') this.#gathered ??= this.#elapsed();
    });
    connection.addEventListener('iceconnectionstatechange', () => {
      if (connection.iceConnectionState === 'failed') this.#tell('failed');
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') void this.#connected();
    });
  }

  gatheringTimedOut(): void {
    this.#tell('gatheringTimeout');
  }

  /** The call is over, for whatever reason. */
  ended(): void {
    const searching = ['new', 'checking'].includes(this.connection.iceConnectionState);
    if (searching && this.#elapsed() >= SEARCH_MS) this.#tell('failed');
    this.#told = true;
  }

  async #connected(): Promise<void> {
    if (this.#told) return;
    const stats = await this.connection.getStats().catch(() => undefined);
    const selected = stats && selectedPair([...stats.values()]);
    this.#tell('connected', selected);
  }

  #tell(outcome: IceOutcome, selected?: IceReport['selected']): void {
    if (this.#told) return;
    this.#told = true;
    this.onReport({
      outcome,
      iceState: this.connection.iceConnectionState,
      ...(this.#gathered === undefined ? {} : { gatheringMilliseconds: this.#gathered }),
      candidates: { ...this.#candidates },
      errors: [...this.#errors],
      ...(selected ? { selected } : {}),
    });
  }

  #count({ type, candidate }: RTCIceCandidate): void {
    if (type && candidate) this.#candidates[type] += 1;
  }

  #onError({ url, errorCode, errorText }: RTCPeerConnectionIceErrorEvent): void {
    if (this.#errors.length >= MAX_ERRORS) return;
    this.#errors.push({ url: url ?? '', code: errorCode, text: (errorText ?? '').slice(0, 200) });
  }

  #elapsed(): number {
    return Math.round(this.now() - this.#began);
  }
}

/** Addresses stay in the browser; what kind of path it is says enough. */
function selectedPair(entries: Record<string, unknown>[]): IceReport['selected'] {
  const transport = entries.find((entry) => entry.type === 'transport');
  const pair = entries.find((entry) => entry.id === transport?.selectedCandidatePairId);
  const local = entries.find((entry) => entry.id === pair?.localCandidateId);
  const remote = entries.find((entry) => entry.id === pair?.remoteCandidateId);
  if (!local || !remote) return undefined;
  return {
    local: String(local.candidateType),
    remote: String(remote.candidateType),
    protocol: String(local.relayProtocol ?? local.protocol),
  };
}
