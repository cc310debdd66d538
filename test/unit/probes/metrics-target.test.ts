import { describe, expect, it } from 'vitest';
import { resolveHost } from '../../../probes/net/resolve.ts';
import { parseHost, parseHostAndPort, parseUrl } from '../../../probes/net/target.ts';

describe('parseHost', () => {
  it.each([
    ['127.0.0.1', 4, { kind: 'address', address: '127.0.0.1' }],
    ['2001:DB8:0:0::1', 6, { kind: 'address', address: '2001:db8::1' }],
    ['Example.NET', 6, { kind: 'name', name: 'example.net' }],
  ] as const)('takes %s for IPv%i', (text, family, host) => {
    expect(parseHost(text, family)).toEqual(host);
  });

  it.each([
    ['127.0.0.1', 6, 'other-family'],
    ['::1', 4, 'other-family'],
    ['::ffff:127.0.0.1', 6, 'mapped-address'],
    ['::ffff:127.0.0.1', 4, 'mapped-address'],
    ['fe80::1%eth0', 6, 'scoped-address'],
    ['::', 6, 'unspecified-address'],
    ['0.0.0.0', 4, 'unspecified-address'],
    ['127.1', 4, 'malformed-target'],
    ['0x7f000001', 4, 'malformed-target'],
    ['a b', 4, 'malformed-target'],
    ['', 4, 'malformed-target'],
    ['-a.test', 4, 'malformed-target'],
    [`${'a'.repeat(64)}.test`, 6, 'malformed-target'],
  ] as const)('refuses %s for IPv%i', (text, family, reason) => {
    expect(parseHost(text, family)).toEqual({ kind: 'refused', reason });
  });
});

describe('parseHostAndPort', () => {
  it('takes names, IPv4, and IPv6 in brackets', () => {
    expect(parseHostAndPort('a.test:443', 6)).toMatchObject({ port: 443 });
    expect(parseHostAndPort('127.0.0.1:80', 4)).toMatchObject({ port: 80 });
    expect(parseHostAndPort('[::1]:65535', 6)).toMatchObject({
      host: { kind: 'address', address: '::1' },
      port: 65_535,
    });
  });

  it.each(['a.test', '::1:80', '[::1]', 'a.test:0', 'a.test:65536', '[a.test:80', ':80'])(
    'refuses %s',
    (text) => {
      expect(parseHostAndPort(text, 6)).toEqual({ kind: 'refused', reason: 'malformed-target' });
    },
  );

  it('passes on why an address is refused', () => {
    expect(parseHostAndPort('[::ffff:1.2.3.4]:80', 6)).toMatchObject({ reason: 'mapped-address' });
    expect(parseHostAndPort('[fe80::1%lo]:80', 6)).toMatchObject({ reason: 'scoped-address' });
  });
});

describe('parseUrl', () => {
  it('knows the default ports', () => {
    expect(parseUrl('http://a.test/x?y', 4)).toMatchObject({ port: 80 });
    expect(parseUrl('https://[::1]/', 6)).toMatchObject({ port: 443 });
  });

  it.each([
    ['ftp://a.test/', 'malformed-target'],
    ['http://user:secret@a.test/', 'malformed-target'],
    ['a.test/x', 'malformed-target'],
    ['http://[fe80::1%25lo]/', 'scoped-address'],
    ['http://[::ffff:127.0.0.1]/', 'mapped-address'],
    ['http://127.0.0.1/', 'other-family'],
    // WHATWG URLs read these as 127.0.0.1, which a task for IPv6 must not reach.
    ['http://0x7f.1/', 'other-family'],
  ])('refuses %s', (text, reason) => {
    expect(parseUrl(text, 6)).toEqual({ kind: 'refused', reason });
  });
});

describe('resolveHost', () => {
  const name = { kind: 'name', name: 'a.test' } as const;
  const { signal } = new AbortController();
  const guarded = { allowPrivate: false };
  const notFound = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  const answering = (byFamily: Record<4 | 6, readonly string[] | Error>) => {
    return async (_: string, family: 4 | 6) => {
      const answer = byFamily[family];
      if (answer instanceof Error) throw answer;
      return answer;
    };
  };
  const failure = (code: string) => ({
    kind: 'outcome',
    outcome: expect.objectContaining({ status: 'failed', stage: 'dns', code }),
  });

  it('gives an address of the family, in canonical form', async () => {
    const lookup = answering({ 4: ['192.0.2.1'], 6: ['2001:DB8::1'] });
    expect(await resolveHost(name, 6, signal, guarded, lookup)).toMatchObject({
      address: '2001:db8::1',
    });
  });

  it('never gives an address of the other family, whatever a resolver says', async () => {
    const lookup = answering({ 4: ['192.0.2.1'], 6: ['192.0.2.1', '::ffff:192.0.2.1'] });
    expect(await resolveHost(name, 6, signal, guarded, lookup)).toEqual(
      failure('unusable-address'),
    );
  });

  it('tells a name without IPv6 from a name that does not exist', async () => {
    const onlyFour = answering({ 4: ['192.0.2.1'], 6: notFound });
    const nobody = answering({ 4: notFound, 6: notFound });
    expect(await resolveHost(name, 6, signal, guarded, onlyFour)).toEqual(failure('no-aaaa'));
    expect(await resolveHost(name, 6, signal, guarded, nobody)).toEqual(failure('unknown-name'));
  });

  it('tells silence from an answer', async () => {
    const silent = Object.assign(new Error('try again'), { code: 'EAI_AGAIN' });
    const lookup = answering({ 4: silent, 6: silent });
    expect(await resolveHost(name, 6, signal, guarded, lookup)).toEqual(failure('no-answer'));
  });

  it('ends at once when aborted', async () => {
    const control = new AbortController();
    const resolving = resolveHost(name, 6, control.signal, guarded, () => new Promise(() => {}));
    control.abort(new Error('stop'));
    await expect(resolving).rejects.toThrow('stop');
  });
});
