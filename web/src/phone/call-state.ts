/**
 * The calls of this phone as one pure reducer. Two sources write it and either may come first: the conversation (API answer,
 * notification) and the SIP leg in this tab. They meet by the conversation id that the INVITE carries.
 */
import type { ConversationStatus, ConversationView } from '../api/conversations';

export type LegState = 'none' | 'alerting' | 'answering' | 'up' | 'ended';

export interface Call {
  /** Conversation id once known, the leg's id before. Stable as a React key: never changes for a call. */
  key: string;
  conversationId?: string;
  /** Ours in the conversation. */
  participantId?: string;
  legId?: string;
  direction: 'inbound' | 'outbound';
  number: string;
  name?: string;
  callerId?: string;
  status: ConversationStatus;
  reason?: string;
  /** The conversation itself said that it is over, not only our leg. */
  settled: boolean;
  leg: LegState;
  /** Audio can flow between this tab and the server. */
  media: boolean;
  muted: boolean;
  /** Here or at the server: the other side is not heard. */
  held: boolean;
  /** By this phone's own re-INVITE. */
  heldHere: boolean;
  heldByOther: boolean;
  /** What the server last said of us; only a change of it is somebody else's doing. */
  atServer: { muted: boolean; held: boolean };
  /** The signalling socket is gone; media may still flow. */
  reconnecting: boolean;
  startedAt: number;
  /** When each status was first seen, for the steps on the card. */
  reachedAt: Partial<Record<ConversationStatus, number>>;
}

export interface LegView {
  legId: string;
  conversationId?: string;
  state: LegState;
  number: string;
  name?: string;
  outbound: boolean;
  reason?: string;
}

export type CallEvent =
  | { type: 'placed'; call: ConversationView; number: string; callerId?: string; at: number }
  | { type: 'conversation'; view: ConversationView; at: number }
  | { type: 'leg'; leg: LegView; at: number }
  | { type: 'media' | 'muted' | 'held' | 'heldByOther'; legId: string; value: boolean }
  /** The server has been told so, or could not be told. */
  | { type: 'mutedAtServer'; legId: string; value: boolean }
  | { type: 'socket'; connected: boolean }
  | { type: 'dismissed'; key: string };

const RANK: Record<ConversationStatus, number> = {
  queued: 0,
  initiated: 1,
  ringing: 2,
  connected: 3,
  disconnected: 4,
  failed: 4,
};

/** The last ended call stays on screen until dismissed; those before it are in the list of recent calls. */
const ENDED_KEPT = 1;

export const isOver = (call: Call): boolean => RANK[call.status] === RANK.disconnected;
export const isLive = (call: Call): boolean => !isOver(call);

/** A status only moves forward: notifications of a socket that was slow must not ring a dead call again. */
function advance(call: Call, status: ConversationStatus, at: number): Call {
  if (RANK[status] <= RANK[call.status]) return call;
  return { ...call, status, reachedAt: { ...call.reachedAt, [status]: call.reachedAt[status] ?? at } };
}

function newCall(key: string, direction: Call['direction'], status: ConversationStatus, at: number): Call {
  return {
    key,
    direction,
    number: '',
    status,
    settled: false,
    leg: 'none',
    media: false,
    muted: false,
    held: false,
    heldHere: false,
    heldByOther: false,
    atServer: { muted: false, held: false },
    reconnecting: false,
    startedAt: at,
    reachedAt: { [status]: at },
  };
}

/**
 * Another client of the API may mute or hold us. The server knows of what was done here only when it has been told, so its
 * word counts where it differs from its word before, not where it differs from ours.
 */
function followServer(call: Call, view: ConversationView): Call {
  const { muted = call.atServer.muted, held = call.atServer.held } = view;
  return {
    ...call,
    muted: muted === call.atServer.muted ? call.muted : muted,
    held: call.heldHere || held,
    atServer: { muted, held },
  };
}

function merge(call: Call, view: ConversationView, at: number): Call {
  const named: Call = {
    ...followServer(call, view),
    conversationId: view.id,
    direction: view.direction ?? call.direction,
    number: call.number || view.number || '',
    ...(view.name ? { name: view.name } : {}),
    ...(view.callerId ? { callerId: view.callerId } : {}),
    ...(view.participantId ? { participantId: view.participantId } : {}),
    ...(view.reason ? { reason: view.reason } : {}),
  };
  if (RANK[view.status] < RANK.disconnected || call.settled) return advance(named, view.status, at);
  // Our leg may have ended first and been taken for the end of the call: how it ended is the conversation's to say.
  const reachedAt = { ...call.reachedAt, [view.status]: call.reachedAt[view.status] ?? at };
  return { ...named, status: view.status, settled: true, reachedAt };
}

function onPlaced(calls: Call[], event: Extract<CallEvent, { type: 'placed' }>): Call[] {
  const { call: view, number, callerId, at } = event;
  const known = calls.find((call) => call.conversationId === view.id);
  const placed = { ...view, direction: 'outbound' as const, number, ...(callerId ? { callerId } : {}) };
  if (known) return calls.map((call) => (call === known ? merge({ ...call, number }, placed, at) : call));
  const fresh = merge(newCall(view.id, 'outbound', view.status, at), placed, at);
  return keepFew([fresh, ...calls]);
}

function onConversation(calls: Call[], view: ConversationView, at: number): Call[] {
  const known = calls.find((call) => call.conversationId === view.id);
  if (known) return calls.map((call) => (call === known ? settle(merge(call, view, at)) : call));
  if (RANK[view.status] === RANK.disconnected) return calls;
  const fresh = newCall(view.id, view.direction ?? 'outbound', view.status, at);
  return keepFew([merge(fresh, view, at), ...calls]);
}

/** A conversation that is over has no leg, whatever SIP still believes. */
const settle = (call: Call): Call => (isOver(call) && call.leg !== 'none' ? { ...call, leg: 'ended' } : call);

function matchLeg(calls: Call[], leg: LegView): Call | undefined {
  const byLeg = calls.find((call) => call.legId === leg.legId);
  if (byLeg) return byLeg;
  return leg.conversationId ? calls.find((call) => call.conversationId === leg.conversationId) : undefined;
}

function onLeg(calls: Call[], leg: LegView, at: number): Call[] {
  const known = matchLeg(calls, leg);
  if (known) return calls.map((call) => (call === known ? applyLeg(call, leg, at) : call));
  if (leg.state === 'ended') return calls;
  const direction = leg.outbound ? 'outbound' : 'inbound';
  const status = leg.outbound ? 'initiated' : 'ringing';
  const fresh = newCall(leg.conversationId ?? leg.legId, direction, status, at);
  return keepFew([applyLeg(fresh, leg, at), ...calls]);
}

/** Of an outbound call only the conversation knows how far it is: our own leg is up while the destination still rings. */
function applyLeg(call: Call, leg: LegView, at: number): Call {
  const next: Call = {
    ...call,
    legId: leg.legId,
    leg: leg.state,
    number: call.number || leg.number,
    ...(leg.conversationId ? { conversationId: leg.conversationId } : {}),
    ...(leg.name && !call.name ? { name: leg.name } : {}),
    ...(leg.state === 'up' ? { reconnecting: false } : {}),
  };
  if (leg.state === 'up' && call.direction === 'inbound') return advance(next, 'connected', at);
  if (leg.state !== 'ended') return next;
  const ended = leg.reason && !call.reason ? { ...next, reason: leg.reason } : next;
  return advance(
    { ...ended, muted: false, held: false, heldHere: false },
    leg.reason ? 'failed' : 'disconnected',
    at,
  );
}

function keepFew(calls: Call[]): Call[] {
  let ended = 0;
  return calls.filter((call) => isLive(call) || ++ended <= ENDED_KEPT);
}

const ofLeg = (calls: Call[], legId: string, change: (call: Call) => Partial<Call>): Call[] =>
  calls.map((call) => (call.legId === legId ? { ...call, ...change(call) } : call));

export function reduceCalls(calls: Call[], event: CallEvent): Call[] {
  switch (event.type) {
    case 'placed':
      return onPlaced(calls, event);
    case 'conversation':
      return onConversation(calls, event.view, event.at);
    case 'leg':
      return onLeg(calls, event.leg, event.at);
    case 'media':
    case 'muted':
    case 'heldByOther':
      return ofLeg(calls, event.legId, () => ({ [event.type]: event.value }));
    case 'held':
      return ofLeg(calls, event.legId, ({ atServer }) => ({
        heldHere: event.value,
        held: event.value || atServer.held,
      }));
    case 'mutedAtServer':
      return ofLeg(calls, event.legId, ({ atServer }) => ({ atServer: { ...atServer, muted: event.value } }));
    case 'socket':
      return calls.map((call) => (call.leg === 'up' ? { ...call, reconnecting: !event.connected } : call));
    case 'dismissed':
      return calls.filter((call) => call.key !== event.key || isLive(call));
  }
}
