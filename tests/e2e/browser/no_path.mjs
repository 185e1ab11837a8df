// A call whose browser finds no media path: it ends by itself and the page says why.
//
//   node tests/e2e/browser/no_path.mjs --first-run=DIR/first-run.json --number=+1…

import { Browser, button, card, check, dial, main, WAIT } from './harness.mjs';

await main(async ({ firstRun, number }) => {
  const browser = await Browser.launch({});
  try {
    const page = await browser.open(firstRun.baseUrl, { expected: [/.*/] });
    await page.getByLabel('User').fill(firstRun.console.user);
    await page.getByLabel('Password').fill(firstRun.console.password);
    await button(page, 'Log in').click();
    await page.getByText('Registered', { exact: true }).waitFor({ timeout: WAIT });
    const report = page.waitForResponse((answer) => answer.url().endsWith('/ice-reports'), { timeout: 3 * WAIT });
    await dial(page, number);
    await card(page, 'failed').waitFor({ timeout: 3 * WAIT });
    check((await report).status() === 204, 'the page has reported what it found');
  } finally {
    await browser.close();
  }
});
