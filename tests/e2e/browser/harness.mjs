// What every browser test needs: Chromium with a known tone as microphone, a page that fails the test on any console error,
// policy violation or request to elsewhere, axe in a world of its own (the page's policy stays on), and the media report.
// Packages come from web/node_modules, so that there is one lockfile.

import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(here, '../../../web/package.json'));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const TONE_HZ = 1000;
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export class Failure extends Error {}

export function check(condition, message) {
  if (!condition) throw new Failure(message);
  console.log(`ok   ${message}`);
}

/** 16 bit mono. */
function writeWav(file, pcm, rate) {
  const wav = Buffer.alloc(44 + pcm.length);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + pcm.length, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(pcm.length, 40);
  pcm.copy(wav, 44);
  writeFileSync(file, wav);
}

/** 48 kHz mono, four seconds of a sine with a whole number of cycles: Chromium loops it without a click. */
function writeTone(file, hertz) {
  const rate = 48_000;
  const pcm = Buffer.alloc(2 * rate * 4);
  for (let i = 0; i < pcm.length / 2; i++) {
    pcm.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hertz * i) / rate)), 2 * i);
  }
  writeWav(file, pcm, rate);
}

/** Runs in the page before its own code: remembers connections and streams for the report, and what the policy refused. */
function instrument() {
  const probe = { connections: [], violations: [], constraints: [] };
  Object.defineProperty(window, '__probe', { value: probe });
  document.addEventListener('securitypolicyviolation', (event) => {
    probe.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
  });
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      probe.connections.push(this);
      this.addEventListener('track', ({ track }) => {
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, { fftSize: 8192 });
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        this.__analyser = analyser;
      });
    }
  };
  // A steady tone is what a noise suppressor takes out within a second or two; the test needs to hear it.
  const { mediaDevices } = navigator;
  if (!mediaDevices) return;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (constraints) => {
    probe.constraints.push(structuredClone(constraints));
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const audio = typeof constraints.audio === 'object' ? { ...constraints.audio, ...raw } : raw;
    return getUserMedia({ ...constraints, audio });
  };
}

/** Statistics of the newest connection that is not closed, and the loudest frequency of what it plays. */
async function mediaReport() {
  const live = window.__probe.connections.filter((pc) => pc.connectionState !== 'closed');
  const pc = live.at(-1);
  if (!pc) return null;
  const all = [...(await pc.getStats()).values()];
  const audio = (type) => all.find((entry) => entry.type === type && entry.kind === 'audio') ?? {};
  const [inbound, outbound, source] = [audio('inbound-rtp'), audio('outbound-rtp'), audio('media-source')];
  let peakHz = 0;
  let peakDb = -Infinity;
  if (pc.__analyser) {
    const bins = new Float32Array(pc.__analyser.frequencyBinCount);
    pc.__analyser.getFloatFrequencyData(bins);
    bins.forEach((db, index) => {
      if (db <= peakDb) return;
      peakDb = db;
      peakHz = (index * pc.__analyser.context.sampleRate) / pc.__analyser.fftSize;
    });
  }
  const codec = all.find((entry) => entry.id === inbound.codecId)?.mimeType;
  const transport = all.find((entry) => entry.type === 'transport') ?? {};
  const pair = all.find((entry) => entry.id === transport.selectedCandidatePairId) ?? {};
  const local = all.find((entry) => entry.id === pair.localCandidateId) ?? {};
  return {
    state: pc.connectionState,
    path: local.candidateType,
    relayProtocol: local.relayProtocol,
    codec,
    cipher: transport.srtpCipher,
    packetsIn: inbound.packetsReceived ?? 0,
    energyIn: inbound.totalAudioEnergy ?? 0,
    concealed: inbound.concealedSamples ?? 0,
    samples: inbound.totalSamplesReceived ?? 0,
    packetsOut: outbound.packetsSent ?? 0,
    energyOut: source.totalAudioEnergy ?? 0,
    peakHz,
    peakDb,
    direction: pc.getTransceivers()[0]?.currentDirection,
  };
}

/**
 * What the newest connection plays from now on, for so many seconds: 16 bit mono as base64, and its sample rate. Frames come
 * straight from the decoder's output, so that nothing of the page's own audio graph is measured.
 */
async function recordHeard(seconds) {
  const pc = window.__probe.connections.filter((each) => each.connectionState !== 'closed').at(-1);
  const reader = new MediaStreamTrackProcessor({ track: pc.getReceivers()[0].track.clone() }).readable.getReader();
  const pieces = [];
  let rate = 0;
  for (let length = 0; length < seconds; ) {
    const { value: frame, done } = await reader.read();
    if (done) break;
    const samples = new Float32Array(frame.numberOfFrames);
    frame.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
    rate = frame.sampleRate;
    length += frame.numberOfFrames / rate;
    frame.close();
    pieces.push(Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32767)))));
  }
  await reader.cancel();
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { rate, pcm: btoa(text) };
}

export class Browser {
  static async launch({ shots, microphone = 'granted' }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dialplane-browser-'));
    const tone = path.join(folder, 'tone.wav');
    writeTone(tone, TONE_HZ);
    const browser = await chromium.launch({
      executablePath: process.env.DP_CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      chromiumSandbox: false,
      args: [
        '--use-fake-device-for-media-stream=device-count=3',
        `--use-file-for-fake-audio-capture=${tone}`,
        '--autoplay-policy=no-user-gesture-required',
        '--allow-loopback-in-peer-connection',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    });
    if (shots) mkdirSync(shots, { recursive: true });
    return new Browser(browser, { folder, shots, microphone });
  }

  constructor(browser, options) {
    this.browser = browser;
    this.options = options;
    this.problems = [];
    this.axeRuns = 0;
  }

  /** `expected`: console errors that the test provokes, as patterns. `bypassCSP`: for measurements only. */
  async open(baseUrl, { expected = [], bypassCSP = false } = {}) {
    this.context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
      locale: 'en-GB',
      ignoreHTTPSErrors: true,
      bypassCSP,
      ...(this.options.microphone === 'granted' ? { permissions: ['microphone'] } : {}),
    });
    await this.context.addInitScript(instrument);
    this.page = await this.context.newPage();
    const { page } = this;
    page.on('pageerror', (error) => this.problems.push(`exception: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !expected.some((pattern) => pattern.test(text))) {
        this.problems.push(`console: ${text} ${message.location().url}`);
      }
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.origin !== new URL(baseUrl).origin) {
        this.problems.push(`request to elsewhere: ${request.url()}`);
      }
    });
    await page.goto(`${baseUrl}/ui/`);
    return page;
  }

  async shot(name) {
    if (!this.options.shots) return;
    await this.page.evaluate(() => document.fonts.ready.then(() => true));
    const file = path.join(this.options.shots, `${name}.png`);
    await this.page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  }

  /** Light and dark at both sizes, by the page's own theme menu. */
  async shots(name) {
    if (!this.options.shots) return;
    for (const theme of ['Light', 'Dark']) {
      await this.theme(theme);
      for (const [width, height] of [[1280, 800], [1920, 1080]]) {
        await this.page.setViewportSize({ width, height });
        await this.shot(`${name}-${theme.toLowerCase()}-${width}`);
      }
    }
    await this.page.setViewportSize({ width: 1280, height: 800 });
    await this.theme('Light');
  }

  async theme(name) {
    await this.page.getByRole('button', { name: 'Theme' }).click();
    await this.page.getByRole('menuitem', { name }).click();
    await this.page.getByRole('menu').waitFor({ state: 'hidden' });
  }

  /** The page's own policy forbids script from elsewhere, so axe runs in an isolated world, which it does not bind. */
  async axe(where) {
    const cdp = await this.context.newCDPSession(this.page);
    const { frameTree } = await cdp.send('Page.getFrameTree');
    const { executionContextId } = await cdp.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
    const run = async (expression) => {
      const answer = await cdp.send('Runtime.evaluate', {
        expression,
        contextId: executionContextId,
        awaitPromise: true,
        returnByValue: true,
      });
      if (answer.exceptionDetails) throw new Failure(`axe: ${answer.exceptionDetails.text}`);
      return answer.result.value;
    };
    await run(`${axeSource};0`);
    const found = JSON.parse(
      await run(
        `axe.run(document,{runOnly:${JSON.stringify(AXE_TAGS)}}).then(r=>JSON.stringify(r.violations.map(v=>` +
          `({id:v.id,nodes:v.nodes.map(n=>n.html.slice(0,160)+' '+(n.any[0]?.message??''))}))))`,
      ),
    );
    await cdp.detach();
    this.axeRuns += 1;
    for (const { id, nodes } of found) this.problems.push(`axe (${where}): ${id}: ${nodes.join(' | ')}`);
  }

  report() {
    return this.page.evaluate(mediaReport);
  }

  async reportAfter(ms) {
    const before = await this.report();
    // The length of the measurement, not a wait for something to happen.
    await this.page.waitForTimeout(ms);
    const after = await this.report();
    return { before, after, seconds: ms / 1000 };
  }

  /** Records what is heard into a WAV file. */
  async record(file, seconds) {
    const { rate, pcm } = await this.page.evaluate(recordHeard, seconds);
    writeWav(file, Buffer.from(pcm, 'base64'), rate);
  }

  /** Throws with everything that went wrong unseen: the test passes only if this list is empty. */
  async verdict() {
    const violations = await this.page.evaluate(() => window.__probe.violations);
    const all = [...this.problems, ...violations.map((violation) => `policy: ${violation}`)];
    if (all.length > 0) throw new Failure(`${all.length} problems:\n  ${all.join('\n  ')}`);
    console.log(`ok   0 console errors, 0 policy violations, 0 axe findings in ${this.axeRuns} runs`);
  }

  async close() {
    await this.browser.close();
    rmSync(this.options.folder, { recursive: true, force: true });
  }
}

export const WAIT = 20_000;
export const card = (page, status) => page.locator(`article[data-status="${status}"]`).first();
export const button = (page, name) => page.getByRole('button', { name, exact: true });

export async function dial(page, number) {
  await page.getByLabel('Number', { exact: true }).fill(number);
  await button(page, 'Call').click();
}

async function token({ baseUrl, oauth }) {
  const credentials = Buffer.from(`${oauth.clientId}:${oauth.clientSecret}`).toString('base64');
  const response = await fetch(`${baseUrl}/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  if (!response.ok) throw new Failure(`POST /oauth/token: ${response.status} ${await response.text()}`);
  return (await response.json()).access_token;
}

/** As an application with every permission; `body` absent: none is sent. */
export async function askApi(firstRun, method, path, body) {
  const response = await fetch(`${firstRun.baseUrl}${path}`, {
    method,
    headers: { Authorization: `Bearer ${await token(firstRun)}`, 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Failure(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** An application places a call on behalf of the first agent. */
export async function placeCallByApi(firstRun, number) {
  const [agent] = firstRun.agents;
  const response = await fetch(`${firstRun.baseUrl}/api/v2/conversations/calls`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${await token(firstRun)}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      from: { id: agent.userId, phoneNumber: agent.callerId },
      to: { phoneNumber: number },
      type: 'pstn',
    }),
  });
  check(response.status === 201, `the API places a call for the agent (${response.status})`);
}

export function readOptions(argv) {
  const options = Object.fromEntries(
    argv.map((argument) => /^--([^=]+)=(.*)$/.exec(argument)?.slice(1) ?? [argument, '']),
  );
  if (!options['first-run']) throw new Failure('--first-run=FILE is needed: the first-run.json of a running server');
  return { ...options, firstRun: JSON.parse(readFileSync(options['first-run'], 'utf8')) };
}

export async function main(test) {
  let status = 0;
  try {
    await test(readOptions(process.argv.slice(2)));
  } catch (error) {
    status = 1;
    console.error(`FAILED ${error instanceof Failure ? error.message : error.stack}`);
  }
  process.exit(status);
}
