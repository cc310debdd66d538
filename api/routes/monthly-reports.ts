/** `GET /v1/monthly-reports` and the files of each edition. */

import { Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import { editions, findEdition } from '../editions.ts';
import type { EvidenceReader } from '../evidence.ts';
import { FORMATS } from '../formats/catalogue.ts';

export function monthlyReports(reader: EvidenceReader): Hono {
  return new Hono()
    .get('/v1/monthly-reports', async (context) => context.json(await editions(reader)))
    .get('/v1/monthly-reports/:month/:edition/:file', async (context) => {
      const { month, edition, file } = context.req.param();
      const format = FORMATS.find(({ extension }) => file === `report.${extension}`);
      const found =
        format && /^\d{1,6}$/.test(edition)
          ? await findEdition(reader, month, Number(edition))
          : null;
      if (!format || !found)
        throw new Refusal(
          404,
          'edition-unknown',
          `没有 ${month} 第 ${edition} 版的 ${file}`,
          `there is no ${file} of ${month}, edition ${edition}`,
        );
      return context.body(format.draw(found.report, found.sha256), 200, {
        'content-type': format.contentType,
        // The report carries its own style and runs nothing.
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      });
    });
}
