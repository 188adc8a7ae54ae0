/** The cluster that the user chose on the command line, for commands that they may paste. Pure. */
import type { ConnectionFlags } from './args.ts';
import { shellWord } from './shell-word.ts';

/** The flags that kubectl takes as well, but the token: what is printed or saved may be shown to others. */
const FLAGS = {
  context: '--context',
  kubeconfig: '--kubeconfig',
  cluster: '--cluster',
  user: '--user',
  server: '--server',
  tlsServerName: '--tls-server-name',
  certificateAuthority: '--certificate-authority',
  clientCertificate: '--client-certificate',
  clientKey: '--client-key',
  as: '--as',
  asUid: '--as-uid',
} as const satisfies Partial<Record<keyof ConnectionFlags, string>>;

/** What of the connection's flags says which cluster is meant, where in it, and as whom; what was not typed is absent. */
export type ClusterChoice = Pick<
  ConnectionFlags,
  keyof typeof FLAGS | 'namespace' | 'asGroup' | 'insecureSkipTlsVerify'
>;

/** The choice in the flags, without what is secret. */
export function clusterChoice({
  token: _token,
  requestTimeoutMs: _limit,
  ...choice
}: ConnectionFlags): ClusterChoice {
  const { server } = choice;
  return server === undefined ? choice : { ...choice, server: server.replace(/^([^/]*\/\/)?[^/]*@/, '$1') };
}

/** The choice as it is typed after a command, with a blank before it, and without the namespace; empty where there is none. */
export function clusterFlags(choice: ClusterChoice): string {
  const words = Object.entries(FLAGS).flatMap(([name, flag]) => {
    const value = choice[name as keyof typeof FLAGS];
    return value === undefined ? [] : [flag, value];
  });
  words.push(...(choice.asGroup ?? []).flatMap((group) => ['--as-group', group]));
  if (choice.insecureSkipTlsVerify === true) words.push('--insecure-skip-tls-verify');
  return words.map((word) => ` ${shellWord(word)}`).join('');
}
