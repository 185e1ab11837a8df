// One call between the browser and a carrier that plays a tone of its own: what is heard here goes into a WAV file, the carrier
// keeps what it hears. Placed by the page's Call button, or by an application (the phone rings and its user answers).
//
// `--path=relay` asks for the way the packets take, `--relay-protocol=tcp` for what carries them to the relay.
//
//   node tests/e2e/browser/two_tones.mjs --first-run=DIR/first-run.json --by=button|api --number=+1… --heard=FILE.wav

import { Browser, button, card, check, dial, main, placeCallByApi, WAIT } from './harness.mjs';

const SECONDS = 8;

async function logIn(page, { user, password }) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Log in').click();
  await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
}

async function place(page, firstRun, by, number) {
  if (by === 'button') return dial(page, number);
  await placeCallByApi(firstRun, number);
  await button(page, 'Answer').click({ timeout: WAIT });
}

await main(async ({ firstRun, by, number, heard, path, 'relay-protocol': relayProtocol }) => {
  const browser = await Browser.launch({});
  try {
    const page = await browser.open(firstRun.baseUrl);
    await logIn(page, firstRun.console);
    await place(page, firstRun, by, number);
    await card(page, 'connected').waitFor({ timeout: WAIT });
    check(true, 'the call is connected');
    await page.getByText('Hearing the other side').waitFor({ timeout: WAIT });
    await browser.record(heard, SECONDS);
    const report = await browser.report();
    console.log(`ok   ${SECONDS} s recorded (${report.codec}, ${report.cipher}, ${report.path} ${report.relayProtocol ?? ''})`);
    if (path) check(report.path === path, `the packets go by ${path} (${report.path})`);
    if (relayProtocol) check(report.relayProtocol === relayProtocol, `to the relay by ${relayProtocol} (${report.relayProtocol})`);
    await button(page, 'Hang up').click();
    await card(page, 'disconnected').waitFor({ timeout: WAIT });
    await browser.verdict();
  } finally {
    await browser.close();
  }
});
