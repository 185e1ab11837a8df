/**
 * One tab rings. The owner of the Web Lock is the phone; the others wait their turn and take over the moment it closes. Taking
 * it by hand ends the owner's turn, and the loser queues again.
 */

const LOCK = 'dialplane-phone';

export interface TabLockHandlers {
  onOwned(): void;
  /** Another tab is the phone now. */
  onWaiting(): void;
}

export class TabLock {
  #release: (() => void) | undefined;
  #waiting: AbortController | undefined;
  #stopped = false;

  constructor(
    private readonly handlers: TabLockHandlers,
    private readonly locks: LockManager | undefined = navigator.locks,
  ) {}

  start(): void {
    // Where the browser has no Web Locks every tab is a phone, which is what it would be without this file.
    if (!this.locks) this.handlers.onOwned();
    else void this.#queue();
  }

  take(): void {
    this.#waiting?.abort();
    void this.#request({ steal: true });
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting?.abort();
    this.#release?.();
  }

  async #queue(): Promise<void> {
    const state = await this.locks?.query();
    if (state?.held?.some((lock) => lock.name === LOCK) && !this.#stopped) this.handlers.onWaiting();
    this.#waiting = new AbortController();
    await this.#request({ signal: this.#waiting.signal });
  }

  async #request(options: LockOptions): Promise<void> {
    try {
      await this.locks?.request(LOCK, options, () => this.#hold());
    } catch {
      // AbortError of a held lock: it was stolen from this tab. Of a queued one: this tab gave up waiting itself.
      if (!this.#stopped && !options.signal?.aborted) await this.#queue();
    }
  }

  #hold(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#release = resolve;
      this.handlers.onOwned();
    });
  }
}
