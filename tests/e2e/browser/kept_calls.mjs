// Three calls of one persistent connection: the first makes it, the others alert inside it. What is heard of each goes into a WAV
// file, the carriers keep what they hear. Between the calls nothing flows and the microphone is off.
//
//   node tests/e2e/browser/kept_calls.mjs --first-run=DIR/first-run.json --number=+1… --heard=PREFIX

import { Browser, button, card, check, dial, main, placeCallByApi, WAIT } from './harness.mjs';

const SECONDS = 6;

async function logIn(page, { user, password }) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Log in').click();
  await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
}

/** By an application: the phone rings, its user answers; by the page's own button nobody is asked twice. */
async function place(page, firstRun, by, number) {
  if (by === 'button') return dial(page, number);
  await placeCallByApi(firstRun, number);
  await button(page, 'Answer').click({ timeout: WAIT });
}

const connections = (page) => page.evaluate(() => window.__probe.connections.map((pc) => pc.connectionState));
const senderIsEmpty = (page) =>
  page.waitForFunction(() => window.__probe.connections.at(-1).getSenders().every(({ track }) => track === null), null, {
    timeout: WAIT,
  });
const isDirection = (page, wanted) =>
  page.waitForFunction(
    (direction) => window.__probe.connections.at(-1).getTransceivers()[0].currentDirection === direction,
    wanted,
    { timeout: WAIT },
  );

async function isAtRest(browser, page) {
  await page.getByRole('img', { name: /Connection kept/ }).waitFor({ timeout: WAIT });
  await senderIsEmpty(page);
  await isDirection(page, 'inactive');
  const states = await connections(page);
  check(states.length === 1 && states[0] === 'connected', `one connection, and it stands (${states})`);
  const { before, after } = await browser.reportAfter(1500);
  check(after.packetsOut === before.packetsOut, 'no audio leaves between calls');
  check(after.packetsIn === before.packetsIn, 'no audio arrives between calls');
}

async function holdAndResume(page) {
  await button(page, 'Hold').click();
  await page.locator('button[aria-pressed="true"]:has-text("Hold")').waitFor({ timeout: WAIT });
  await button(page, 'Hold').click();
  await page.locator('button[aria-pressed="false"]:has-text("Hold")').waitFor({ timeout: WAIT });
  check(true, 'hold and resume');
}

await main(async ({ firstRun, number, heard }) => {
  const browser = await Browser.launch({});
  try {
    const page = await browser.open(firstRun.baseUrl);
    await logIn(page, firstRun.console);
    for (const [index, by] of ['api', 'api', 'button'].entries()) {
      await place(page, firstRun, by, number);
      await card(page, 'connected').waitFor({ timeout: WAIT });
      await page.getByText('Hearing the other side').waitFor({ timeout: WAIT });
      check((await page.getByRole('img', { name: /Connection kept/ }).count()) === 0, 'in a call it is no kept connection');
      if (index === 1) await holdAndResume(page);
      await browser.record(`${heard}-${index}.wav`, SECONDS);
      const { before, after } = await browser.reportAfter(1000);
      check(after.energyIn - before.energyIn > 0.001, 'and it is played');
      check(after.direction === 'sendrecv', `call ${index + 1}: ${SECONDS} s recorded (${after.codec})`);
      await button(page, 'Hang up').click();
      await card(page, 'disconnected').waitFor({ timeout: WAIT });
      await isAtRest(browser, page);
      if (index === 0) await browser.axe('a kept connection');
    }
    await browser.verdict();
  } finally {
    await browser.close();
  }
});
