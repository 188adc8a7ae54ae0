/** From the evidence of a tls run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { least } from '../shared/statistics.ts';
import {
  formatDays,
  formatTime,
  issuerNotSent,
  type TlsFacts,
  type TlsInput,
  type TlsPath,
  unknownAuthority,
  type VerifiedCaller,
} from './facts.ts';
import { pathsOf } from './gathered.ts';
import { TLS_RULES } from './rules/index.ts';

export function judgeTls(
  evidence: Evidence,
  { servers, expireDays }: TlsInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts: TlsFacts = { paths: pathsOf(evidence, { servers }), expireDays };
  return conclude(evidence, {
    found: TLS_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: { servers: facts.paths.map(pathJson) },
    otherwise: () => outcome(facts, words),
  });
}

/** A server that cannot be connected to presents nothing; why it cannot is for other checks to say. */
function unmeasured({ answer }: TlsPath): Reason | undefined {
  if (answer.skipped !== undefined) return answer.skipped;
  if (answer.value.chain.length > 0 || answer.value.isConnected) return undefined;
  return because(`no connection (${answer.value.problems[0] ?? 'no answer'})`);
}

function outcome({ paths }: TlsFacts, words: PlaceWords): Outcome {
  const lost = paths.filter((path) => unmeasured(path) !== undefined);
  const [first] = lost;
  const reason = first && unmeasured(first);
  if (reason) {
    const isHere = lost.every(({ answer, result }) => {
      const isCut = result !== undefined && cutReason(result) !== undefined;
      return answer.skipped !== undefined && !isCut;
    });
    return {
      status: isHere ? 'skip' : 'error',
      summary: `${first.server.destination.label} could not be measured: ${tell(reason, words)}.`,
    };
  }
  const ends = paths.flatMap(({ answer: { value } }) =>
    (value?.chain ?? []).map((c) => c.notAfter - (value?.now ?? 0)),
  );
  const next = least(ends);
  if (next === undefined)
    return { status: 'skip', summary: 'There is no server whose certificate could be checked.' };
  const alone = paths.flatMap((path) => issuerNotSent(path)?.issuer ?? []);
  const unsent =
    alone.length === 0
      ? ''
      : ` ${paths.length === 1 ? 'It does' : `${alone.length} of them ${alone.length === 1 ? 'does' : 'do'}`} not send that of the issuer (${alone[0]}), which clients must then have already.`;
  const [root] = paths.flatMap((path) => unknownAuthority(path) ?? []);
  const unknown =
    root === undefined
      ? ''
      : ` ${paths.length === 1 ? 'It is' : 'A chain is'} signed by an authority that the image does not know (${root}).`;
  const count = paths.length === 1 ? '1 server presents' : `${paths.length} servers present`;
  return {
    status: 'pass',
    summary: `${count} a certificate that is valid for its name; the first of the chain's to expire does so in ${formatDays(Math.max(0, next))}.${unsent}${unknown}`,
  };
}

function skipped({ paths }: TlsFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const path of paths) {
    const { label } = path.server.destination;
    skips.add(unmeasured(path), `certificate of ${label}`);
    for (const { caller, chain } of path.verified)
      skips.add(chain.skipped, `whether ${caller.kind} ${caller.name} trusts ${label} (NT-TLS-009)`);
    skips.add(path.small?.tries.skipped, `whether the size of packets decides at ${label} (NT-MTU-006)`);
  }
  return skips;
}

function pathJson({ server, answer: { value, skipped: reason }, verified }: TlsPath): Json {
  const leaf = value?.chain[0];
  return {
    name: server.destination.label,
    port: server.destination.port,
    sni: server.sni,
    ...(reason === undefined ? {} : { skipped: tell(reason) }),
    ...(value
      ? {
          protocol: value.protocol ?? null,
          ...(value.alpn === undefined ? {} : { alpn: value.alpn }),
          trust: value.verified ?? null,
          names: value.names.map(({ name, matches }) => ({ name, matches })),
          problems: value.problems,
        }
      : {}),
    ...(verified.length === 0 ? {} : { callers: verified.map(callerJson) }),
    ...(leaf && value
      ? {
          subject: leaf.subject,
          issuer: leaf.issuer,
          alternativeNames: leaf.names,
          notBefore: formatTime(leaf.notBefore),
          notAfter: formatTime(leaf.notAfter),
          daysLeft: Math.floor((leaf.notAfter - value.now) / 86_400),
          chainLength: value.chain.length,
        }
      : {}),
  };
}

/** Whether the caBundle leads to what is served; `null`: not known. */
function callerJson({ caller, chain: { value } }: VerifiedCaller): Json {
  const { kind, name, webhook } = caller;
  return {
    object: `${kind} ${name}${webhook === undefined ? '' : ` (webhook ${webhook})`}`,
    bundle: value?.verdict ?? null,
  };
}
