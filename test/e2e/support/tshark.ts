/** Reads capture files with Wireshark's own tools. */
import { installPackages } from '../../cluster/packages.ts';
import { attempt, run } from '../../cluster/proc.ts';

/** What reads captures here (tshark brings capinfos too), and what captures on this machine. */
export async function ensureCaptureTools(): Promise<void> {
  const missing: string[] = [];
  for (const name of ['tshark', 'tcpdump']) {
    if ((await attempt([name, '--version'])).code !== 0) missing.push(name);
  }
  if (missing.length > 0) await installPackages(missing);
}

/**
 * The fields of each packet of a file.
 * @param fields Wireshark's names
 * @throws the file is cut off or broken
 */
export async function packetsIn(file: string, ...fields: readonly string[]): Promise<string[][]> {
  const wanted = fields.flatMap((field) => ['-e', field]);
  const text = await run(['tshark', '-n', '-r', file, '-T', 'fields', ...wanted]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** What Wireshark says about a file as a whole: `Number of packets` and the like. */
export async function aboutFile(file: string): Promise<string> {
  return run(['capinfos', file]);
}
