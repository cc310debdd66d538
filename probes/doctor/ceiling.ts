/** What this machine can move at all: a faster line cannot be told by it. */
import { localCeiling, trustedBps } from '../transfer/ceiling.ts';
import type { Check } from './check.ts';

/** What a line of today is sold with. */
const USUAL_BPS = 1e9;

export const ceiling: Check = async ({ signal }) => {
  const name = 'ceiling';
  const measured = await localCeiling(signal);
  if (!measured)
    return [
      {
        name,
        health: 'warning',
        found: {
          zh: '测不出本机自身的吞吐上限,速率结果无从把关',
          en: 'what this machine can move was not measured: rates are told without that check',
        },
        cure: {
          zh: '确认回环接口已启用(ip link show lo),内存充足',
          en: 'see that loopback is up (ip link show lo) and memory is free',
        },
      },
    ];
  const { down, up } = trustedBps(measured);
  const found = {
    zh: `本机可信速率上限:下行 ${megabits(down)}、上行 ${megabits(up)} Mbit/s(测于 ${measured.date})`,
    en: `this machine is trusted up to ${megabits(down)} Mbit/s down, ${megabits(up)} up (measured ${measured.date})`,
  };
  const figures = { trustedDownBps: Math.round(down), trustedUpBps: Math.round(up) };
  if (Math.min(down, up) >= USUAL_BPS) return [{ name, health: 'good', found, figures }];
  return [
    {
      name,
      health: 'warning',
      found,
      cure: {
        zh: '测千兆线路请换更快的机器;低于上限的线路不受影响',
        en: 'for a gigabit line use a faster machine; slower lines are measured all the same',
      },
      figures,
    },
  ];
};

function megabits(bps: number): number {
  return Math.floor(bps / 1e6);
}
