/** What is quoted of a hop. Pure. */
import type { Quote } from '../../model/report.ts';
import { linesOf, quote } from '../shared/quote.ts';
import { type ArpFacts, entryText, type Hop } from './facts.ts';

/** The kernel's entry, and what arping got. */
export function quoteHop({ results }: ArpFacts, hop: Hop): Quote[] {
  const { entry, answers, askedBy } = hop;
  const table = results.neighbours;
  const said = linesOf(askedBy).filter((line) =>
    /reply from|bytes from|packets transmitted|^(Sent|Received) \d/i.test(line),
  );
  return [
    ...(table
      ? [
          {
            command: table.command,
            excerpt: entry ? entryText(entry) : `no entry for ${hop.address} dev ${hop.device}`,
          },
        ]
      : []),
    ...(askedBy && answers?.skipped === undefined && said.length > 0
      ? [
          {
            command: ['arping', '-b', '-c', '2', '-I', hop.device, hop.address],
            excerpt: said.slice(0, 6).join('\n'),
          },
        ]
      : []),
  ];
}

/** The results of whoever goes through it. */
export function quoteUsers(hop: Hop): Quote[] {
  return hop.users
    .filter((user) => user.answered === false)
    .slice(0, 1)
    .flatMap((user) =>
      user.results.flatMap((result) => quote(result, /^From |packets transmitted|No route to host/, 2)),
    );
}

/** The link's own trouble explains that nobody answers on it. */
export function linkNote(facts: ArpFacts, hop: Hop): string {
  const device = facts.interfaces?.find((i) => i.name === hop.device);
  if (device === undefined || device.operstate === 'UP' || device.operstate === 'UNKNOWN') return '';
  return `; the link itself is ${device.operstate}`;
}
