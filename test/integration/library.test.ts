/** What the library says of an address and of services: lookups, walks of probes, lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LibraryLookup, LibraryPage, LibraryService } from '../../api/contract/library.ts';
import type { Problem } from '../../api/contract/problem.ts';
import { ServiceWalks } from '../../ingest/service-walk.ts';
import { LIANGXI, startFilledLibrary, type TestLibrary, XUANWU } from './library-fixture.ts';

let test: TestLibrary;
beforeAll(async () => {
  test = await startFilledLibrary();
});
afterAll(() => test?.stop());

describe('a lookup', () => {
  const chainOf = async (address: string, on = '2026-10-20') =>
    (await test.ask<LibraryLookup>(`/v1/library/prefixes?address=${address}&on=${on}`)).chain.map(
      ({ prefix }) => prefix,
    );

  it('gives the chain of the day, the most specific first', async () => {
    expect(await chainOf('58.240.16.7')).toEqual(['58.240.16.0/24', '58.240.0.0/15']);
    expect(await chainOf('::ffff:58.241.0.1')).toEqual(['58.240.0.0/15']);
    expect(await chainOf('240e:3a1::9')).toEqual(['240e:3a1::/32', '240e:3a0::/28']);
    expect(await chainOf('120.0.1.1')).toEqual(['120.0.0.0/16']);
    expect(await chainOf('120.0.1.1', '2026-10-15')).toEqual([]);
    expect(await chainOf('58.240.16.7', '2019-12-31')).toEqual([]);
  });

  it.each([
    ...['address=58.240', 'address=fe80::1%25eth0', 'on=2026-13-01', 'on=2026-02-30'],
    ...['cursor=x', 'cursor=', 'limit=0'],
  ])('of %s is a problem', async (query) => {
    const response = await test.api.request(`/v1/library/prefixes?${query}`);
    expect((await response.json()) as Problem).toMatchObject({
      ...{ status: 400, code: 'parameter-malformed' },
    });
  });
});

describe('a walk', () => {
  const of = async (line: string, place: string, perProbe = 9, now = '2026-10-20T04:00:00Z') => {
    const walks = new ServiceWalks(test.store, { perProbe, periodS: 60, allowPrivate: false });
    const walk = await walks.of('p', { line, place, carrier: 'unicom' }, new Date(now));
    return walk && [...new Set(walk.tasks.map(({ target = '' }) => target))].filter(hasScheme);
  };
  const hasScheme = (target: string) => target.startsWith('http');

  it('is of what is registered for the place on the day', async () => {
    expect(await of('l1', XUANWU)).toEqual(['https://jsbc.cn/', 'https://www.nanjing.gov.cn/']);
    expect(await of('l2', LIANGXI)).toEqual([
      'https://jsbc.cn/',
      new URL('http://无锡.中国:8080/').href,
    ]);
    expect(await of('l1', XUANWU, 9, '2025-12-31T04:00:00Z')).toContain('https://a.cn/');
    expect(await of('l1', XUANWU, 9, '2019-12-31T04:00:00Z')).toBeNull();
  });

  it("is none of the station's own line, without a line, and where it is turned off", async () => {
    expect(await of('self', XUANWU)).toBeNull();
    const walks = new ServiceWalks(test.store, { perProbe: 9, periodS: 60, allowPrivate: false });
    expect(await walks.of('p', null, new Date('2026-10-20T04:00:00Z'))).toBeNull();
    expect(await of('l1', XUANWU, 0)).toBeNull();
  });
});

describe('the lists', () => {
  it('come page by page', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await test.ask<LibraryPage<{ prefix: string }>>(
        `/v1/library/prefixes?limit=4${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ prefix }) => prefix));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
  });

  it.each([
    ['prefixes', '2026-10-20', '2026-10-10', '120.0.0.0/16', '240e:3a0::/28'],
    ['services', '2025-01-01', '2026-11-25', 'a.cn', 'jsbc.cn'],
  ])('of %s go on after a row that ended meanwhile', async (kind, then, now, ended, following) => {
    type Page = LibraryPage<{ prefix?: string; name?: string }>;
    const names = ({ items }: Page) => items.map(({ prefix, name }) => prefix ?? name);
    const first = await test.ask<Page>(`/v1/library/${kind}?on=${then}&limit=1`);
    expect(names(first)).toEqual([ended]);
    const whole = names(await test.ask<Page>(`/v1/library/${kind}?on=${now}`));
    expect(whole[0]).toBe(following);
    expect(
      names(await test.ask<Page>(`/v1/library/${kind}?on=${now}&cursor=${first.next}`)),
    ).toEqual(whole);
  });

  it('give services as targets', async () => {
    const { items } = await test.ask<LibraryPage<LibraryService>>(
      '/v1/library/services?kind=agency&area=3202',
    );
    expect(items).toMatchObject([
      { original: '无锡.中国', host: items[0]?.name, port: 8080, families: [6] },
    ]);
    expect(items[0]?.name).toMatch(/^xn--/);
    expect((await test.ask<LibraryPage<object>>('/v1/library/services')).items).toHaveLength(3);
    expect(
      (await test.ask<LibraryPage<object>>('/v1/library/services?on=2019-01-01')).items,
    ).toEqual([]);
  });
});
