/** `npm run crash -- --runs 1000 --seed 1 [--json FILE]`; see `crash.ts`. Ends early on Ctrl-C, with what it has. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { crash } from './crash.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const result = await crash({
  runs: Number(values.runs),
  seed: Number(values.seed),
  progress: (text) => console.error(text),
  signal: stop.signal,
});
const text = JSON.stringify({ date: new Date().toISOString(), ...result }, null, 2);
console.log(text);
if (values.json) writeFileSync(values.json, `${text}\n`);
process.exit(result.wrong.length > 0 ? 1 : 0);
