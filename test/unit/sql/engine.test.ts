import { describe, expect, it } from 'vitest';
import { engineConfig, engineUsers } from '../../../sql/engine-config.ts';
import { engineLibrary } from '../../../sql/engine-library.ts';

const missing = () => {
  throw new Error('Cannot find module');
};

describe('engineLibrary', () => {
  it.each([
    ['linux-x64', '@chdb/lib-linux-x64-gnu'],
    ['linux-arm64', '@chdb/lib-linux-arm64-gnu'],
    ['darwin-x64', '@chdb/lib-darwin-x64'],
    ['darwin-arm64', '@chdb/lib-darwin-arm64'],
  ])('on %s comes from %s', (platform, name) => {
    expect(engineLibrary(platform, (asked) => `/modules/${asked}`)).toBe(
      `/modules/${name}/libchdb.so`,
    );
  });

  it.each([
    ['linux-x64', missing],
    ['win32-x64', (name: string) => name],
  ])('says what to do where it is not installed: %s', (platform, locate) => {
    expect(() => engineLibrary(platform, locate)).toThrow(
      expect.objectContaining({
        code: 'engine-not-installed',
        zh: expect.stringContaining('TONGDA_CLICKHOUSE_URL'),
        en: expect.stringContaining('--omit=optional'),
      }),
    );
  });
});

describe('engine configuration', () => {
  it('survives a directory with a name of its own', () => {
    expect(engineConfig('/data/<a&b>/users.xml')).toContain('/data/&lt;a&amp;b&gt;/users.xml');
  });

  it('grants a stranger nothing but the listener', () => {
    const users = engineUsers('tongda', 'f'.repeat(64));
    const stranger = /<default>\s*<password>[\s\S]*?<\/default>/.exec(users)?.[0];
    expect(stranger?.match(/GRANT [^<]*/g)).toEqual(['GRANT SYSTEM LISTEN ON *.*']);
    expect(stranger).not.toContain('access_management');
    expect(users).toContain(`<password_sha256_hex>${'f'.repeat(64)}</password_sha256_hex>`);
  });
});
