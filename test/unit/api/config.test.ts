import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../api/config.ts';

const SERVER = { TONGDA_CLICKHOUSE_URL: 'http://tongda:secret@127.0.0.1:8123/tongda' };

describe('the cluster', () => {
  it('is named beside one of its servers', () => {
    expect(loadConfig({ ...SERVER, TONGDA_CLICKHOUSE_CLUSTER: 'province-1' })).toMatchObject({
      clickhouseUrl: SERVER.TONGDA_CLICKHOUSE_URL,
      clickhouseCluster: 'province-1',
    });
    expect(loadConfig(SERVER).clickhouseCluster).toBeUndefined();
    expect(loadConfig({ TONGDA_CLICKHOUSE_CLUSTER: '' }).clickhouseCluster).toBeUndefined();
  });

  it('without a server is refused', () => {
    expect(() => loadConfig({ TONGDA_CLICKHOUSE_CLUSTER: 'province' })).toThrow(
      expect.objectContaining({
        code: 'cluster-without-server',
        zh: expect.stringContaining('TONGDA_CLICKHOUSE_URL'),
        en: expect.stringContaining('province'),
      }),
    );
  });

  it.each(['a`b', "a'b", 'a b', '1', '{cluster}'])('is not named %j', (name) => {
    expect(() => loadConfig({ ...SERVER, TONGDA_CLICKHOUSE_CLUSTER: name })).toThrow(
      expect.objectContaining({
        code: 'config-malformed',
        en: expect.stringContaining('TONGDA_CLICKHOUSE_CLUSTER'),
      }),
    );
  });
});

describe('the walk of registered services', () => {
  const from = (yaml: string) => {
    const file = join(mkdtempSync(join(tmpdir(), 'tongda-')), 'tongda.yaml');
    writeFileSync(file, yaml);
    return loadConfig({ TONGDA_CONFIG: file });
  };

  it('is modest unless told otherwise, and can be turned off', () => {
    expect(from('{}').services).toEqual({ perProbe: 20, periodS: 3_600 });
    expect(from('services: { perProbe: 0 }').services.perProbe).toBe(0);
  });

  it('leaves its name to no other schedule', () => {
    const task = '{ name: a, metric: tcp-connect, target: "a.cn:80", family: 6 }';
    const programme = (name: string) =>
      `programme: [{ name: ${name}, periodS: 60, tasks: [${task}] }]`;
    expect(from(programme('reach')).programme).toHaveLength(1);
    expect(() => from(programme('services'))).toThrow(
      expect.objectContaining({
        code: 'config-malformed',
        en: expect.stringContaining('services is the schedule that walks'),
      }),
    );
  });
});
