/** Certificates for tests, made by OpenSSL in a directory of the test's own. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** A certification authority that nobody trusts but who is told to. */
export interface Authority {
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly file: string;
  /**
   * @param names as a certificate has them: `DNS:a.test`, `IP:::1`
   * @param days from now; −1 for one that expired yesterday
   */
  issue(name: string, names: readonly string[], days?: number): Certificate;
}

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
const newKey = (file: string) =>
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file);

export function authority(folder: string, name: string): Authority {
  const file = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  newKey(key);
  openssl('req', '-x509', '-new', '-key', key, '-subj', `/CN=${name}`, '-days', '2', '-out', file);
  return {
    file,
    issue(host, names, days = 1) {
      const of = (ending: string) => join(folder, `${name}-${host}.${ending}`);
      newKey(of('key'));
      const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=${names.join(',')}`];
      openssl('req', '-new', '-key', of('key'), ...subject, '-out', of('csr'));
      const issuer = ['-CA', file, '-CAkey', key, '-copy_extensions', 'copy'];
      const request = ['-req', '-in', of('csr'), '-days', `${days}`, '-out', of('pem')];
      openssl('x509', ...request, ...issuer);
      return { key: of('key'), certificate: of('pem') };
    },
  };
}
