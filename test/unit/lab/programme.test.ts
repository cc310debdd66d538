import { describe, expect, it } from 'vitest';
import { programmeSchema } from '../../../ingest/controller.ts';
import { metricNamed } from '../../../probes/catalogue.ts';
import { programmeFor, surveySeconds } from '../../lab/programme.ts';
import { MAX_SITES } from '../../lab/sites.ts';

const peer = {
  4: '198.18.0.2',
  6: '2001:db8:99::2',
  httpPort: 8080,
  dnsPort: 5353,
  stampPort: 862,
};

describe('programmeFor', () => {
  it('is a programme, of metrics there are, with parameters they take', () => {
    for (const { tasks } of programmeSchema.parse(programmeFor(peer, MAX_SITES)))
      for (const { metric, parameters } of tasks) {
        const known = metricNamed(metric);
        expect(known?.name).toBe(metric);
        const parsed = known?.parameters.safeParse(parameters);
        expect(parsed).toMatchObject({ success: true, data: parameters });
      }
  });

  it('leaves every site the same share of the cores, however many there are', () => {
    expect(surveySeconds(MAX_SITES) / MAX_SITES).toBe(10);
    expect(surveySeconds(12)).toBe(120);
  });
});
