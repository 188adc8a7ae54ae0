/** The commands of the tls check: one handshake with each server. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { tlsProbe } from '../shared/tls-probe.ts';
import type { TlsInput } from './facts.ts';

export function planTls({ servers, starttls }: TlsInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [],
    probe: servers.map(({ destination, sni, names }) =>
      tlsProbe(`${destination.id}-tls`, destination, { sni, names, starttls }, scripts),
    ),
    after: [],
  };
}
