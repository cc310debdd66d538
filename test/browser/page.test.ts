/** The page in a real browser on a real station: what a newcomer sees within a minute. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { monthOf } from '../../ingest/month.ts';
import { type RunningStation, startStation, tongda } from '../tongda.ts';
import { launchBrowser } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'tongda-browser-'));
let station: RunningStation;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];
const strangers: string[] = [];

beforeAll(async () => {
  station = await startStation({ TONGDA_DATA: join(folder, 'data') });
  browser = await launchBrowser();
  // A locale of its own: without one, a browser on a machine set to POSIX names a language that is none.
  context = await browser.newContext({
    locale: 'zh-CN',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(90_000);
  page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(station.url)) strangers.push(request.url());
  });
  // A page that does not come up at all fails once, not in every test anew.
  await page.goto(station.url);
  await page.locator('.card-value').first().waitFor();
});

afterAll(async () => {
  await browser?.close();
  await station?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${station.url}/?lang=zh`);
  await page.locator('.card-value').first().waitFor();
});

const code = () => page.evaluate(() => document.activeElement?.getAttribute('data-code') ?? null);

describe('a new station', () => {
  it('carries the plan’s own title and says 无证据, not 0', async () => {
    const overview = await (await fetch(`${station.url}/v1/overview`)).json();
    expect(await page.title()).toBe(`通达 · ${overview.plan.title.zh}`);
    expect(await page.locator('.card-value').allTextContents()).toEqual(['无证据']);
    const rows = await page.locator('.target-row .verdict').allTextContents();
    expect(rows).toEqual(overview.targets.map(() => '无证据'));
  });

  it('makes the row that is chosen the card, in the address', async () => {
    const { targets } = await (await fetch(`${station.url}/v1/overview`)).json();
    const last = targets.at(-1);
    const row = page.locator('.target-row').last();
    expect(await row.getAttribute('aria-pressed')).toBe('false');
    await row.focus();
    await page.keyboard.press('Enter');
    await page.locator('.card h3', { hasText: last.title.zh }).waitFor();
    expect(await page.locator('.card').count()).toBe(1);
    expect(await row.getAttribute('aria-pressed')).toBe('true');
    expect(new URL(page.url()).searchParams.get('target')).toBe(last.id);
  });

  it('shows its own line live over both families, marked as not counted', async () => {
    const figures = page.locator('.welcome .live dd');
    await page.waitForFunction(
      () => {
        const texts = [...document.querySelectorAll('.welcome .live dd')].slice(0, 2);
        return (
          texts.length === 2 && texts.every(({ textContent }) => /\d ms$/.test(textContent ?? ''))
        );
      },
      undefined,
      { timeout: 90_000 },
    );
    expect(await figures.count()).toBe(4);
    expect(await page.locator('.welcome').textContent()).toContain('环回自测,不计入');
  });

  it('leads from a line to its raw rows', async () => {
    await page.getByRole('tab', { name: '线路' }).click();
    await page.getByRole('button', { name: '看测量' }).first().click();
    await page.getByRole('button', { name: '原始记录' }).first().click();
    const row = JSON.parse((await page.locator('.full-row').textContent()) ?? '');
    expect(row.id).toBe(`${row.probe}:${row.sequence}`);
    expect(new URL(page.url()).searchParams.get('line')).toBe(row.line);
  });
});

describe('map', () => {
  it('draws all counties of the file, one in the tab order', async () => {
    await page.locator('[data-code]').first().waitFor();
    expect(await page.locator('[data-code]').count()).toBe(95);
    expect(await page.locator('[data-code][tabindex="0"]').count()).toBe(1);
  });

  it('is walked by arrow keys, drilled by Enter, left by Back', async () => {
    await page.locator('[data-code][tabindex="0"]').focus();
    const before = await code();
    await page.keyboard.press('ArrowRight');
    const after = await code();
    expect(after).toMatch(/^32\d{4}$/);
    expect(after).not.toBe(before);
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).searchParams.get('area')).toBe(after);
    await page.locator('.breadcrumb li:nth-child(3)').waitFor();
    await page.goBack();
    await page.locator('.breadcrumb li:nth-child(3)').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('area')).toBeNull();
  });
});

describe('language', () => {
  it('is one click away, in the address, and remembered', async () => {
    await page.goto(station.url);
    await page.getByRole('button', { name: 'English' }).click();
    expect(new URL(page.url()).searchParams.get('lang')).toBe('en');
    await page.goto(station.url);
    await page.getByRole('heading', { name: 'Targets of the plan' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  });
});

describe('what carriers filed', () => {
  const PLACE = '320102002001';
  // Long over, so that what comes today is late.
  const month = monthOf(new Date(Date.now() - 70 * 86_400_000));
  const filings = () => page.getByRole('region', { name: '填报', exact: true });
  const challenges = () => page.getByRole('region', { name: '异议', exact: true });

  beforeAll(async () => {
    const sheet = join(folder, 'places.csv');
    writeFileSync(
      sheet,
      `code,reached,technology,optical node,date reached\n${PLACE},yes,ftth,OLT-7,${month}-01\n`,
    );
    const of = ['--month', month, '--carrier', 'telecom', '--by', 'li'];
    for (const args of [
      ['filing', 'import', sheet, ...of],
      ...[['challenge', 'open', ...of, '--target', 'fibre-villages', '--place', PLACE]].map(
        (open) => [...open, '--party', 'authority', '--why', '实地未见光缆'],
      ),
    ]) {
      const { code, stderr } = await tongda(args, { TONGDA_DATA: join(folder, 'data') });
      expect(code, stderr).toBe(0);
    }
  });

  it('late or not at all is seen, and which standing is disputed, in both languages', async () => {
    await page.goto(`${station.url}/?lang=zh&month=${month}&tab=filings`);
    await challenges().locator('tbody tr').waitFor();
    await filings().locator('tbody tr').first().waitFor();
    const rows = await filings().locator('tbody tr').allTextContents();
    expect(rows.map((row) => /迟报|逾期未报/.exec(row)?.[0])).toEqual([
      ...['迟报', '逾期未报', '逾期未报', '逾期未报'],
    ]);
    expect(rows[0]).toMatch(/^中国电信迟报1\d{4}-.*1 \/ 0$/);
    const disputed = await challenges().locator('tbody tr').allTextContents();
    expect(disputed).toEqual([expect.stringMatching(/行政村光纤通达率.*authority实地未见光缆$/)]);
    await page.goto(`${station.url}/?lang=en&month=${month}&tab=filings`);
    await page.getByRole('region', { name: 'Filings' }).getByText('missing').first().waitFor();
  });

  it('leads from a challenge to the disputed place, which says so', async () => {
    await page.goto(`${station.url}/?lang=zh&month=${month}&tab=filings`);
    await challenges().locator('tbody tr button').click();
    const marks = page.locator('#tab-panel tbody strong');
    await marks.first().waitFor();
    expect(await marks.allTextContents()).toEqual([expect.stringContaining('1 处有异议')]);
    expect(await page.locator('.card header').textContent()).toContain('1 处有异议');
    expect(new URL(page.url()).searchParams.get('area')).toBe(PLACE.slice(0, 9));
    // Of a target that nobody disputes nothing is said.
    await page.goto(`${station.url}/?lang=zh&month=${month}&target=fibre-hamlets`);
    await page.locator('#tab-panel tbody tr').first().waitFor();
    expect(await page.locator('#tab-panel tbody strong').count()).toBe(0);
  });
});

describe('errors', () => {
  it('show the station’s own code and sentence', async () => {
    await page.goto(`${station.url}/?lang=zh&area=39`);
    const trouble = page.locator('.trouble').first();
    await trouble.waitFor();
    const problem = await (await fetch(`${station.url}/v1/lines?within=39`)).json();
    expect(await trouble.textContent()).toContain(problem.detail);
    expect(await trouble.locator('code').textContent()).toBe(problem.code);
  });
});

describe('for everyone', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const language of ['zh', 'en'])
      for (const tab of ['places', 'lines', 'measurements', 'filings'])
        it(`axe finds nothing: ${colorScheme}, ${language}, ${tab}`, async () => {
          await page.emulateMedia({ colorScheme });
          await page.goto(`${station.url}/?lang=${language}&tab=${tab}`);
          await page.locator('#tab-panel tbody tr').first().waitFor();
          await page.locator('.plot canvas').waitFor();
          await page.evaluate(axe.source);
          const violations = await page.evaluate(async () => {
            const { axe } = window as unknown as {
              axe: { run(): Promise<{ violations: { id: string }[] }> };
            };
            return (await axe.run()).violations.map(({ id }) => id);
          });
          expect(violations).toEqual([]);
        });

  it('fits 360 pixels', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const language of ['zh', 'en']) {
      await page.goto(`${station.url}/?lang=${language}&tab=lines`);
      await page.locator('.plot canvas').waitFor();
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(beyond, language).toBe(0);
    }
  });
});

describe('lightness and silence', () => {
  it('loads at most 60 KB of code and style, compressed', () => {
    const assets = new URL('../../.build/web/assets/', import.meta.url);
    const bytes = readdirSync(assets).reduce(
      (sum, name) => sum + gzipSync(readFileSync(new URL(name, assets))).length,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(60_000);
  });

  it('asked nobody but the station, and the browser had nothing to complain of', () => {
    expect(strangers).toEqual([]);
    // The browser itself speaks of the 404 that one test asks for.
    expect(complaints.filter((text) => !/404.*within=39/.test(text))).toEqual([]);
  });
});
