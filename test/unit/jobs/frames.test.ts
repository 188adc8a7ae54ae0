import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { framed, unframed, unpacked } from '../../../src/jobs/frames.ts';

const evidence = Buffer.from(JSON.stringify({ noise: randomBytes(60_000).toString('hex') }));
const lines = framed(evidence);
/** The text that a log brings; `undefined`: none. */
const brought = (log: string): string | undefined => {
  const data = unframed(log);
  return data === undefined ? undefined : unpacked(data);
};

describe('evidence in a log', () => {
  it('comes back as it was, behind whatever was printed before', () => {
    expect(brought(lines)).toBe(evidence.toString());
    expect(brought(`verdict: pass\nnettools-evidence 0 AAAA\n${lines}`)).toBe(evidence.toString());
  });

  it('has no line that a runtime would cut', () => {
    expect(lines.split('\n').length).toBeGreaterThan(5);
    for (const line of lines.split('\n')) expect(line.length).toBeLessThan(8192);
  });

  it('comes back where lines of stderr are among its own', () => {
    const mixed = lines.replaceAll('\n', '\nnote: something.\n');
    expect(brought(mixed)).toBe(evidence.toString());
  });

  it.each<[string, (text: string) => string]>([
    ['nothing is there', () => 'verdict: pass\n'],
    ['its beginning was rotated away', (text) => text.slice(text.indexOf('\n') + 1)],
    ['a line in it is missing', (text) => text.replace(/^nettools-evidence 3 .*\n/m, '')],
    ['its end is missing', (text) => text.slice(0, text.lastIndexOf('nettools-evidence end'))],
    ['the last line is cut', (text) => text.slice(0, -10)],
    ['a byte differs', (text) => text.replace(/(nettools-evidence 2 )./, '$1_')],
    ['two lines changed places', (text) => text.replace(/^(.* 1 .*\n)(.* 2 .*\n)/m, '$2$1')],
  ])('is none where %s', (_what, change) => {
    expect(brought(change(lines))).toBeUndefined();
  });

  it('is the last one: what a target said before counts for nothing', () => {
    const forged = framed(Buffer.from('{"kind":"Bundle"}'));
    expect(brought(`${forged}${lines}`)).toBe(evidence.toString());
  });
});
