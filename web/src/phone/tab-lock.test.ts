import { describe, expect, it } from 'vitest';
import { TabLock } from './tab-lock';

/** Web Locks as the specification has them, for one name. */
class FakeLocks {
  holder: { reject: (error: Error) => void } | undefined;
  queue: (() => void)[] = [];

  query() {
    return Promise.resolve({ held: this.holder ? [{ name: 'dialplane-phone' }] : [] });
  }

  request(_name: string, options: LockOptions, hold: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        const mine = { reject };
        this.holder = mine;
        hold().then(() => {
          if (this.holder === mine) this.next();
          resolve();
        }, reject);
      };
      if (options.steal) {
        this.holder?.reject(new DOMException('stolen', 'AbortError'));
        grant();
      } else if (this.holder) {
        const wait = () => grant();
        this.queue.push(wait);
        options.signal?.addEventListener('abort', () => {
          this.queue = this.queue.filter((other) => other !== wait);
          reject(new DOMException('gave up', 'AbortError'));
        });
      } else {
        grant();
      }
    });
  }

  next() {
    this.holder = undefined;
    this.queue.shift()?.();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function tab(locks: FakeLocks, log: string[], name: string): TabLock {
  const handlers = { onOwned: () => log.push(`${name} owns`), onWaiting: () => log.push(`${name} waits`) };
  return new TabLock(handlers, locks as unknown as LockManager);
}

describe('one tab is the phone', () => {
  it('the first owns, the second waits and follows when it closes', async () => {
    const locks = new FakeLocks();
    const log: string[] = [];
    const first = tab(locks, log, 'a');
    first.start();
    await settle();
    tab(locks, log, 'b').start();
    await settle();
    expect(log).toEqual(['a owns', 'b waits']);
    first.stop();
    await settle();
    expect(log).toEqual(['a owns', 'b waits', 'b owns']);
  });

  it('taking it by hand sends the owner to the queue, once', async () => {
    const locks = new FakeLocks();
    const log: string[] = [];
    const [first, second] = [tab(locks, log, 'a'), tab(locks, log, 'b')];
    first.start();
    await settle();
    second.start();
    await settle();
    second.take();
    await settle();
    expect(log).toEqual(['a owns', 'b waits', 'b owns', 'a waits']);
    expect(locks.queue).toHaveLength(1);
    second.stop();
    await settle();
    expect(log.at(-1)).toBe('a owns');
  });

  it('without Web Locks every tab is a phone', () => {
    const log: string[] = [];
    new TabLock({ onOwned: () => log.push('owns'), onWaiting: () => log.push('waits') }, undefined).start();
    expect(log).toEqual(['owns']);
  });
});
