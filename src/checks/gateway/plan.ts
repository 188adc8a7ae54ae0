/** The commands of the gateway check: the request itself, and a connection to some endpoints of where it should go. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { httpProbe, trustProbe } from '../shared/http-probe.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import { tlsProbe } from '../shared/tls-probe.ts';
import type { AskedRequest, GatewayInput } from './facts.ts';

export function planGateway({ requests }: GatewayInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [],
    probe: requests
      .filter(({ fronts, mayBeLed }) => fronts.length > 0 || mayBeLed === true)
      .flatMap((one) => [
        // The words are those of the latency check, so that a diagnosis asks once.
        httpProbe(`${one.destination.id}-http`, one.destination.url ?? ''),
        ...(hasNoSecret(one)
          ? [
              trustProbe(`${one.destination.id}-trust`, one.destination.url ?? ''),
              certificateProbe(one, scripts),
            ]
          : []),
        ...backendProbes(one, scripts),
      ]),
    after: [],
  };
}

/** For whom the certificate is: a private authority signs those of the host too, and curl trusts it as little. */
function certificateProbe({ destination, host }: AskedRequest, scripts: ProbeScripts): ProbeCommand {
  // RFC 6066, section 3: an address is not a server name.
  const sni = /^[\d.]+$|:/.test(host) ? '' : destination.host;
  const question = { sni, names: [destination.host], starttls: '', alpn: '' };
  return tlsProbe(`${destination.id}-certificate`, destination, question, scripts);
}

function hasNoSecret({ fronts }: AskedRequest): boolean {
  return fronts.some(({ troubles }) => troubles.some(({ kind }) => kind === 'no-secret'));
}

/** Endpoints that a request can be led to, each once. */
export function triedEndpoints({ fronts }: AskedRequest) {
  const all = fronts.flatMap(({ backend }) => backend?.endpoints ?? []);
  return all.filter((one, i) => all.findIndex((o) => o.address === one.address && o.port === one.port) === i);
}

function backendProbes(one: AskedRequest, scripts: ProbeScripts): readonly ProbeCommand[] {
  return triedEndpoints(one).map(({ address, port }, i) =>
    reachProbe({ id: backendId(one, i), host: address, port: String(port), protocol: 'tcp' }, scripts, false),
  );
}

/** The beginning of the id of a connection to an endpoint. */
export function backendId({ destination }: AskedRequest, nth: number): string {
  return `${destination.id}-backend${nth}`;
}
