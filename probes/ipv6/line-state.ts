/** What Linux says of a machine's IPv6 addresses and routes, read from /proc/net. Pure. */
import ipaddr from 'ipaddr.js';

export interface Ipv6Address {
  /** RFC 5952. */
  readonly address: string;
  readonly prefixLength: number;
  readonly interface: string;
  /** RFC 8981: changes every day or so, for privacy. */
  readonly isTemporary: boolean;
  /** RFC 4862 §5.5.4: no longer for new connections. */
  readonly isDeprecated: boolean;
  /** Duplicate address detection is not over, or failed: not in use (RFC 4862 §5.4). */
  readonly isUnsettled: boolean;
}

export interface Ipv6Route {
  readonly destination: string;
  readonly prefixLength: number;
  readonly interface: string;
  /** Packets to it are refused, not sent. */
  readonly isRejecting: boolean;
}

/** linux/if_addr.h; the file has the low eight bits. */
const IFA_F_TEMPORARY = 0x01;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
/** linux/route.h. */
const RTF_REJECT = 0x200;

/** `/proc/net/if_inet6`: address, interface number, prefix length, scope, flags, interface. */
export function readAddresses(text: string): Ipv6Address[] {
  return text.split('\n').flatMap((line) => {
    const [hex = '', , length = '', , flagsHex = '', name] = line.trim().split(/\s+/);
    const address = addressOf(hex);
    const flags = Number.parseInt(flagsHex, 16);
    const prefixLength = lengthOf(length);
    if (address === undefined || prefixLength === undefined || Number.isNaN(flags)) return [];
    return [
      {
        address,
        prefixLength,
        interface: name ?? '',
        isTemporary: (flags & IFA_F_TEMPORARY) !== 0,
        isDeprecated: (flags & IFA_F_DEPRECATED) !== 0,
        isUnsettled: (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0,
      },
    ];
  });
}

/** `/proc/net/ipv6_route`: destination and length first; flags and interface last. */
export function readRoutes(text: string): Ipv6Route[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const destination = addressOf(fields[0] ?? '');
    const prefixLength = lengthOf(fields[1] ?? '');
    const flags = Number.parseInt(fields[8] ?? '', 16);
    if (destination === undefined || prefixLength === undefined || Number.isNaN(flags)) return [];
    return [
      {
        destination,
        prefixLength,
        interface: fields[9] ?? '',
        isRejecting: (flags & RTF_REJECT) !== 0,
      },
    ];
  });
}

function addressOf(hex: string): string | undefined {
  if (!/^[0-9a-f]{32}$/i.test(hex)) return undefined;
  return ipaddr.IPv6.parse(hex.replace(/(.{4})(?=.)/g, '$1:')).toRFC5952String();
}

function lengthOf(hex: string): number | undefined {
  const length = /^[0-9a-f]{2}$/i.test(hex) ? Number.parseInt(hex, 16) : Number.NaN;
  return length <= 128 ? length : undefined;
}

/** What of its addresses a line can be used with from outside. */
export type AddressKind = 'native' | 'tunnel' | 'unique-local' | 'other';

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * `native` is what IANA gives out today, 2000::/3 (RFC 4291 §2.4 leaves more to the future), without
 * 6to4 and Teredo, which run over IPv4 and are `tunnel`. Addresses for documentation are taken for
 * native: nobody has them but a laboratory.
 */
export function kindOf(address: string): AddressKind {
  const parsed = ipaddr.IPv6.parse(address);
  const range = parsed.range();
  if (range === '6to4' || range === 'teredo') return 'tunnel';
  if (range === 'uniqueLocal') return 'unique-local';
  return parsed.match(...GLOBAL_UNICAST) ? 'native' : 'other';
}

export interface LineState {
  readonly native: readonly Ipv6Address[];
  readonly tunnels: number;
  readonly uniqueLocal: number;
  readonly temporary: number;
  /** On the link, of the first native address. */
  readonly prefixLength: number | undefined;
  /**
   * Of the prefix delegated to this machine (RFC 8415 §6.3), where it is the router that keeps one:
   * such a router refuses what of the prefix it has not given out (RFC 7084 WPD-5).
   */
  readonly delegatedPrefixLength: number | undefined;
  readonly hasDefaultRoute: boolean;
}

/** Shorter is a carrier's, longer is a link's own (RFC 6177). */
const DELEGATED = { from: 32, to: 63 };

export function lineState(
  addresses: readonly Ipv6Address[],
  routes: readonly Ipv6Route[],
): LineState {
  const usable = addresses.filter(
    ({ isDeprecated, isUnsettled, interface: on }) => !isDeprecated && !isUnsettled && on !== 'lo',
  );
  const ofKind = (kind: AddressKind) => usable.filter(({ address }) => kindOf(address) === kind);
  const native = ofKind('native');
  const delegated = routes.find(
    ({ destination, prefixLength, isRejecting }) =>
      isRejecting &&
      prefixLength >= DELEGATED.from &&
      prefixLength <= DELEGATED.to &&
      kindOf(destination) === 'native',
  );
  return {
    native,
    tunnels: ofKind('tunnel').length,
    uniqueLocal: ofKind('unique-local').length,
    temporary: native.filter(({ isTemporary }) => isTemporary).length,
    prefixLength: native[0]?.prefixLength,
    delegatedPrefixLength: delegated?.prefixLength,
    hasDefaultRoute: routes.some(
      ({ prefixLength, isRejecting, interface: on }) =>
        prefixLength === 0 && !isRejecting && on !== 'lo',
    ),
  };
}
