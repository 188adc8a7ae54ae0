/** The commands of the tls check: one handshake with each server. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { tlsProbe } from '../shared/tls-probe.ts';
import type { TlsInput, TlsServer } from './facts.ts';

export function planTls({ servers, starttls }: TlsInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [],
    probe: servers.map((server) =>
      tlsProbe(
        `${server.destination.id}-tls`,
        server.destination,
        {
          sni: server.sni,
          names: server.names,
          starttls,
          alpn: offered(server, starttls),
          isWhole: (server.callers ?? []).length > 0,
        },
        scripts,
      ),
    ),
    after: [],
  };
}

/**
 * As browsers and curl offer it; alone what clients of gRPC offer, since a server may prefer the other where it has both.
 * What begins in plain text is neither, and a database ends a handshake that offers it.
 */
function offered({ http2 }: TlsServer, starttls: string): string {
  if (starttls !== '') return '';
  return http2 === undefined ? 'h2,http/1.1' : 'h2';
}
