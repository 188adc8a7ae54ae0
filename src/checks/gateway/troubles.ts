/** The troubles that explain how a request was answered. Pure. */
import type { Front, RequestFacts, Trouble } from './facts.ts';
import { isFailed, UNTAKEN } from './facts.ts';

type Of<Kind extends Trouble['kind']> = Extract<Trouble, { readonly kind: Kind }>;

/** Kinds that say more come first: a rule that is there and hindered is why no other takes the request. */
const ORDER: readonly Trouble['kind'][] = [
  'not-resolved',
  'no-backend',
  'no-endpoint',
  'not-attached',
  'no-controller',
  'no-rule',
];

/**
 * Of a request that failed, those of a kind, where no kind before it explains the request. A gateway by whose rules it should
 * be served leaves nothing to explain: what failed is behind it.
 */
export function explaining<Kind extends Trouble['kind']>(
  request: RequestFacts,
  kind: Kind,
): readonly { readonly front: Front; readonly trouble: Of<Kind> }[] {
  if (!isFailed(request)) return [];
  const { fronts } = request;
  if (
    fronts.some(({ by, troubles }) => by !== undefined && troubles.every((one) => one.kind === 'no-secret'))
  )
    return [];
  const all = fronts.flatMap((front) => front.troubles.map((trouble) => ({ front, trouble })));
  const first = ORDER.find((one) => all.some(({ trouble }) => trouble.kind === one));
  if (first !== kind) return [];
  if (UNTAKEN.includes(kind) && (request.asked.others ?? []).length > 0) return [];
  return all.flatMap(({ front, trouble }) =>
    trouble.kind === kind ? [{ front, trouble: trouble as Of<Kind> }] : [],
  );
}
