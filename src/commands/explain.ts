import { FINDINGS } from '../checks/findings.ts';
import { adviceText } from '../model/advice.ts';
import type { ExplainArgs } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { wrap } from '../report/text.ts';

const WIDTH = 100;

/** Resolves to the exit code. */
export async function run({ id }: ExplainArgs): Promise<number> {
  const meta = FINDINGS.find((one) => one.id === id.toUpperCase());
  if (!meta) {
    throw new UserError(`no finding "${id}".`, 2, {
      hint: `There are: ${FINDINGS.map((one) => one.id).join(', ')}`,
    });
  }
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
