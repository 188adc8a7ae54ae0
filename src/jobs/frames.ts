/**
 * A shard's evidence on its way through its container's log.
 *
 * A termination message holds 4 KiB, a ConfigMap 1 MiB and takes a right to write; a log takes none. The kubelet rotates a
 * log at 10 MiB and then answers with its last file alone, a runtime cuts lines at 16 KiB, and lines of stdout and stderr
 * mix. So the evidence is compressed, goes out in numbered lines that no runtime cuts, and ends with their number and
 * a checksum: what is not whole is not taken.
 */
import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const MARK = 'nettools-evidence';
/** Bytes of base64 in a line; with its mark it stays below the 16 KiB of containerd and the 8 KiB of CRI-O's reads. */
const LINE = 8000;
/** Leaves room below the kubelet's default containerLogMaxSize of 10 MiB for what was printed before. */
export const MOST_BYTES = 8 * 1024 * 1024;
/** Bundles of many pods repeat each other far apart: the window has to be larger than one of them. */
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 };

/** The lines; they may be more than {@link MOST_BYTES}, which is for the caller to judge. */
export function framed(evidence: Buffer): string {
  const data = brotliCompressSync(evidence, { params: BROTLI });
  const text = data.toString('base64');
  const count = Math.ceil(text.length / LINE);
  const lines = Array.from(
    { length: count },
    (_, i) => `${MARK} ${i} ${text.slice(i * LINE, (i + 1) * LINE)}\n`,
  );
  return `${lines.join('')}${MARK} end ${count} ${digestOf(data)}\n`;
}

/**
 * The evidence that a log ends with, still compressed: that of thousands of targets is a hundred times as large. What
 * stands before it may look like it, as it holds what targets said: only the last lines count.
 * @returns `undefined`: there is none, or it is not whole
 */
export function unframed(log: string): Buffer | undefined {
  const lines = log.split('\n').filter((line) => line.startsWith(`${MARK} `));
  const [, count = '', digest = ''] = /^\S+ end (\d+) ([0-9a-f]{64})$/.exec(lines.at(-1) ?? '') ?? [];
  if (digest === '') return undefined;
  const own = lines.slice(-1 - Number(count), -1);
  const chunks = own.flatMap((line, i) => {
    const head = `${MARK} ${i} `;
    return line.startsWith(head) ? [line.slice(head.length)] : [];
  });
  const data = Buffer.from(chunks.join(''), 'base64');
  if (chunks.length !== Number(count) || digestOf(data) !== digest) return undefined;
  return data;
}

/** No string is longer (V8), and whoever may write a pod's log may say that it is. */
const MOST_TEXT = 512 * 1024 * 1024 - 1024;

/** The text of what {@link unframed} gave. @throws of more than 512 MiB */
export function unpacked(data: Buffer): string {
  return brotliDecompressSync(data, { maxOutputLength: MOST_TEXT }).toString('utf8');
}

function digestOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
