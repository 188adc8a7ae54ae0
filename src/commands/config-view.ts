import { printDocument } from '../console/print-report.ts';
import type { ConfigViewArgs } from '../model/args.ts';
import { plainTable } from '../report/tables.ts';
import { visible } from '../report/text.ts';

/** Resolves to the exit code. */
export async function run({ file, settings, output }: ConfigViewArgs): Promise<number> {
  if (output === 'table') {
    const rows = settings.map(({ key, value, from }) => [
      key,
      value === '' ? '-' : visible(value),
      visible(from),
    ]);
    process.stdout.write(`${plainTable(['KEY', 'VALUE', 'FROM'], rows)}\n`);
  } else await printDocument({ apiVersion: 'nettools/v1', kind: 'Config', file, items: settings }, output);
  return 0;
}
