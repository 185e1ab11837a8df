/**
 * The notification channel: topics over one WebSocket. Events lost while it was down are not replayed by this channel, so
 * `onOpen` is the moment to read again whatever matters.
 */
import { api } from './client';
import { sameOriginSocket } from './phone-session';
import { sessionEnded } from './session';

export interface Notification {
  topicName: string;
  eventBody: unknown;
}

export interface NotificationHandlers {
  onOpen(): void;
  onEvent(event: Notification): void;
  onLost(): void;
}

interface Channel {
  id: string;
  connectUri: string;
}

const SESSION_ENDED = 4401;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Full jitter would do too; half fixed keeps the first retries quick and the herd apart. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const limit = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return limit / 2 + (limit / 2) * random();
}

export class NotificationChannel {
  #socket: WebSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #stopped = false;

  constructor(
    private readonly topics: string[],
    private readonly handlers: NotificationHandlers,
  ) {}

  start(): void {
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    try {
      const channel = await api<Channel>('/api/v2/notifications/channels', { method: 'POST' });
      await api<unknown>(`/api/v2/notifications/channels/${encodeURIComponent(channel.id)}/subscriptions`, {
        method: 'PUT',
        body: this.topics.map((id) => ({ id })),
      });
      if (!this.#stopped) this.#open(sameOriginSocket(channel.connectUri, location));
    } catch {
      this.#lost();
    }
  }

  #open(address: string): void {
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.handlers.onOpen();
    };
    socket.onmessage = (message) => {
      const event = parseNotification(message.data);
      if (event) this.handlers.onEvent(event);
    };
    socket.onclose = (event) => {
      if (this.#stopped) return;
      if (event.code === SESSION_ENDED) sessionEnded();
      this.#lost();
    };
  }

  #lost(): void {
    if (this.#stopped) return;
    this.handlers.onLost();
    this.#retry = setTimeout(() => void this.#connect(), retryDelay(this.#attempt++));
  }
}

/** Heartbeats and what cannot be read are nothing to act on. */
export function parseNotification(data: unknown): Notification | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const frame: Partial<Notification> = JSON.parse(data);
    if (typeof frame.topicName !== 'string' || frame.topicName === 'channel.metadata') return undefined;
    return { topicName: frame.topicName, eventBody: frame.eventBody };
  } catch {
    return undefined;
  }
}
