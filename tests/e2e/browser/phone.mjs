// The browser phone as its user lives it: log in, allow the microphone, call, hear and be heard, mute, hold, digits, hang up,
// then be called: by an application, and from outside through the trunk. Sandbox numbers: …0111 answers at once and echoes,
// …0130 is busy, …0170 calls the caller ID back.
//
//   node tests/e2e/browser/phone.mjs --first-run=DIR/first-run.json [--shots=FOLDER]

import { Browser, button, card, check, dial, main, placeCallByApi, TONE_HZ, WAIT } from './harness.mjs';

const ECHO = '+14155550111';
const BUSY = '+14155550130';
const CALLS_BACK = '+14155550170';

async function logIn(browser, page, { user, password }) {
  await page.getByLabel('User').waitFor();
  await browser.axe('login');
  await browser.shot('login');
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Log in').click();
  await button(page, 'Call').waitFor({ timeout: WAIT });
}

async function beReady(browser, page) {
  await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
  await browser.axe('phone, idle');
  await browser.shots('idle');
}

const isTone = ({ peakHz, peakDb }) => Math.abs(peakHz - TONE_HZ) < 15 && peakDb > -60;

/** The carrier echoes: our own tone, back at this end, has gone the whole way in both directions. */
async function hearTheEcho(browser) {
  const { before, after } = await browser.reportAfter(3000);
  console.log(`     ${JSON.stringify(after)}`);
  check(after.packetsIn - before.packetsIn > 100, `packets arrive (${after.packetsIn - before.packetsIn} in 3 s)`);
  check(after.packetsOut - before.packetsOut > 100, `packets leave (${after.packetsOut - before.packetsOut} in 3 s)`);
  check(after.energyIn - before.energyIn > 0.001, `audio energy arrives (${(after.energyIn - before.energyIn).toFixed(4)})`);
  check(after.energyOut - before.energyOut > 0.001, `audio energy leaves (${(after.energyOut - before.energyOut).toFixed(4)})`);
  check(isTone(after), `what is heard is our own ${TONE_HZ} Hz (${after.peakHz.toFixed(0)} Hz, ${after.peakDb.toFixed(0)} dB)`);
  const concealed = (100 * (after.concealed - before.concealed)) / (after.samples - before.samples);
  check(concealed < 5, `concealed samples below 5 % (${concealed.toFixed(2)} %)`);
}

async function silenceBy(browser, page, name) {
  await button(page, name).click();
  await page.locator(`button[aria-pressed="true"]:has-text("${name}")`).waitFor({ timeout: WAIT });
  // A round trip of old audio may still be under way.
  await browser.reportAfter(1000);
  const { before, after } = await browser.reportAfter(2000);
  check(after.energyOut - before.energyOut < 1e-6, `${name}: no energy leaves any more`);
  return after;
}

async function releaseBy(browser, page, name) {
  await button(page, name).click();
  await page.locator(`button[aria-pressed="false"]:has-text("${name}")`).waitFor({ timeout: WAIT });
  const started = Date.now();
  let growth = 0;
  while (growth < 0.0005 && Date.now() - started < WAIT) {
    const { before, after } = await browser.reportAfter(250);
    growth = after.energyIn - before.energyIn;
  }
  check(growth >= 0.0005, `${name} off: audio is back (within ${Date.now() - started} ms)`);
}

async function pressDigits(browser, page) {
  await button(page, 'Keypad').click();
  await button(page, 'Digit 5').click();
  await page.keyboard.press('7');
  await page.keyboard.press('#');
  await page.getByLabel('Sent digits').getByText('57#').waitFor();
  check(true, 'digits are sent by button and by key');
  await browser.axe('keypad open');
}

async function chooseDevices(page) {
  const microphone = page.getByLabel('Microphone', { exact: true });
  const names = await microphone.locator('option').allTextContents();
  check(names.length >= 2 && names.every((name) => name !== ''), `microphones have names (${names.join(', ')})`);
  await microphone.selectOption({ index: names.length - 1 });
  const chosen = await microphone.inputValue();
  await page.reload();
  await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
  check((await page.getByLabel('Microphone', { exact: true }).inputValue()) === chosen, 'the chosen microphone is remembered');
  await page.getByLabel('Microphone', { exact: true }).selectOption('default');
}

async function callOut(browser, page) {
  await dial(page, ECHO);
  await card(page, 'connected').waitFor({ timeout: WAIT });
  check(true, 'the call is connected');
  await page.getByText('Hearing the other side').waitFor({ timeout: WAIT });
  await hearTheEcho(browser);
  await browser.axe('in a call');
  await browser.shots('call');
  await silenceBy(browser, page, 'Mute');
  await releaseBy(browser, page, 'Mute');
  const held = await silenceBy(browser, page, 'Hold');
  check(held.direction !== 'sendrecv', `Hold: the media direction is ${held.direction}`);
  await releaseBy(browser, page, 'Hold');
  await pressDigits(browser, page);
  await button(page, 'Hang up').click();
  await card(page, 'disconnected').waitFor({ timeout: WAIT });
  const steps = await card(page, 'disconnected').locator('li').allTextContents();
  check(
    ['Queued', 'Initiated', 'Ringing', 'Connected', 'Disconnected'].every((word, index) => steps[index]?.startsWith(word)),
    `the card shows the way of the call (${steps.join(' → ')})`,
  );
  await browser.axe('call ended');
}

async function callBusy(browser, page) {
  await dial(page, BUSY);
  await card(page, 'failed').waitFor({ timeout: WAIT });
  await card(page, 'failed').getByText('Busy.').waitFor({ timeout: WAIT });
  check(true, 'a busy number fails with its reason');
  await browser.axe('call failed');
}

/** An application places a call for this agent: the phone rings, and its user answers. */
async function beCalled(browser, page, firstRun) {
  await placeCallByApi(firstRun, ECHO);
  await button(page, 'Answer').waitFor({ timeout: WAIT });
  await browser.axe('ringing');
  await browser.shots('ringing');
  await page.keyboard.press('Control+Shift+A');
  await card(page, 'connected').waitFor({ timeout: WAIT });
  await page.getByText('Hearing the other side').waitFor({ timeout: WAIT });
  await hearTheEcho(browser);
  await page.keyboard.press('Control+Shift+D');
  await card(page, 'disconnected').waitFor({ timeout: WAIT });
  check(true, 'answered and hung up by keyboard');
}

/** A real inbound call: the carrier rings the number that is assigned to this user. */
async function beCalledBack(browser, page) {
  await dial(page, CALLS_BACK);
  await card(page, 'connected').waitFor({ timeout: WAIT });
  await button(page, 'Hang up').click();
  await button(page, 'Answer').waitFor({ timeout: WAIT });
  check(await page.getByText('Incoming call').first().isVisible(), 'the carrier calls in and the phone rings');
  await browser.axe('incoming call');
  await browser.shots('incoming');
  await button(page, 'Answer').click();
  await card(page, 'connected').waitFor({ timeout: WAIT });
  await page.getByText('Hearing the other side').waitFor({ timeout: WAIT });
  check(true, 'answered, and the caller is heard');
  await button(page, 'Hang up').click();
  await card(page, 'disconnected').waitFor({ timeout: WAIT });
}

async function logOut(browser, page) {
  await page.getByRole('button', { name: 'Account' }).click();
  await browser.axe('account menu');
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByLabel('Password').waitFor({ timeout: WAIT });
  check(true, 'logged out');
}

await main(async ({ firstRun, shots }) => {
  const browser = await Browser.launch({ shots });
  try {
    const page = await browser.open(firstRun.baseUrl);
    await logIn(browser, page, firstRun.console);
    await beReady(browser, page);
    await chooseDevices(page);
    await callOut(browser, page);
    await callBusy(browser, page);
    await beCalled(browser, page, firstRun);
    await beCalledBack(browser, page);
    await logOut(browser, page);
    await browser.verdict();
  } catch (error) {
    await browser.shot('failure');
    throw error;
  } finally {
    await browser.close();
  }
});
