import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, RANGES, VERDICTS, WORDS } from '../../../web/words.ts';

const css = readFileSync(new URL('../../../web/tokens.css', import.meta.url), 'utf8');
const [lightText = '', darkText = ''] = css.split('@media (prefers-color-scheme: dark)');
const tokens = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
const themes = { light: tokens(lightText), dark: tokens(darkText) };

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const READ: [ink: string, ground: string][] = [
  ...['page', 'surface', 'surface-raised'].flatMap((ground): [string, string][] => [
    ['ink', ground],
    ['ink-soft', ground],
    ['accent', ground],
  ]),
  ...['met', 'missed', 'undecided', 'insufficient', 'silent'].map((name): [string, string] => [
    name,
    `${name}-tint`,
  ]),
  ['accent', 'accent-tint'],
  ['ink-soft', 'silent-tint'],
  ['goal', 'surface'],
  ['missed', 'surface'],
  ['undecided', 'surface'],
  ['v4', 'surface'],
  ['v6', 'surface'],
  ['ink', 'missed-tint'],
];
const SEEN: [mark: string, ground: string][] = [
  ['focus', 'surface'],
  ['focus', 'page'],
  ['city-edge', 'surface'],
  ['tint-dot', 'tint-ground'],
];

describe.each(Object.entries(themes))('%s theme', (_, theme) => {
  const of = (name: string) => {
    const colour = theme[name];
    if (!colour) throw new Error(`no token --${name}`);
    return colour;
  };

  it.each(READ)('%s is read on %s: at least 4.5:1', (ink, ground) => {
    expect(contrast(of(ink), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SEEN)('%s is seen on %s: at least 3:1', (mark, ground) => {
    expect(contrast(of(mark), of(ground))).toBeGreaterThanOrEqual(3);
  });

  it('has classes that go one way in lightness, told apart without colour', () => {
    const steps = [1, 2, 3, 4, 5].map((bin) => luminance(of(`bin-${bin}`)));
    const rising = steps.slice(1).map((step, index) => step > (steps[index] ?? 0));
    expect(new Set(rising).size).toBe(1);
    for (const [index, step] of steps.slice(1).entries())
      expect(
        contrast(of(`bin-${index + 1}`), of(`bin-${index + 2}`)),
        `bin-${index + 1}, ${step}`,
      ).toBeGreaterThan(1.3);
  });
});

describe('tokens', () => {
  it('exist in both themes', () => {
    expect(Object.keys(themes.dark).sort()).toEqual(Object.keys(themes.light).sort());
  });
});

describe('words', () => {
  it('are said in both languages', () => {
    for (const [key, { zh, en }] of Object.entries({
      ...WORDS,
      ...VERDICTS,
      ...OUTCOMES,
      ...RANGES,
    })) {
      expect(zh.length * en.length, key).toBeGreaterThan(0);
      if (!['switchLanguage'].includes(key))
        expect(en.replaceAll(/\(.*\)/g, ''), key).not.toMatch(/\p{Script=Han}/u);
    }
  });
});
