/** Conversations as the API shows them, and their reading into what the phone needs. */
import { api } from './client';

export type ConversationStatus = 'queued' | 'initiated' | 'ringing' | 'connected' | 'disconnected' | 'failed';

interface CallLeg {
  state?: string;
  direction?: string;
  disconnectType?: string;
  muted?: boolean;
  held?: boolean;
  errorInfo?: { code?: string; message?: string };
}

interface Participant extends CallLeg {
  id?: string;
  purpose?: string;
  userId?: string;
  name?: string;
  address?: string;
  ani?: string;
  dnis?: string;
  calls?: CallLeg[];
}

export interface Conversation {
  id: string;
  conversationId?: string;
  status?: string;
  reason?: string;
  direction?: string;
  startTime?: string;
  connectedTime?: string;
  endTime?: string;
  from?: { id?: string; name?: string; phoneNumber?: string };
  to?: { phoneNumber?: string; name?: string };
  participants?: Participant[];
}

/** One reading of a conversation: what the screens show. */
export interface ConversationView {
  id: string;
  status: ConversationStatus;
  reason?: string;
  direction?: 'inbound' | 'outbound';
  number?: string;
  name?: string;
  callerId?: string;
  /** The one of ours who is in the call: what is asked of a party is asked of this one. */
  participantId?: string;
  /** Of our party, as the server has it: set by this page or by any other client. */
  muted?: boolean;
  /** Held by its own phone, through the API, or waiting while the other one consults. */
  held?: boolean;
  startTime?: string;
  connectedTime?: string;
  endTime?: string;
}

const STATUSES: readonly string[] = ['queued', 'initiated', 'ringing', 'connected', 'disconnected', 'failed'];
const OVER = ['disconnected', 'terminated'];
const FAR_PURPOSES = ['customer', 'external'];

const legsOf = (participant: Participant): CallLeg[] =>
  participant.calls && participant.calls.length > 0
    ? participant.calls
    : participant.state
      ? [participant]
      : [];

/** Without a `status` (the Genesys topic shapes) it follows from the legs. */
export function statusFromLegs(participants: Participant[]): ConversationStatus {
  const far = participants.filter((p) => FAR_PURPOSES.includes(p.purpose ?? '')).flatMap(legsOf);
  const all = participants.flatMap(legsOf);
  const count = (legs: CallLeg[], ...states: string[]) =>
    legs.filter((leg) => states.includes(leg.state ?? '')).length;
  if (all.length === 0) return 'queued';
  if (count(all, ...OVER) === all.length) return all.some((leg) => leg.errorInfo) ? 'failed' : 'disconnected';
  if (count(all, 'connected') >= 2) return 'connected';
  if (count(far, 'alerting', 'dialing', 'contacting') > 0) return 'ringing';
  return 'initiated';
}

function pick<K extends string, V>(key: K, value: V | undefined | null | ''): { [P in K]?: V } {
  return (value ? { [key]: value } : {}) as { [P in K]?: V };
}

const stripScheme = (address?: string): string | undefined =>
  address?.replace(/^(tel|sips?):/i, '').split('@')[0];

/** What the server says of a party that is in the call now. */
function flagsOf(participant?: Participant): { muted?: boolean; held?: boolean } {
  const leg = participant && legsOf(participant).at(-1);
  if (leg?.state !== 'connected' || leg.muted === undefined || leg.held === undefined) return {};
  return { muted: leg.muted, held: leg.held };
}

/** `userId`: whose view it is; after a transfer several users have taken part. */
export function viewOf(body: Conversation, userId?: string): ConversationView {
  const participants = body.participants ?? [];
  const far = participants.find((p) => FAR_PURPOSES.includes(p.purpose ?? ''));
  const own = userId ? participants.findLast((p) => p.userId === userId) : undefined;
  const near = own ?? participants.find((p) => !!p.userId);
  const legs = participants.flatMap(legsOf);
  const given = (body.direction ?? legs.find((leg) => leg.direction)?.direction)?.toLowerCase();
  const direction = given === 'inbound' || given === 'outbound' ? given : undefined;
  const inbound = direction === 'inbound';
  const number = inbound ? (body.from?.phoneNumber ?? far?.ani) : (body.to?.phoneNumber ?? far?.dnis);
  const status = body.status && STATUSES.includes(body.status) ? body.status : statusFromLegs(participants);
  const failure = legs.find((leg) => leg.errorInfo)?.errorInfo;
  return {
    id: body.id,
    status: status as ConversationStatus,
    ...pick('reason', body.reason ?? failure?.code),
    ...pick('direction', direction as 'inbound' | 'outbound' | undefined),
    ...pick('number', number ?? stripScheme(far?.address)),
    ...pick('name', inbound ? (body.from?.name ?? far?.name) : (body.to?.name ?? far?.name)),
    ...pick('callerId', inbound ? undefined : (body.from?.phoneNumber ?? near?.ani)),
    ...pick('participantId', near?.id),
    ...flagsOf(near),
    ...pick('startTime', body.startTime),
    ...pick('connectedTime', body.connectedTime),
    ...pick('endTime', body.endTime),
  };
}

export interface PlaceCall {
  userId: string;
  number: string;
  callerId?: string;
}

export async function placeCall({ userId, number, callerId }: PlaceCall): Promise<ConversationView> {
  const body = {
    from: { id: userId, ...(callerId ? { phoneNumber: callerId } : {}) },
    to: { phoneNumber: number },
    type: 'pstn',
  };
  return viewOf(await api<Conversation>('/api/v2/conversations/calls', { method: 'POST', body }));
}

const conversationPath = (id: string) => `/api/v2/conversations/${encodeURIComponent(id)}`;

export async function readConversation(id: string, userId?: string): Promise<ConversationView> {
  return viewOf(await api<Conversation>(conversationPath(id)), userId);
}

/**
 * Muting is done in this tab; the server keeps it too, so that everybody who looks at the call sees it. A hold that another
 * client has set through the API ends through the API.
 */
export async function tellParty(
  id: string,
  participantId: string,
  flags: { muted: boolean } | { held: boolean },
): Promise<void> {
  const party = `/participants/${encodeURIComponent(participantId)}`;
  await api<unknown>(`/api/v2/conversations/calls/${encodeURIComponent(id)}${party}`, {
    method: 'PATCH',
    body: flags,
  });
}

/** Ends a call that has no leg in this tab; with a leg, BYE is the shorter way. */
export async function disconnectConversation(id: string): Promise<void> {
  await api<unknown>(`/api/v2/conversations/calls/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    body: { state: 'disconnected' },
  });
}

export async function listRecentCalls(signal?: AbortSignal): Promise<ConversationView[]> {
  const page = await api<{ entities?: Conversation[] }>('/api/v2/conversations/calls/history?pageSize=10', {
    ...(signal ? { signal } : {}),
  });
  return (page.entities ?? []).map((body) => viewOf(body));
}
