import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CALL_BODY, RECEIVES_CALLS, readCallInfo } from './call-channel';
import { Connection, type ConnectionHandlers } from './connection';
import type { Leg } from './leg';
import type { IncomingRequest, RTCSession } from './ua';

type Handler = (event: never) => void;

const track = (kind = 'audio') => ({
  kind,
  enabled: true,
  stopped: false,
  stop() {
    this.stopped = true;
  },
});

/** As getUserMedia gives it; a clone has tracks of its own. */
const microphone = () => {
  const stream = {
    tracks: [track()],
    clones: [] as { tracks: ReturnType<typeof track>[] }[],
    getTracks() {
      return this.tracks;
    },
    getAudioTracks() {
      return this.tracks;
    },
    clone() {
      const copy = microphone();
      this.clones.push(copy);
      return copy;
    },
  };
  return stream;
};

class FakeSession {
  id = 'session-1';
  remote_identity = { uri: { user: '+15550001111' }, display_name: 'Ann' };
  log: string[] = [];
  answered: { extraHeaders?: string[] } | undefined;
  ended = false;
  established = false;
  _localHold = false;
  sender = {
    track: null as ReturnType<typeof track> | null,
    replaceTrack: (next: ReturnType<typeof track> | null) => {
      this.sender.track = next;
      return Promise.resolve();
    },
  };
  connection = {
    connectionState: 'connected',
    getTransceivers: () => [{ sender: this.sender, receiver: { track: track() } }],
    getReceivers: () => [{ track: track() }],
    getStats: () => Promise.resolve(undefined),
  };
  #handlers = new Map<string, Handler>();

  on = (name: string, handler: Handler) => this.#handlers.set(name, handler);
  emit = (name: string, event: object = {}) => this.#handlers.get(name)?.(event as never);
  answer = (options: { extraHeaders?: string[]; mediaStream?: object }) => {
    this.answered = options;
    this.sender.track = options.mediaStream ? track() : null;
  };
  terminate = (options?: { status_code?: number }) => {
    this.log.push(`terminate ${options?.status_code ?? ''}`.trim());
    this.ended = true;
    this.emit('ended', { cause: 'Terminated', message: null });
  };
  sendInfo = (type: string, body: string, options: { extraHeaders: string[] }) => {
    expect(type).toBe(CALL_BODY);
    expect(options.extraHeaders).toContain('Info-Package: dialplane-call');
    const info = readCallInfo('dialplane-call', body);
    this.log.push(`${info?.act} ${info?.call}${/Status=\d+/.exec(body)?.[0] ?? ''}`);
  };
  muted = false;
  mute = () => this.#setMuted(true);
  unmute = () => this.#setMuted(false);
  isMuted = () => ({ audio: this.muted });
  #setMuted(muted: boolean) {
    this.muted = muted;
    if (this.sender.track) this.sender.track.enabled = !muted;
    return this;
  }
  isEnded = () => this.ended;
  isEstablished = () => this.established;
}

const request = (headers: Record<string, string>, body = '') =>
  ({
    getHeader: (name: string) => headers[name],
    body,
    reply: (status: number, _reason?: unknown, _headers?: unknown, sdp?: string) =>
      session.log.push(`${status}${sdp ? ` ${sdp}` : ''}`),
  }) as unknown as IncomingRequest & { reply(status: number, ...rest: unknown[]): void };

const INVITE = { 'X-Dialplane-Conversation': 'conv-0', 'Recv-Info': 'dialplane-call' };

let session: FakeSession;
let told: string[];
let legs: Leg[];
let connection: Connection;

const handlers: ConnectionHandlers = {
  onIncoming: (leg) => {
    legs.push(leg);
    told.push(`incoming ${leg.id}`);
  },
  onAnswered: (id) => told.push(`answered ${id}`),
  onEnded: (id, reason) => told.push(`ended ${id}${reason ? ` ${reason}` : ''}`),
  onRemoteAudio: (id) => told.push(`audio ${id}`),
  onMedia: (id, up) => told.push(`media ${id} ${up}`),
  onHeldByOther: (id, held) => told.push(`held ${id} ${held}`),
  onIce: () => undefined,
  onRest: (_, idle) => told.push(idle ? 'rest' : 'woken'),
  onClosed: () => told.push('closed'),
};

function connect(headers: Record<string, string> = INVITE, invite = request(headers)): void {
  session = new FakeSession();
  told = [];
  legs = [];
  connection = new Connection(
    session as unknown as RTCSession,
    invite,
    { iceServers: [], iceTransportPolicy: 'all' },
    handlers,
  );
}

/** The first call, up. */
function firstCall(headers = INVITE): Leg {
  connect(headers);
  const leg = connection.leg as Leg;
  leg.answer(microphone() as unknown as MediaStream);
  session.established = true;
  session.emit('confirmed');
  told.length = 0;
  return leg;
}

const info = (act: string, call: number, headers: Record<string, string> = {}) =>
  session.emit('newInfo', {
    originator: 'remote',
    request: request({ 'Info-Package': 'dialplane-call', ...headers }, `Act=${act}\r\nCall=${call}\r\n`),
  });

const alert = (call = 1) =>
  info('alert', call, {
    'X-Dialplane-Conversation': `conv-${call}`,
    'P-Asserted-Identity': '"Bob" <sip:+15552223333@example.org>',
  });

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('the call of the INVITE', () => {
  it('says in its 200 that calls may come inside, when the INVITE did', () => {
    firstCall();
    expect(session.answered?.extraHeaders).toEqual([RECEIVES_CALLS]);
    connect({});
    connection.leg?.answer(microphone() as unknown as MediaStream);
    expect(session.answered?.extraHeaders).toBeUndefined();
  });

  it('is left, and the connection rests without a microphone', async () => {
    const leg = firstCall();
    leg.hangUp();
    await settle();
    expect(session.log).toEqual(['leave 0']);
    expect(session.muted).toBe(true);
    expect(told).toEqual(['ended session-1', 'rest']);
    expect(session.sender.track).toBeNull();
    expect(connection.idle).toBe(true);
  });

  it('ends by BYE where the server keeps nothing', () => {
    firstCall({} as typeof INVITE).hangUp();
    expect(session.log).toEqual(['terminate']);
    expect(told).toEqual(['ended session-1', 'closed']);
  });

  it('ends by BYE when its media path is broken', () => {
    const leg = firstCall();
    session.connection.connectionState = 'failed';
    leg.hangUp();
    expect(session.log).toEqual(['terminate']);
  });

  it('is refused with the status of the moment', () => {
    connect();
    connection.leg?.reject(486);
    expect(session.log).toEqual(['terminate 486']);
  });
});

describe('a fresh call that a person has to answer', () => {
  let invite: ReturnType<typeof request>;
  let peer: EventTarget & { connectionState?: string; iceConnectionState?: string };

  /** As JsSIP goes about it: its 180 at once, its 200 when the description is made. */
  beforeEach(() => {
    invite = request(INVITE);
    connect(INVITE, invite);
    connection.connect();
    peer = Object.assign(new EventTarget(), {
      connectionState: 'connecting',
      iceConnectionState: 'checking',
      getStats: () => Promise.resolve(new Map()),
    });
    session.emit('peerconnection', { peerconnection: peer });
    invite.reply(180);
    session.established = true; // so JsSIP says from here on
  });
  const describeIt = () => invite.reply(200, null, [], 'sdp');
  const pathStands = () => {
    peer.connectionState = 'connected';
    peer.dispatchEvent(new Event('connectionstatechange'));
  };

  it('rings when its media path stands, not before', () => {
    describeIt();
    expect(session.log).toEqual(['183 sdp']);
    expect(told).toEqual([]);
    expect(connection.established).toBe(false);
    pathStands();
    expect(told).toEqual(['incoming session-1', 'media session-1 true']);
    expect(session.log).toEqual(['183 sdp', '180']);
  });

  it('is answered with the microphone on the line', async () => {
    describeIt();
    pathStands();
    connection.leg?.answer(microphone() as unknown as MediaStream);
    await settle();
    expect(session.sender.track?.enabled).toBe(true);
    expect(session.log).toEqual(['183 sdp', '180', '200 sdp']);
    expect(connection.established).toBe(true);
  });

  it('is answered at once when the microphone was opened while it rang', async () => {
    describeIt();
    pathStands();
    const leg = connection.leg as Leg;
    expect(leg.answerAtOnce()).toBe(false);
    await leg.switchMicrophone(microphone() as unknown as MediaStream);
    expect(session.sender.track?.enabled).toBe(false);
    expect(leg.answerAtOnce()).toBe(true);
    expect(leg.answerAtOnce()).toBe(true);
    expect(session.log).toEqual(['183 sdp', '180', '200 sdp']);
    expect(session.sender.track?.enabled).toBe(true);
  });

  it('rings all the same when the path takes too long, and waits with its answer for the description', async () => {
    vi.useFakeTimers();
    invite = request(INVITE);
    connect(INVITE, invite);
    connection.connect();
    vi.advanceTimersByTime(2000);
    vi.useRealTimers();
    expect(told).toEqual(['incoming session-1']);
    connection.leg?.answer(microphone() as unknown as MediaStream);
    await settle();
    expect(session.log).not.toContain('200 sdp');
    describeIt();
    await settle();
    expect(session.log.slice(-2)).toEqual(['183 sdp', '200 sdp']);
  });

  it('is refused with the status of the moment', () => {
    describeIt();
    pathStands();
    connection.leg?.reject(486);
    expect(session.log.at(-1)).toBe('terminate 486');
  });

  it('that ends before it rang was never there', () => {
    describeIt();
    session.terminate();
    expect(told).toEqual(['closed']);
  });
});

describe('at rest', () => {
  beforeEach(() => firstCall().hangUp());

  it('an alert is a call of its own, with its caller', () => {
    told.length = 0;
    alert();
    expect(told).toEqual(['incoming session-1:1', 'woken']);
    expect(legs[0]).toMatchObject({ number: '+15552223333', name: 'Bob', conversationId: 'conv-1', call: 1 });
  });

  it('inactive and sendrecv of the server are no holds', () => {
    told.length = 0;
    session.emit('hold', { originator: 'remote' });
    session.emit('unhold', { originator: 'remote' });
    expect(told).toEqual([]);
  });

  it('a path that breaks closes it', () => {
    session.ended = false;
    connection.close();
    expect(told.at(-1)).toBe('closed');
  });

  it('a release of a call that is over says nothing', () => {
    told.length = 0;
    info('release', 0);
    expect(told).toEqual([]);
  });

  it('BYE closes it without ending a call again', () => {
    told.length = 0;
    session.emit('ended', { cause: 'Terminated', message: null });
    expect(told).toEqual(['closed']);
    alert();
    expect(told).toEqual(['closed']);
  });
});

describe('a call that alerts inside', () => {
  let stream: ReturnType<typeof microphone>;
  beforeEach(() => {
    firstCall().hangUp();
    alert();
    told.length = 0;
    session.log.length = 0;
    stream = microphone();
  });

  it('is accepted with the microphone on the line, and up when the server has opened it', async () => {
    legs[0]?.answer(stream as unknown as MediaStream);
    await settle();
    expect(session.log).toEqual(['accept 1']);
    expect(session.sender.track).toBe(stream.clones[0]?.tracks[0]);
    expect(told).toEqual([]);
    session.emit('unhold', { originator: 'remote' });
    expect(told).toEqual(['media session-1:1 true', 'answered session-1:1']);
  });

  it('opened while it rings, has a muted microphone, and is up with the accept', async () => {
    session.emit('unhold', { originator: 'remote' });
    await legs[0]?.switchMicrophone(stream as unknown as MediaStream);
    expect(session.sender.track?.enabled).toBe(false);
    expect(told).toEqual([]);
    expect(legs[0]?.answerAtOnce()).toBe(true);
    expect(session.log).toEqual(['accept 1']);
    expect(session.sender.track?.enabled).toBe(true);
    expect(told).toEqual(['media session-1:1 true', 'answered session-1:1']);
  });

  it('cannot be answered at once before its media is open and the microphone there', async () => {
    expect(legs[0]?.answerAtOnce()).toBe(false);
    session.emit('unhold', { originator: 'remote' });
    expect(legs[0]?.answerAtOnce()).toBe(false);
    await legs[0]?.switchMicrophone(stream as unknown as MediaStream);
    expect(legs[0]?.answerAtOnce()).toBe(true);
    expect(legs[0]?.answerAtOnce()).toBe(false);
    expect(session.log).toEqual(['accept 1']);
  });

  it('is declined with a status; the connection rests', () => {
    legs[0]?.reject(486);
    expect(session.log).toEqual(['decline 1Status=486']);
    expect(told).toEqual(['ended session-1:1', 'rest']);
  });

  it('is taken back: answered elsewhere is no failure, other reasons are told', () => {
    info('release', 1, { Reason: 'SIP;cause=200;text="Call completed elsewhere"' });
    expect(told).toEqual(['ended session-1:1', 'rest']);
    alert(2);
    info('release', 2, { Reason: 'Q.850;cause=41' });
    expect(told.slice(2)).toEqual(['incoming session-1:2', 'woken', 'ended session-1:2 Q.850 41', 'rest']);
  });

  it('is taken back while the microphone opens: nothing is accepted', async () => {
    legs[0]?.answer(stream as unknown as MediaStream);
    info('release', 1);
    await settle();
    expect(session.log).toEqual([]);
    expect(connection.idle).toBe(true);
    expect(session.sender.track).toBeNull();
    expect(stream.clones[0]?.tracks[0]?.stopped).toBe(true);
  });

  it('is taken back after it was accepted: the opening that follows opens nothing', async () => {
    legs[0]?.answer(stream as unknown as MediaStream);
    await settle();
    info('release', 1);
    told.length = 0;
    session.emit('unhold', { originator: 'remote' });
    expect(told).toEqual([]);
  });

  it('a second alert meanwhile is nothing', () => {
    alert(2);
    expect(told).toEqual([]);
  });

  it('a lost connection ends it', () => {
    session.emit('ended', { cause: 'Connection Error', message: null });
    expect(told).toEqual(['ended session-1:1 connectionLost', 'closed']);
  });

  it('up, muted and held, then released: the next one is neither', async () => {
    legs[0]?.answer(stream as unknown as MediaStream);
    await settle();
    session.emit('unhold', { originator: 'remote' });
    legs[0]?.setMuted(true);
    session._localHold = true;
    info('release', 1);
    expect(session._localHold).toBe(false);
    expect(session.sender.track).toBeNull();
    expect(stream.clones[0]?.tracks[0]?.stopped).toBe(true);
  });
});
