import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectSentence, nettools } from './support/cli.ts';

const home = mkdtempSync(join(tmpdir(), 'nettools-e2e-home-'));
const file = join(home, '.config/kubectl-nettools/config.yaml');
mkdirSync(join(file, '..'), { recursive: true });
afterAll(() => rmSync(home, { recursive: true }));

const configured = (text: string, env: NodeJS.ProcessEnv = {}) => {
  writeFileSync(file, text);
  return { env: { HOME: home, ...env } };
};

describe('the configuration file', () => {
  it('applies to the cluster of the context, below the environment and flags', async () => {
    const text = 'idle: 5m\nclusters:\n  nettools-test:\n    idle: 7m\n    mirror: mirror.example\n';
    const options = configured(text, { KUBECTL_NETTOOLS_TIMEOUT: '9s' });
    const outcome = await nettools(['config', 'view', '--profile', 'baseline', '-o', 'json'], options);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const { items } = JSON.parse(outcome.stdout) as { items: { key: string; value: string; from: string }[] };
    expect(items).toEqual(
      expect.arrayContaining([
        { key: 'idle', value: '7m', from: `${file}:4` },
        { key: 'mirror', value: 'mirror.example', from: `${file}:5` },
        { key: 'timeout', value: '9s', from: 'KUBECTL_NETTOOLS_TIMEOUT' },
        { key: 'profile', value: 'baseline', from: '--profile' },
      ]),
    );
    const elsewhere = ['config', 'view', '-s', 'https://192.0.2.1', '--context', ''];
    expect((await nettools(elsewhere, configured('idle: 5m\n'))).stdout).toMatch(/^idle +5m +\S+:1$/m);
  });

  it('that is wrong is told with its line, before anything is done', async () => {
    const outcome = await nettools(['run', 'web', '--', 'true'], configured('\nidel: 5m\n'));
    expectSentence(outcome, 2, /config\.yaml:2: unknown key "idel"\.$/);
    expect(outcome.stderr).toContain('Did you mean "idle"?');
    const view = await nettools(['config', 'view'], configured('idle: soon\n'));
    expectSentence(view, 2, /config\.yaml:1: idle must be a duration such as .*, not "soon"\.$/);
  });

  it('is no matter for commands without settings', async () => {
    const options = configured('nonsense');
    expect(await nettools(['version'], options)).toMatchObject({ code: 0, stderr: '' });
    expect(await nettools(['config', 'path'], options)).toMatchObject({ code: 0, stdout: `${file}\n` });
    expect(await nettools(['explain', 'NT-LAT-001'], options)).toMatchObject({ code: 0, stderr: '' });
  });
});
