/** The request of a DEST that is a URL; checks share it. Pure. */
import type { ProbeCommand } from '../../model/evidence.ts';
import { HTTP_FORMAT } from '../../parsers/curl.ts';

const HTTP_LIMIT_SECONDS = 10;

/** Timing needs no trust in the certificate, and the proxy of the pod's environment is not the path to measure. */
export function httpProbe(id: string, url: string): ProbeCommand {
  return request(id, ['-k'], url);
}

/** The same with trust: whether the certificate holds for the name. */
export function trustProbe(id: string, url: string): ProbeCommand {
  return request(id, [], url);
}

function request(id: string, trust: readonly string[], url: string): ProbeCommand {
  const limits = ['--max-time', String(HTTP_LIMIT_SECONDS)];
  return {
    id,
    argv: [
      'curl',
      '-sS',
      '-g',
      ...trust,
      '-o',
      '/dev/null',
      '--noproxy',
      '*',
      ...limits,
      '-w',
      HTTP_FORMAT,
      '--',
      url,
    ],
    timeoutSeconds: HTTP_LIMIT_SECONDS + 1,
  };
}
