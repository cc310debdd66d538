/**
 * Lets a DNS server of the test's own answer for the names that metrics look up in this process, so that
 * no question leaves the machine. getaddrinfo(3) knows no other servers than the machine's: here its
 * place is taken by a resolver that asks the one given.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

/**
 * @param server address and port, `127.0.0.1:5353`
 * @returns gives the names back to the machine
 */
export function answerNamesFrom(server: string): () => void {
  const resolver = new dns.promises.Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([server]);
  const machine = { servers: dns.getServers(), lookup: dns.promises.lookup };
  const lookup = async (name: string, { family }: { readonly family: 4 | 6 }) => {
    const found = family === 6 ? await resolver.resolve6(name) : await resolver.resolve4(name);
    return found.map((address) => ({ address, family }));
  };
  const use = (servers: readonly string[], its: object) => {
    dns.setServers(servers);
    Object.assign(dns.promises, its);
    syncBuiltinESMExports();
  };
  use([server], { lookup });
  return () => {
    resolver.cancel();
    use(machine.servers, { lookup: machine.lookup });
  };
}
