/** The commands of the tls check: one handshake with each server. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { TlsInput } from './facts.ts';

/** The script's own limit for a handshake is 6 s. */
const LIMIT_SECONDS = 9;

export function planTls({ servers, starttls }: TlsInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [],
    probe: servers.map(({ destination: { id, host, port }, sni, names }) => ({
      id: `${id}-tls`,
      argv: ['sh', '-c', scripts.tls, 'tls', host, port, starttls, sni, ...names],
      timeoutSeconds: LIMIT_SECONDS,
      display: [
        ...['openssl', 's_client', '-connect', `${host}:${port}`, '-showcerts'],
        ...(sni === '' ? [] : ['-servername', sni]),
        ...(starttls === '' ? [] : ['-starttls', starttls]),
      ],
    })),
    after: [],
  };
}
