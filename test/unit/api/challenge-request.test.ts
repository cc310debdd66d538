import { describe, expect, it } from 'vitest';
import { openingOf, wordOf } from '../../../api/challenge-request.ts';
import { requireParty } from '../../../api/challenges.ts';

const WORD = { kind: 'upheld', by: 'wang', text: '现场查看' };
const FILE = { name: 'a.pdf', sha256: 'a'.repeat(64), sizeB: 9 };
const refused = (code: string) => expect.objectContaining({ code });

describe('what is asked of a challenge', () => {
  it.each([
    ['decision-incomplete', {}],
    ['decision-incomplete', { setsAside: [] }],
    ['decision-incomplete', { sets: 'confirmed', setsAside: ['a'] }],
    ['decision-unwanted', { kind: 'dismissed', sets: 'confirmed' }],
    ['decision-unwanted', { kind: 'rebutted', setsAside: ['a'] }],
    ['evidence-missing', { kind: 'evidence' }],
    ['challenge-malformed', { sets: 'perfect' }],
    ['challenge-malformed', { kind: 'opened' }],
    ['challenge-malformed', { kind: 'dismissed', by: '  ' }],
    ['challenge-malformed', { kind: 'dismissed', text: '' }],
    ['challenge-malformed', { kind: 'dismissed', at: '2026-11-01' }],
    ['challenge-malformed', { kind: 'evidence', files: [{ ...FILE, name: '../a.pdf' }] }],
    ['challenge-malformed', { kind: 'evidence', files: [{ ...FILE, sha256: 'A'.repeat(64) }] }],
    ['challenge-malformed', { kind: 'evidence', measurements: [{ probe: 'p', sequence: 1 }] }],
  ])('is refused as %s: %j', (code, over) => {
    expect(() => wordOf({ ...WORD, ...over })).toThrow(refused(code));
  });

  it('names what will not do', () => {
    expect(() => openingOf({ month: '2026-10' })).toThrow(/"target"/);
    expect(() => openingOf(null)).toThrow(refused('challenge-malformed'));
    expect(() => wordOf({ ...WORD, sets: 'confirmed', sealed: true })).toThrow(/"sealed"/);
  });

  it('is one of two decisions, or evidence by reference', () => {
    expect(wordOf({ ...WORD, sets: 'confirmed' })).toMatchObject({
      sets: 'confirmed',
      setsAside: [],
    });
    expect(wordOf({ ...WORD, setsAside: ['a'] })).toMatchObject({ setsAside: ['a'] });
    expect(wordOf({ ...WORD, kind: 'evidence', files: [FILE] }).files).toEqual([FILE]);
  });
});

describe('a party', () => {
  it('speaks for itself, and the authority writes down what it is sent', () => {
    expect(() => requireParty('telecom', 'telecom', 'telecom')).not.toThrow();
    expect(() => requireParty('telecom', 'telecom', 'authority')).not.toThrow();
    expect(() => requireParty('authority', 'telecom', 'telecom')).toThrow(refused('party-foreign'));
    expect(() => requireParty('mobile', 'telecom', 'authority')).toThrow(refused('party-unknown'));
  });
});
