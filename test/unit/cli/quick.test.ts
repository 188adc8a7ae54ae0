import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';
import { parseQuickly } from '../../../src/cli/quick.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quick-'));
  // No configuration file of whoever runs the tests.
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  vi.stubEnv('KUBECTL_NETTOOLS_CONFIG', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** What is made of a line, or the sentence that it is refused with. */
async function outcome(parsed: () => Promise<{ args: unknown } | undefined>): Promise<unknown> {
  try {
    const prepared = await parsed();
    return prepared && { args: prepared.args };
  } catch (error) {
    return String(error);
  }
}

it.each([
  'run web-0 -- true',
  'run -n shop web-0 --stdin=false -- sh -c x',
  'run deploy/web --all -- cat /etc/resolv.conf',
  'run -l app=web -nshop -vv -- ip route',
  'run --context c --kubeconfig f web-0 -i=false -- true',
  'run a b -- true',
  'run docker://x -- true',
  'run local -- true',
  'run node/a -- ss -n --help',
  'run web-0 --image x:1 -- true',
  'run web-0 --as me --as-group g --as-group h -- true',
  'shell web-0',
  'shell web-0 --detach-keys ctrl-a -- mtr db',
  // Refused.
  'run',
  'run web-0',
  'run web-0 true',
  'run -- true',
  'run web-0 -n',
  'run web-0 --stdin=maybe -- true',
  'run a b -i -- true',
  'run web-0 --image ?? -- true',
  'shell',
  'shell web-0 --detach-keys nothing',
])('makes of "%s" what the whole command line does', async (line) => {
  const words = line.split(' ');
  const found = await outcome(() => parseQuickly(words));
  expect(found).toBeDefined();
  expect(found).toEqual(await outcome(() => parse(words)));
});

it('takes settings from the environment as the whole command line does', async () => {
  vi.stubEnv('KUBECTL_NETTOOLS_IMAGE', 'example.com/tools:2');
  const words = ['run', 'web-0', '--', 'true'];
  const found = await outcome(() => parseQuickly(words));
  expect(JSON.stringify(found)).toContain('example.com/tools:2');
  expect(found).toEqual(await outcome(() => parse(words)));
});

it.each([
  'latency web-0',
  '-n x run web-0 -- true',
  'run web-0 --help',
  'run web-0 --version',
  'run web-0 --interval 1s -- true',
  'run web-0 --nonsense -- true',
  'help run',
])('leaves "%s" to the whole command line', async (line) => {
  expect(await parseQuickly(line.split(' '))).toBeUndefined();
});

it('leaves every line to the whole command line where there is a configuration file', async () => {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'image: x\n');
  vi.stubEnv('KUBECTL_NETTOOLS_CONFIG', file);
  expect(await parseQuickly(['run', 'web-0', '--', 'true'])).toBeUndefined();
});
