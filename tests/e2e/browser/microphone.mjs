// Without the microphone: the page asks, says what to do when it is refused, and registers by itself once it is allowed.
//
//   node tests/e2e/browser/microphone.mjs --first-run=DIR/first-run.json [--shots=FOLDER]

import { Browser, check, main } from './harness.mjs';

const WAIT = 20_000;

await main(async ({ firstRun, shots }) => {
  const browser = await Browser.launch({ shots, microphone: 'ask' });
  try {
    // One refused login is provoked below.
    const page = await browser.open(firstRun.baseUrl, { expected: [/status of 401/] });
    await page.getByLabel('User').fill(firstRun.console.user);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('User name or password is wrong.').waitFor({ timeout: WAIT });
    await browser.axe('login refused');
    check((await page.getByLabel('User').inputValue()) === firstRun.console.user, 'a wrong password keeps the user name');

    await page.getByLabel('Password').fill(firstRun.console.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    const allow = page.getByRole('button', { name: 'Allow microphone' });
    await allow.waitFor({ timeout: WAIT });
    await browser.axe('permission card');
    await browser.shots('permission');
    check(await page.getByRole('button', { name: 'Call', exact: true }).isDisabled(), 'no call before the microphone is allowed');

    // Nobody answers the browser's question here, which headless Chromium takes for a no.
    await allow.click();
    await page.getByText('The browser blocked the microphone. Allow it in the address bar, then try again.').waitFor({ timeout: WAIT });
    await browser.axe('microphone refused');
    await browser.shot('refused');
    check(true, 'a refusal says what to do');

    await browser.context.grantPermissions(['microphone'], { origin: firstRun.baseUrl });
    await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
    check(true, 'once allowed, the phone registers without a reload');
    await browser.verdict();
  } catch (error) {
    await browser.shot('failure');
    throw error;
  } finally {
    await browser.close();
  }
});
