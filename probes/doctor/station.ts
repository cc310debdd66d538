/** Whether the station answers and knows the token, and how far the clock is off, in one exchange. */
import { clockState, readClock, systemClock } from '../clock.ts';
import { Fault } from '../fault.ts';
import type { Title } from '../metric.ts';
import { Station } from '../station.ts';
import { type Check, reasonOf, unconfigured, type Verdict } from './check.ts';

/** The station refuses what begins more than 2 s in its future. */
const FINE_MS = 1_000;
const WRONG_MS = 60_000;

const CURES: Readonly<Record<string, Title>> = {
  'token-refused': {
    zh: '核对 tokenFile,或在站点用 tongda probe add 重新登记',
    en: 'check tokenFile, or enrol again at the station with tongda probe add',
  },
  'station-unreachable': {
    zh: '核对 station 的地址与端口,查看防火墙与站点是否在运行;证书问题先校时',
    en: 'check address and port in station, firewalls, and whether the station runs; for certificates set the clock first',
  },
  'station-busy': { zh: '稍后再试', en: 'try again later' },
};
const OTHER_CURE: Title = {
  zh: '核对 station 是否为通达站点的根地址,中间是否有代理改写',
  en: 'check that station is the base URL of a tongda station, and no proxy rewrites its answers',
};

export const station: Check = async ({ config, signal }) => {
  if (!config) return [unconfigured('station'), unconfigured('clock')];
  const asked = new Station(config.station, config.token, systemClock);
  const verdicts: Verdict[] = [];
  try {
    await asked.instruction(null, signal);
    verdicts.push({
      name: 'station',
      health: 'good',
      found: {
        zh: `站点 ${config.station} 应答,令牌有效`,
        en: `the station ${config.station} answers and knows the token`,
      },
    });
  } catch (error) {
    const { zh, en } =
      error instanceof Fault ? error : { zh: reasonOf(error), en: reasonOf(error) };
    const code = reasonOf(error);
    verdicts.push({
      name: 'station',
      health: code === 'station-busy' ? 'warning' : 'bad',
      found: { zh, en },
      cure: CURES[code] ?? OTHER_CURE,
      figures: { code },
    });
  }
  const state = clockState(asked.time, readClock(systemClock), null);
  await asked.close();
  return [...verdicts, clockVerdict(state)];
};

/** Pure: a verdict on what is known of the clock. */
export function clockVerdict({ offsetMs, uncertaintyMs }: ReturnType<typeof clockState>): Verdict {
  const name = 'clock';
  const figures = { offsetMs, uncertaintyMs };
  if (offsetMs === null || uncertaintyMs === null)
    return {
      name,
      health: 'unknown',
      found: { zh: '站点未告知时间,无从比较', en: 'the station told no time to compare with' },
      figures,
    };
  const text = `${(offsetMs / 1000).toFixed(3)} s ± ${(uncertaintyMs / 1000).toFixed(3)} s`;
  const offMs = Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
  const found = { zh: `站点时间减本机时间:${text}`, en: `station minus this machine: ${text}` };
  if (offMs <= FINE_MS) return { name, health: 'good', found, figures };
  return {
    name,
    health: offMs > WRONG_MS ? 'bad' : 'warning',
    found,
    cure: {
      zh: '校时:timedatectl set-ntp true,或装 chrony;时钟不准,月末的测量会被隔离',
      en: 'set the clock: timedatectl set-ntp true, or install chrony; with a wrong clock measurements at the turn of a month are quarantined',
    },
    figures,
  };
}
