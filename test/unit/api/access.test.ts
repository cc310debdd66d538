import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { access } from '../../../api/access.ts';

const app = new Hono().use(access('secret')).all('*', (context) => context.text('in'));

it.each([
  ['POST', '/v1/filings', 200],
  ['GET', '/v1/filings', 401],
  ['POST', '/v1/filings/telecom', 401],
  ['POST', '/v1/quarantine', 401],
  ['HEAD', '/healthz', 200],
  ['POST', '/v1/reports', 200],
])(
  'a password stands before what readers ask for, not before filing: %s %s',
  async (method, path, status) => {
    expect((await app.request(path, { method })).status).toBe(status);
  },
);
