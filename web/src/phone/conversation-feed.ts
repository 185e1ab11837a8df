/**
 * What the server says about this user's calls: notifications while the channel stands, and a fresh reading of every live
 * conversation after it came back, because what happened in between was told to nobody. Notifications wait for the next frame:
 * a new call's comes with its alert, which goes first, and several at once are one drawing.
 */
import { type Conversation, type ConversationView, readConversation, viewOf } from '../api/conversations';
import { type Notification, NotificationChannel } from '../api/notifications';
import { afterPaint } from './after-paint';

export interface FeedHandlers {
  onConversation(view: ConversationView): void;
  onLive(live: boolean): void;
  liveConversations(): string[];
}

export const topicsOf = (userId: string): string[] => [
  `v2.users.${userId}.conversations.calls`,
  `v2.users.${userId}.station`,
];

/** Without notifications; and with them, since the server may drop one under load (the state itself is never lost). */
const POLL_MS = 2000;
const CHECK_MS = 15_000;

export class ConversationFeed {
  readonly #channel: NotificationChannel;
  #poll: ReturnType<typeof setInterval> | undefined;
  #waiting: ConversationView[] = [];

  constructor(
    private readonly userId: string,
    private readonly handlers: FeedHandlers,
  ) {
    this.#channel = new NotificationChannel(topicsOf(userId), {
      onOpen: () => this.#opened(),
      onEvent: (event) => this.#event(event),
      onLost: () => this.#lost(),
    });
  }

  start(): void {
    this.#every(POLL_MS);
    this.#channel.start();
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#waiting = [];
    this.#channel.stop();
  }

  async refresh(id: string): Promise<void> {
    const view = await readConversation(id, this.userId).catch(() => undefined);
    if (view) this.handlers.onConversation(view);
  }

  #opened(): void {
    this.#every(CHECK_MS);
    this.handlers.onLive(true);
    this.#refreshAll();
  }

  #lost(): void {
    this.handlers.onLive(false);
    this.#every(POLL_MS);
  }

  #every(ms: number): void {
    clearInterval(this.#poll);
    this.#poll = setInterval(() => this.#refreshAll(), ms);
  }

  #refreshAll(): void {
    for (const id of this.handlers.liveConversations()) void this.refresh(id);
  }

  #event({ topicName, eventBody }: Notification): void {
    if (!topicName.endsWith('.conversations.calls') || typeof eventBody !== 'object' || !eventBody) return;
    const body = eventBody as Partial<Conversation>;
    const id = body.id ?? body.conversationId;
    if (id) this.#later(viewOf({ ...body, id }, this.userId));
  }

  #later(view: ConversationView): void {
    this.#waiting.push(view);
    if (this.#waiting.length === 1) afterPaint(() => this.#deliver());
  }

  #deliver(): void {
    const views = this.#waiting;
    this.#waiting = [];
    for (const view of views) this.handlers.onConversation(view);
  }
}
