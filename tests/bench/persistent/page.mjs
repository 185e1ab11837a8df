// The agent of run.py: the browser phone in headless Chromium, told by lines on stdin what to do, answering one line of JSON each.
// Times are milliseconds of the machine's clock, as run.py has it.
//
//   login       → {}            loads the page and logs in: the settings of this moment hold from here on
//   watch       → {}            looks for a call from here on: said before the call is made, or this script's own way into the page would
//                 be measured with it
//   take        → {alerted, accepted, heard}   of the call that came: lets it ring as a person would, presses Answer, waits for the
//                 other side's voice
//   over        → {}            until that call is off the line, and as long again as an agent takes breath

import { createInterface } from 'node:readline';
import { Browser, button, readOptions, WAIT } from '../../e2e/browser/harness.mjs';

/** How long it rings, and how long it is quiet between two calls: the same for both kinds. */
const RINGS_MS = 700;
const QUIET_MS = 700;

/** In the page, before its own code. */
function prepare(ringsMs) {
  const now = () => performance.timeOrigin + performance.now();
  // What is decoded is listened to beside the page's own thread, which has cards to draw in the very same moment.
  const ear = new Worker(
    URL.createObjectURL(
      new Blob([
        `onmessage = async ({ data: readable }) => {
          const reader = readable.getReader();
          for (let loud = false; ; ) {
            const { value: frame, done } = await reader.read();
            if (done) return;
            const samples = new Float32Array(frame.numberOfFrames);
            frame.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
            frame.close();
            const before = loud;
            loud = samples.some((sample) => Math.abs(sample) > 0.03);
            if (loud && !before) postMessage(performance.timeOrigin + performance.now());
          }
        };`,
      ]),
    ),
  );
  const heard = [];
  ear.onmessage = ({ data }) => heard.push(data);
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      const known = new Set();
      this.addEventListener('track', ({ track }) => {
        if (known.has(track.id)) return;
        known.add(track.id);
        const { readable } = new MediaStreamTrackProcessor({ track });
        ear.postMessage(readable, [readable]);
      });
    }
  };
  const answerButton = () =>
    [...document.querySelectorAll('button')].find((each) => each.textContent.trim() === 'Answer' && !each.disabled);
  const appears = (look) =>
    new Promise((resolve) => {
      const found = look();
      if (found) return resolve(found);
      const observer = new MutationObserver(() => {
        const later = look();
        if (!later) return;
        observer.disconnect();
        resolve(later);
      });
      observer.observe(document, { childList: true, subtree: true, attributes: true });
    });
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  window.__watch = () => {
    window.__alert = appears(answerButton).then((answer) => ({ answer, alerted: now() }));
  };
  window.__take = async () => {
    const { answer, alerted } = await window.__alert;
    await pause(ringsMs);
    const accepted = now();
    answer.click();
    let first;
    while (!(first = heard.find((at) => at > accepted))) await pause(20);
    return { alerted, accepted, heard: first };
  };
}

const { firstRun } = readOptions(process.argv.slice(2));
const browser = await Browser.launch({});
// The worker is this measurement's, not the page's: the page's policy forbids it.
const page = await browser.open(firstRun.baseUrl, { bypassCSP: true });
await browser.context.addInitScript(prepare, RINGS_MS);

const verbs = {
  async login() {
    await browser.context.clearCookies();
    await page.goto(`${firstRun.baseUrl}/ui/`);
    await page.getByLabel('User').fill(firstRun.console.user);
    await page.getByLabel('Password').fill(firstRun.console.password);
    await button(page, 'Log in').click();
    await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
    return {};
  },
  async watch() {
    await page.evaluate(() => window.__watch());
    return {};
  },
  take: () => page.evaluate(() => window.__take()),
  async over() {
    await page.locator('article[data-status="connected"]').waitFor({ state: 'detached', timeout: WAIT });
    await page.waitForTimeout(QUIET_MS);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await verbs[line.trim()]()));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
