import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentConfig, parseSettings } from '../../../probes/config.ts';
import { familyOf, hostOf } from '../../../probes/family.ts';
import { parseParameters } from '../../../probes/once.ts';
import { VERSION } from '../../../probes/software.ts';

const GOOD = `station: https://tongda.example
probe: village-7
tokenFile: token
spool: spool
`;
const TOKEN = 'abcdefghijklmnopqrstuvwxyz';

describe('parseSettings', () => {
  it('reads a file, relative paths from where it stands', () => {
    expect(parseSettings(GOOD, '/etc/tongda/probe.yaml')).toEqual({
      station: 'https://tongda.example',
      probe: 'village-7',
      tokenFile: '/etc/tongda/token',
      spool: '/etc/tongda/spool',
      spoolLimitMiB: 64,
    });
  });

  it.each([
    ['an unknown key', `${GOOD}spol: /tmp\n`, 'config-invalid', ['probe.yaml:5', 'spol']],
    [
      'a probe with capitals',
      GOOD.replace('village-7', 'Village'),
      'config-invalid',
      [':2', 'probe'],
    ],
    ['another scheme', GOOD.replace('https', 'ftp'), 'config-invalid', ['probe.yaml:1', 'station']],
    ['a missing key', GOOD.replace('spool: spool\n', ''), 'config-invalid', ['spool']],
    ['a limit of words', `${GOOD}spoolLimitMiB: much\n`, 'config-invalid', [':5', 'spoolLimitMiB']],
    ['an empty file', '', 'config-invalid', ['probe.yaml']],
    ['no YAML', `${GOOD}\tx: [`, 'config-malformed', ['probe.yaml', 'line 5']],
  ])('refuses %s and says where', (_, text, code, parts) => {
    const attempt = () => parseSettings(text, 'probe.yaml');
    expect(attempt).toThrow(expect.objectContaining({ code }));
    for (const part of parts) expect(attempt).toThrow(part);
  });
});

describe('agentConfig', () => {
  const settings = { station: 'https://a.example', probe: 'p', spool: '/s', spoolLimitMiB: 2 };

  it('takes the token from its file before the environment', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tongda-config-'));
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, `${TOKEN}\n`);
    const environment = { TONGDA_TOKEN: `${TOKEN}-other` };
    expect(agentConfig({ ...settings, tokenFile }, environment).token).toBe(TOKEN);
    expect(agentConfig(settings, environment)).toEqual({
      station: 'https://a.example',
      probe: 'p',
      token: `${TOKEN}-other`,
      spool: '/s',
      spoolLimitB: 2 * 1024 * 1024,
      monthlyBudgetB: null,
    });
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['token-missing', settings, {}],
    ['token-malformed', settings, { TONGDA_TOKEN: 'Bearer abc' }],
    ['token-unreadable', { ...settings, tokenFile: '/nonexistent/token' }, {}],
  ])('refuses with %s', (code, given, environment) => {
    expect(() => agentConfig(given, environment)).toThrow(expect.objectContaining({ code }));
  });
});

describe('familyOf', () => {
  it.each([
    ['::1', '::1', 6],
    ['[2001:db8::1]:443', '2001:db8::1', 6],
    ['http://[2001:db8::1]:80/x', '2001:db8::1', 6],
    ['192.0.2.1', '192.0.2.1', 4],
    ['192.0.2.1:443', '192.0.2.1', 4],
    ['http://192.0.2.1/x?y=::1', '192.0.2.1', 4],
    ['example.net', 'example.net', 4],
    ['example.net:80', 'example.net', 4],
    ['https://example.net/a:b', 'example.net', 4],
  ] as const)('%s', (target, host, family) => {
    expect(hostOf(target)).toBe(host);
    expect(familyOf(target, undefined)).toBe(family);
  });

  it('lets a name be asked for over either family, a literal over its own only', () => {
    expect(familyOf('example.net', 6)).toBe(6);
    expect(familyOf('::1', 6)).toBe(6);
    expect(() => familyOf('::1', 4)).toThrow(expect.objectContaining({ code: 'family-mismatch' }));
    expect(() => familyOf('192.0.2.1:1', 6)).toThrow('IPv4');
  });
});

it('reads parameters as JSON or else as text', () => {
  expect(parseParameters(['count=3', 'name=a=b', 'on=true', 'list=[1]'])).toEqual({
    count: 3,
    name: 'a=b',
    on: true,
    list: [1],
  });
  expect(() => parseParameters(['=3'])).toThrow('key=value');
});

it('carries the version of the package', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  expect(VERSION).toBe(version);
});
