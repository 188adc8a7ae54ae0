import type { TextFlag } from '../flag.ts';
import { withoutUndefined } from '../flags/connection.ts';
import { tlsThresholds } from '../flags/thresholds.ts';
import { checkCommand, to } from './check-command.ts';

const sni: TextFlag = {
  name: 'sni',
  kind: 'text',
  value: 'NAME',
  describe: 'Name to ask for and to expect in the certificate; default: what DEST is called',
};
const starttls = {
  name: 'starttls',
  kind: 'text',
  value: 'PROTOCOL',
  choices: ['smtp', 'pop3', 'imap', 'ftp', 'xmpp', 'ldap', 'postgres', 'mysql'],
  describe: 'Begin in plain text: smtp, pop3, imap, ftp, xmpp, ldap, postgres or mysql',
} as const satisfies TextFlag;

export const tls = checkCommand({
  name: 'tls',
  summary: 'See whether the certificates of servers are valid, from where the clients are',
  synopsis: 'TARGET --to DEST…',
  examples: [
    { comment: 'A host and a URL', line: 'tls web-0 --to example.com:443,https://api.example.com/' },
    {
      comment: 'Every endpoint of a Service, under a name of your own',
      line: 'tls deploy/web --to svc/gateway:8443 --sni shop.example.com',
    },
    {
      comment: 'A database that begins in plain text',
      line: 'tls web-0 --to svc/db:5432 --starttls postgres',
    },
  ],
  flags: [to, sni, starttls, ...tlsThresholds],
  needsDestination: true,
  ownArgs: (values) => ({
    tls: withoutUndefined({
      serverName: values.text(sni),
      starttls: values.optionalChoice(starttls) ?? '',
    }),
  }),
  load: async () => (await import('../../commands/check.ts')).tls,
});
