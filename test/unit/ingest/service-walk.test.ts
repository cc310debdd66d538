/** Which registered services a probe walks, and what it is asked of each. */
import { describe, expect, it } from 'vitest';
import { dayAfter } from '../../../ingest/days.ts';
import type { ServiceRow } from '../../../ingest/library.ts';
import { servicesFor, walkTasks } from '../../../ingest/service-walk.ts';
import { metricNamed } from '../../../probes/catalogue.ts';
import { taskSchema } from '../../../probes/instruction.ts';

const VILLAGE = '320102002001';
const DAY = '2026-11-25';

function service(name: string, changes: Partial<ServiceRow> = {}): ServiceRow {
  return {
    ...{ name, original: name, holder: name, kind: 'agency', level: 'province', area: '32' },
    ...{ url: `https://${name}/`, families: [4, 6], lines: [], validFrom: '2020-01-01' },
    ...{ validTo: '2149-06-06', source: 'test', import: 'one', ...changes },
  };
}

const many = (count: number, changes: Partial<ServiceRow> = {}) =>
  Array.from({ length: count }, (_, at) =>
    service(`${changes.level ?? 'province'}-${at}.js.cn`, changes),
  );
const names = (services: readonly ServiceRow[]) => services.map(({ name }) => name);

describe('a walk', () => {
  it('is of the services whose area covers the place', () => {
    const services = [
      service('village.cn', { level: 'village', area: VILLAGE }),
      service('county.cn', { level: 'county', area: '320102' }),
      service('other-county.cn', { level: 'county', area: '320115' }),
      service('city.cn', { level: 'city', area: '3201' }),
    ];
    expect(names(servicesFor('p', VILLAGE, DAY, services, 9))).toEqual([
      ...['city.cn', 'county.cn', 'village.cn'],
    ]);
    // A probe of the county's own is in no village.
    expect(names(servicesFor('p', '320102', DAY, services, 9))).toEqual(['city.cn', 'county.cn']);
    expect(servicesFor('p', VILLAGE, DAY, services, 0)).toEqual([]);
  });

  it('has at most so many, none of a level left out for the many of another', () => {
    const services = [
      ...many(50),
      ...many(30, { level: 'city', area: '3201' }),
      service('village.cn', { level: 'village', area: VILLAGE }),
    ];
    const chosen = servicesFor('p', VILLAGE, DAY, services, 7);
    const of = (level: string) => chosen.filter((one) => one.level === level).length;
    expect([chosen.length, of('province'), of('city'), of('village')]).toEqual([7, 3, 3, 1]);
    expect(servicesFor('p', VILLAGE, DAY, services, 500)).toHaveLength(81);
  });

  it('is the same all day, and comes past every service over the days', () => {
    const services = many(60);
    const onDay = (day: string) => names(servicesFor('p', VILLAGE, day, services, 20));
    expect(onDay(DAY)).toEqual(names(servicesFor('p', VILLAGE, DAY, [...services].reverse(), 20)));
    const seen = new Set<string>();
    for (let day = DAY, nth = 0; nth < 30; nth++, day = dayAfter(day))
      for (const name of onDay(day)) seen.add(name);
    expect(seen.size).toBe(60);
    expect(onDay(DAY)).not.toEqual(names(servicesFor('q', VILLAGE, DAY, services, 20)));
  });

  it('asks what the metrics take, under names of its own', () => {
    const odd = [
      ...['a-b.cn', 'a.b.cn', `${'x'.repeat(60)}.cn`, `${'x'.repeat(60)}.com`].map((name) =>
        service(name),
      ),
      service('port.cn', { url: 'http://www.port.cn:8080/home?x=1' }),
      service('old.cn', { families: [4] }),
      service('new.cn', { families: [6] }),
    ];
    const tasks = walkTasks(odd);
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
    for (const task of tasks) {
      expect(taskSchema.parse(task)).toEqual(task);
      const metric = metricNamed(task.metric);
      expect(metric?.parameters.safeParse(task.parameters).success).toBe(true);
    }
    const asked = (host: string) =>
      tasks
        .filter(({ target }) => target?.includes(host))
        .map(({ metric, family, target }) => `${metric} ${family} ${target}`);
    expect(asked('port.cn')).toEqual([
      'dns-resolve 4 www.port.cn',
      'tcp-connect 6 www.port.cn:8080',
      'http-fetch 6 http://www.port.cn:8080/home?x=1',
      'http-fetch 4 http://www.port.cn:8080/home?x=1',
      'ipv6-ladder 6 http://www.port.cn:8080/home?x=1',
    ]);
    // Whether a service has IPv6 is what we came to see, whatever the library says of it.
    expect(asked('old.cn')).toHaveLength(4);
    expect(asked('new.cn')).toHaveLength(4);
  });
});
