/**
 * A real browser: `CHROME_PATH`, a Chromium of the system, or the one that npm brought. Never a
 * download, and never a silent skip: without a browser the tests fail and say so.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchBrowser(): Promise<Browser> {
  const own = process.env.CHROME_PATH ?? SYSTEM.find((path) => existsSync(path));
  if (own) return chromium.launch({ executablePath: own, args: QUIET });
  // Tells the package to unpack the libraries its browser needs, which a bare machine lacks.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: packed } = await import('@sparticuz/chromium');
  return chromium.launch({
    executablePath: await packed.executablePath(),
    args: [...packed.args, ...QUIET],
  });
}
