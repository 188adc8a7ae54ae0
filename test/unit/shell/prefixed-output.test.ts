import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { PrefixedOutput } from '../../../src/shell/prefixed-output.ts';

/** What comes of chunks, each with the name of the output that it goes to. */
async function written(...chunks: readonly (readonly [string, string | Buffer])[]): Promise<Buffer> {
  const taken: Buffer[] = [];
  const to = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      taken.push(chunk);
      setImmediate(done);
    },
  });
  const outputs = new Map<string, PrefixedOutput>();
  for (const [name, chunk] of chunks) {
    const output = outputs.get(name) ?? new PrefixedOutput(to, `[${name}] `);
    outputs.set(name, output);
    await new Promise<void>((resolve) => output.write(chunk, () => resolve()));
  }
  for (const output of outputs.values()) {
    output.end();
    await finished(output);
  }
  return Buffer.concat(taken);
}
const text = async (...chunks: readonly (readonly [string, string])[]): Promise<string> =>
  (await written(...chunks)).toString('utf8');

describe('output with a prefix', () => {
  it.each<[string, readonly string[], string]>([
    ['lines', ['one\ntwo\n'], '[a] one\n[a] two\n'],
    ['a line in pieces', ['o', 'n', 'e\nt', 'wo\n'], '[a] one\n[a] two\n'],
    ['a last line without its end', ['one\ntwo'], '[a] one\n[a] two\n'],
    ['an empty line', ['\n\n'], '[a] \n[a] \n'],
    ['nothing', [''], ''],
  ])('has it before each of its lines: %s', async (_what, chunks, expected) => {
    expect(await text(...chunks.map((chunk) => ['a', chunk] as const))).toBe(expected);
  });

  it('keeps lines of two whole', async () => {
    expect(await text(['a', 'one '], ['b', 'two '], ['a', 'more\n'], ['b', 'less\n'])).toBe(
      '[a] one more\n[b] two less\n',
    );
  });

  it('keeps bytes that are no text', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x0a]);
    expect(await written(['a', bytes.subarray(0, 3)], ['a', bytes.subarray(3)])).toEqual(
      Buffer.concat([Buffer.from('[a] '), bytes]),
    );
  });

  it('does not wait for the end of a line that has none', async () => {
    const out = await text(['a', 'x'.repeat(70_000)], ['b', 'short\n'], ['a', 'y\n']);
    expect(out).toBe(`[a] ${'x'.repeat(70_000)}\n[b] short\n[a] y\n`);
  });
});
