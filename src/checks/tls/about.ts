/** `tls` on the command line. */
import type { TextFlag } from '../../model/flag.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineAbout } from '../shared/about.ts';

const sni: TextFlag = {
  name: 'sni',
  kind: 'text',
  value: 'NAME',
  describe: 'Name to ask for (SNI) and to expect in the certificate; default: the name in DEST',
};
const starttls = {
  name: 'starttls',
  kind: 'text',
  value: 'PROTOCOL',
  choices: ['smtp', 'pop3', 'imap', 'ftp', 'xmpp', 'ldap', 'postgres', 'mysql'],
  describe: 'Start in plain text, then upgrade: smtp, pop3, imap, ftp, xmpp, ldap, postgres or mysql',
} as const satisfies TextFlag;

/** What the check expects of a certificate. */
export interface TlsOptions {
  /** The name that clients use, for SNI and for the certificate; absent: what DEST says. */
  readonly serverName?: string;
  /** What openssl's -starttls takes; empty: TLS from the first byte. */
  readonly starttls: string;
  /** As part of a diagnosis: labels of destinations that speak TLS on whatever port; the others go by their ports. */
  readonly also?: readonly string[];
}

export default defineAbout({
  id: 'tls',
  diagnosis: { after: ['dns'] },
  thresholds: {
    expireDays: {
      name: 'expire-days',
      describe: 'Report certificates that expire within N days',
      default: '14',
      type: { least: 0, most: 3650, whole: true },
    },
  },
  command: {
    place: 110,
    summary: "Check servers' certificates from where their clients are",
    synopsis: 'TARGET --to DEST…',
    examples: [
      { comment: 'A host and a URL', line: 'tls web-0 --to example.com:443,https://api.example.com/' },
      {
        comment: 'Every endpoint of a Service, under a name of your own',
        line: 'tls deploy/web --to svc/gateway:8443 --sni shop.example.com',
      },
      {
        comment: 'A database that upgrades from plain text',
        line: 'tls web-0 --to svc/db:5432 --starttls postgres',
      },
    ],
    destinations: 'must',
    flags: [sni, starttls],
    options: (values): TlsOptions =>
      withoutUndefined({
        serverName: values.text(sni),
        starttls: values.optionalChoice(starttls) ?? '',
      }),
  },
});
