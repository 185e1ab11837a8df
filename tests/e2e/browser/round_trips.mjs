// Two media regions, one of them slow from here: after log-in the page measures both and reports them, once, and its next session
// is given the servers of the near one.
//
//   node tests/e2e/browser/round_trips.mjs --first-run=DIR/first-run.json

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { askApi, Browser, button, check, main, WAIT } from './harness.mjs';

const REGIONS = '/api/v2/telephony/mediaregions';
const SITES = '/api/v2/telephony/providers/edges/sites';
const SLOW_MS = 200;

/** Answers Binding requests (RFC 8489) after a while. */
async function stunServer(delayMs) {
  const socket = createSocket('udp4');
  socket.on('message', (request, { address, port }) => {
    const cookie = request.subarray(4, 8);
    const mapped = Buffer.alloc(12);
    mapped.writeUInt16BE(0x0020, 0);
    mapped.writeUInt16BE(8, 2);
    mapped[5] = 1;
    mapped.writeUInt16BE(port ^ 0x2112, 6);
    address.split('.').forEach((byte, i) => mapped.writeUInt8(Number(byte) ^ cookie[i], 8 + i));
    const answer = Buffer.concat([Buffer.from([1, 1, 0, mapped.length]), request.subarray(4, 20), mapped]);
    setTimeout(() => socket.send(answer, port, address), delayMs);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { uri: `stun:127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

async function logIn(page, { user, password }) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Log in').click();
  await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
}

const isReport = (message) => message.url().endsWith('/phones/me/roundtrips');
const isSession = (message) => message.url().endsWith('/phones/me/session');

await main(async ({ firstRun }) => {
  const [slow, fast] = await Promise.all([stunServer(SLOW_MS), stunServer(0)]);
  const browser = await Browser.launch({});
  try {
    for (const [name, { uri }] of [['far', slow], ['near', fast]]) {
      await askApi(firstRun, 'POST', REGIONS, { id: name, name, tier: 'Core', servers: [uri] });
    }
    const [site] = (await askApi(firstRun, 'GET', SITES)).entities;
    await askApi(firstRun, 'PUT', `${SITES}/${site.id}`, {
      name: site.name,
      mediaRegions: ['far'],
      mediaRegionsUseLatencyBased: true,
    });

    const page = await browser.open(firstRun.baseUrl, { expected: [/status of 401/] });
    let reports = 0;
    page.on('request', (request) => {
      if (isReport(request)) reports += 1;
    });
    const reported = page.waitForResponse(isReport, { timeout: WAIT });
    await logIn(page, firstRun.console);
    const answer = await reported;
    check(answer.status() === 204, 'the page reports what it measured');
    const { roundTrips } = answer.request().postDataJSON();
    const took = (uri) => roundTrips.find((entry) => entry.uri === uri)?.roundTripMicroseconds / 1000;
    check(took(slow.uri) >= SLOW_MS && took(slow.uri) < WAIT, `the far server answers after ${took(slow.uri)} ms`);
    check(took(fast.uri) < SLOW_MS, `the near one after ${took(fast.uri)} ms`);
    check(roundTrips.length === 2 && reports === 1, 'both servers in one report');

    const renewed = page.waitForResponse(isSession, { timeout: WAIT });
    await page.reload();
    const { iceServers } = await (await renewed).json();
    check(iceServers.length === 1 && iceServers[0].urls === fast.uri, 'the next session is given the near one');
    await browser.verdict();
  } finally {
    await browser.close();
    slow.close();
    fast.close();
  }
});
