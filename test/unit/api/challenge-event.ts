/** An event of a challenge, for tests that change one thing at a time. */
import type { ChallengeEvent } from '../../../api/challenge.ts';

/** Opened by the carrier on 2026-11-01 at 10:00 in Shanghai, with 30 days to reply and 30 to decide. */
export function anEvent(changes: Partial<ChallengeEvent> = {}): ChallengeEvent {
  const { at = '2026-11-01T02:00:00.000000Z', kind = 'opened' } = changes;
  return {
    ...{ month: '2026-10', challenge: '20261101-k3m9', event: `${at}-${kind}`, at, kind },
    ...{ party: 'telecom', by: 'li', entered: 'authority', text: '因' },
    ...{ target: 'access-rate', place: '320102001001', carrier: 'telecom' },
    ...{ probes: [], sequences: [], starts: [], files: [], fileSha256s: [], fileSizesB: [] },
    ...{ replyDays: 30, decisionDays: 30, sets: '', setsAside: [] },
    ...{ standing: 'contradicted', method: 'standing/1', minimumRuns: 3, minimumDays: 2 },
    ...{ atLeast: 20, filing: 'f1', row: 2, reached: true, technology: 'ftth' },
    ...{ opticalNode: 'OLT-7', linesPassed: [], linesFailed: ['a'] },
    ...changes,
  };
}
