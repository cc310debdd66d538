/** Names of the DNS, as people and the web write them. Pure. */
import { domainToASCII } from 'node:url';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = new RegExp(`^(?:${LABEL}\\.)+${LABEL}$`);

/** A name of at least two labels as DNS has it, from any script (UTS 46); null for anything else. */
export function domainName(written: string): string | null {
  if (written.length > 253 || /[\s\p{C}/:@?#[\]%\\]/u.test(written)) return null;
  const ascii = domainToASCII(written).replace(/\.$/, '');
  const isName = NAME.test(ascii) && ascii.length <= 253;
  // The last label of an IPv4 address is a number, which no name's is (RFC 1123 §2.1).
  return isName && !/\.\d+$/.test(ascii) ? ascii : null;
}

/** Of an address of the web, lower case; '' for none. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
