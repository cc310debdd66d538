/** Whether names resolve, as the agent will resolve them: the station's. */
import { promises as dns, getServers } from 'node:dns';
import { isIP } from 'node:net';
import { hostOf } from '../family.ts';
import { type Check, reasonOf, unconfigured } from './check.ts';

export const names: Check = async ({ config }) => {
  const name = 'dns';
  if (!config) return [unconfigured(name)];
  const host = hostOf(config.station);
  const servers = getServers();
  const figures = { resolvers: servers.join(' '), asked: host };
  if (isIP(host) !== 0)
    return [
      {
        name,
        health: 'unknown',
        found: {
          zh: '站点以地址给出,没有要解析的域名',
          en: 'the station is given by address, there is no name to resolve',
        },
        figures,
      },
    ];
  const begunMs = performance.now();
  try {
    const found = await dns.lookup(host, { all: true });
    const addresses = found.map(({ address }) => address).join(' ');
    return [
      {
        name,
        health: 'good',
        found: {
          zh: `域名解析正常:${host} → ${addresses}`,
          en: `names resolve: ${host} → ${addresses}`,
        },
        figures: { ...figures, responseMs: Math.round(performance.now() - begunMs) },
      },
    ];
  } catch (error) {
    const reason = reasonOf(error);
    return [
      {
        name,
        health: 'bad',
        found: {
          zh: `${host} 解析失败(${reason}),解析器:${servers.join('、') || '无'}`,
          en: `${host} does not resolve (${reason}), resolvers: ${servers.join(', ') || 'none'}`,
        },
        cure: {
          zh: '查看 /etc/resolv.conf 与上级解析器;ENOTFOUND 则核对站点域名',
          en: 'look at /etc/resolv.conf and at the resolver; for ENOTFOUND check the name of the station',
        },
        figures,
      },
    ];
  }
};
