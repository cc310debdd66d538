import { describe, expect, it } from 'vitest';
import { MAX_SITES, type Site, siteAt, villagesOf } from '../../lab/sites.ts';
import { cables, coreScript, delayArguments, faults, siteScript } from '../../lab/wiring.ts';

const register = Array.from({ length: MAX_SITES }, (_, index) => {
  const county = 320101 + Math.floor(index / 4);
  return `${county}${100 + (index % 4)}001,村${index},village,x,village_committee`;
}).join('\n');
const villages = villagesOf(register);
const sites = Array.from({ length: MAX_SITES }, (_, index) => siteAt(index, villages));
const network = { run: 'tongda-lab-1-2', slot: 5 };

const withIpv6 = (ipv6: string) => sites.filter((site) => site.ipv6 === ipv6);
const scriptOf = (site: Site | undefined) => (site ? siteScript(site) : '');

describe('the wiring', () => {
  it('gives every site a namespace, a cable and two queues of its own', () => {
    const lines = cables(network, sites).split('\n');
    expect(lines.filter((line) => line.startsWith('netns add'))).toHaveLength(MAX_SITES + 1);
    expect(new Set(lines).size).toBe(lines.length);
    const queues = delayArguments(sites).map((argument) => argument.split(':')[0]);
    expect(new Set(queues).size).toBe(2 * MAX_SITES);
  });

  it('gives a line without IPv6 no address of it on either side', () => {
    const [none] = withIpv6('none');
    expect(scriptOf(none)).not.toContain('2001:db8');
    expect(coreScript(network, none ? [none] : [])).not.toContain('2001:db8:1');
  });

  it('drops packet-too-big only where a black hole is built', () => {
    const holes = withIpv6('path-mtu-black-hole');
    expect(faults(holes).join('\n')).toContain('packet-too-big drop');
    expect(faults(withIpv6('works')).join('\n')).not.toContain('packet-too-big');
    expect(scriptOf(holes[0])).toContain('mtu 1400 advmss 1440');
  });

  it('loses packets both ways, at the ratio of the truth', () => {
    const lossy = sites.filter(({ lossRatio }) => lossRatio === 0.005);
    const rules = faults(lossy.slice(0, 1)).filter((rule) => rule.includes('numgen'));
    expect(rules).toEqual([
      'iifname "c8" numgen random mod 1000000 < 5000 drop',
      'oifname "c8" numgen random mod 1000000 < 5000 drop',
    ]);
  });
});
