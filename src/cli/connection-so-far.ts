import type { ConnectionFlags } from '../model/args.ts';
import type { Words } from './cut-words.ts';
import { connectionFlags } from './flags/connection.ts';
import { Values } from './values.ts';

/** The connection flags of a line that may be unfinished or wrong: what is wrong with one will be said when it is run. */
export function connectionSoFar({ parts }: Words): ConnectionFlags {
  const given = new Map<string, string[]>();
  for (const part of parts) {
    if (part.kind !== 'flag' || part.value === undefined) continue;
    given.set(part.flag.name, [...(given.get(part.flag.name) ?? []), part.value]);
  }
  try {
    return connectionFlags(new Values(given, [], undefined));
  } catch {
    return {};
  }
}
