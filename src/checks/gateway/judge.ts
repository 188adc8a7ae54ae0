/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import {
  answeredText,
  type GatewayFacts,
  type GatewayInput,
  isFailed,
  isUnread,
  nameOf,
  type RequestFacts,
} from './facts.ts';
import { gatewayFacts } from './gathered.ts';
import { GATEWAY_RULES } from './rules/index.ts';

export function judgeGateway(
  evidence: Evidence,
  input: GatewayInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = gatewayFacts(evidence, input);
  const found = GATEWAY_RULES.flatMap((rule) => rule.judge(facts));
  return conclude(evidence, {
    found,
    skips: skipped(facts, found.length > 0, words),
    measurements: {
      requests: facts.requests.map(({ asked, answer, fronts }) => ({
        url: asked.destination.url ?? '',
        status: answer.value?.status ?? null,
        ways: fronts.flatMap(({ by, backend }) =>
          by === undefined
            ? []
            : [
                {
                  by: nameOf(by.object),
                  rule: by.rule,
                  backend:
                    backend === undefined ? null : `${backend.namespace}/${backend.name}:${backend.port}`,
                  ready: backend?.ready ?? null,
                },
              ],
        ),
      })),
    },
    otherwise: () => outcome(facts, words),
  });
}

/** A rule that may not be read is told of where something failed: elsewhere it is no news. */
function skipped({ requests, denied }: GatewayFacts, isExplained: boolean, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const { asked, answer, fronts, unnamed } of requests) {
    skips.add(unnamed, `for whom the certificate of ${asked.destination.label} is (NT-GW-008)`);
    if (fronts.length > 0) skips.add(answer.skipped, `how ${asked.destination.label} is answered`);
  }
  const failed = requests.find(isFailed);
  if (failed !== undefined && !isExplained) {
    const what = `the rule that leads ${failed.asked.destination.label}`;
    for (const list of denied) skips.add(`you may not read ${list}`, what);
    for (const kind of failed.asked.others ?? [])
      skips.add(`objects of kind ${kind}, which lead requests too, are not followed here`, what);
  }
  return skips;
}

function outcome({ requests }: GatewayFacts, words: PlaceWords): Outcome {
  const unknown = requests.find((one) => isFailed(one) && isUnread(one));
  if (unknown !== undefined)
    return {
      status: 'error',
      summary: `${answeredText(unknown)}. No rule that is known takes it, and objects that were not read may have one: whether a gateway answers so by itself or the server that is meant does is not known. Those objects tell, and so does the log of the server.`,
    };
  const led = requests.filter(({ fronts }) => fronts.length > 0);
  const [first] = led;
  if (first === undefined)
    return {
      status: 'skip',
      summary: 'No Ingress and no route of the API is known to be asked by these URLs.',
    };
  const unread = led.find(({ answer }) => answer.value === undefined);
  if (unread?.answer.skipped !== undefined)
    return {
      status: 'skip',
      summary: `How ${unread.asked.destination.label} is answered could not be measured: ${tell(unread.answer.skipped, words)}.`,
    };
  // What the API says explains nothing of it: it is no pass of the request, and the server's own word.
  const failed = led.find(isFailed);
  if (failed !== undefined)
    return {
      status: 'skip',
      summary: `${answeredText(failed)}. ${way(failed)}: what failed is behind that, or not to be seen in the API.`,
    };
  return { status: 'pass', summary: `${answeredText(first)}. ${way(first)}.` };
}

function way({ fronts }: RequestFacts): string {
  const taken = fronts.find(({ by }) => by !== undefined);
  if (taken?.by === undefined) return 'No rule of the API is known to take it';
  const { backend, by } = taken;
  const to =
    backend === undefined
      ? ''
      : ` leads it to Service ${backend.namespace}/${backend.name}:${backend.port} (${backend.ready} ready)`;
  return `${nameOf(by.object)} (${by.rule})${to === '' ? ' takes it' : to}`;
}
