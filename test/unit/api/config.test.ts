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
