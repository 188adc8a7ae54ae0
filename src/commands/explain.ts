import { FINDINGS } from '../checks/findings.ts';
import { adviceText } from '../model/advice.ts';
import type { ExplainArgs } from '../model/args.ts';
import { FINDINGS_PAGE } from '../model/documentation.ts';
import { UserError } from '../model/errors.ts';
import { wrap } from '../report/text.ts';

const WIDTH = 100;

/** Resolves to the exit code. */
export async function run({ id }: ExplainArgs): Promise<number> {
  const meta = FINDINGS.find((one) => one.id === id.toUpperCase());
  if (!meta) throw unknown(id);
  const parts = [
    `${meta.id}  ${meta.title} (${meta.severities.join(' or ')})`,
    ...[
      meta.meaning,
      `Raised when: ${meta.rule}`,
      `Source: ${meta.source}`,
      `What to do: ${adviceText(meta.remedy)}`,
    ].map((text) => wrap(text, WIDTH).join('\n')),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
  return 0;
}

/** So many IDs are named. */
const NEAREST = 3;

function unknown(id: string): UserError {
  const near = nearest(id.toUpperCase());
  const meant = near.length === 0 ? '' : `The nearest IDs are ${near.join(', ')}. `;
  return new UserError(`there is no finding "${id}".`, 2, {
    hint: `${meant}${FINDINGS_PAGE} lists all findings.`,
  });
}

/** Those of the same check with the nearest numbers, in their order; none where no check is named. */
function nearest(id: string): string[] {
  const [, check, number = '0'] = /^(?:NT-?)?([A-Z]+)-?(\d*)$/.exec(id) ?? [];
  const numberOf = (one: string): number => Number(one.replace(/^.*-/, ''));
  const distance = (one: string): number => Math.abs(numberOf(one) - Number(number));
  return FINDINGS.map((one) => one.id)
    .filter((one) => one.startsWith(`NT-${check}-`))
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, NEAREST)
    .sort((a, b) => numberOf(a) - numberOf(b));
}
