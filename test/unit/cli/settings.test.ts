import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { configPath } from '../../../src/cli/config-path.ts';
import { parse } from '../../../src/cli/parse.ts';
import { settingFlags } from '../../../src/cli/settings.ts';
import { variableOf } from '../../../src/cli/settings-in-env.ts';
import type { CheckArgs, ConfigViewArgs } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-settings-'));
const file = join(folder, 'config.yaml');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A kubeconfig with the context `ctx` on the cluster `clu`, and `other` on the same. */
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'ctx',
    contexts: ['ctx', 'other'].map((name) => ({ name, context: { cluster: 'clu', user: 'u' } })),
    clusters: [{ name: 'clu', cluster: { server: 'https://192.0.2.1' } }],
    users: [{ name: 'u', user: {} }],
  }),
);

function configured(text: string, env: Readonly<Record<string, string>> = {}): void {
  writeFileSync(file, text);
  vi.stubEnv('KUBECTL_NETTOOLS_CONFIG', file);
  vi.stubEnv('KUBECONFIG', kubeconfig);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

const usual = { profile: 'auto', via: 'auto', idleMs: 600_000, keep: false, timeoutMs: 60_000 };
const session = async (...argv: string[]) => ((await parse(argv)).args as CheckArgs).session;

async function refusal(...argv: string[]): Promise<string> {
  try {
    await parse(argv);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(2);
    return [error.message, error.hint].filter(Boolean).join(' ').replaceAll(file, 'FILE');
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe('a setting', () => {
  const text = `
image: for-all
idle: 1m
clusters:
  ctx: {image: of-context}
  clu: {image: of-cluster}
`;

  it('is taken from the flag, else the environment, else the section, else the file, else the default', async () => {
    configured(text, { KUBECTL_NETTOOLS_IMAGE: 'of-environment' });
    expect(await session('arp', 'web', '--image', 'of-flag')).toMatchObject({ image: 'of-flag' });
    expect(await session('arp', 'web')).toMatchObject({ image: 'of-environment' });
    vi.stubEnv('KUBECTL_NETTOOLS_IMAGE', '');
    expect(await session('arp', 'web')).toMatchObject({ image: 'of-context', idleMs: 60_000 });
    expect(await session('arp', 'web', '--context', 'other')).toMatchObject({ image: 'of-cluster' });
    configured('idle: 1m\nclusters: {elsewhere: {image: x, idle: 2m}}');
    expect(await session('arp', 'web')).toEqual({ ...usual, idleMs: 60_000 });
  });

  it('of a cluster does not count for a target that is in none', async () => {
    configured(text);
    expect(await session('arp', 'docker://web')).toMatchObject({ image: 'for-all' });
    expect(await session('arp', 'local')).toMatchObject({ image: 'for-all' });
  });

  it('is taken back by an empty value', async () => {
    configured('mirror: m\nidle: 5m\nclusters: {ctx: {mirror: "", idle: ""}}');
    expect(await session('arp', 'web')).toEqual(usual);
  });

  it('sets thresholds of every check', async () => {
    configured('thresholds:\n  lossWarning: 0.5\n  expireDays: 30\n  rttFloor: 2ms\n');
    const { thresholds } = (await parse(['diagnose', 'web', '--rtt-factor', '9'])).args as CheckArgs;
    expect(thresholds).toMatchObject({
      latency: { lossWarning: 0.005, rttFloorMs: 2, rttFactor: 9 },
      tls: { expireDays: 30 },
    });
  });

  it('of the environment is named when it makes no sense', async () => {
    configured('', { KUBECTL_NETTOOLS_IDLE: '5' });
    expect(await refusal('arp', 'web')).toMatch(/^KUBECTL_NETTOOLS_IDLE must be a duration .*, not "5"\.$/);
    vi.stubEnv('KUBECTL_NETTOOLS_IDLE', '');
    vi.stubEnv('KUBECTL_NETTOOLS_PROFILE', 'root');
    expect(await refusal('arp', 'web')).toMatch(/^KUBECTL_NETTOOLS_PROFILE must be one of auto, /);
  });

  it('that is wrong is no matter for a command that has no settings', async () => {
    configured('nonsense: 1');
    expect((await parse(['version'])).command.name).toBe('version');
  });
});

describe('a file that makes no sense', () => {
  it.each([
    ['# a comment\n\nidel: 5m', 'FILE:3: unknown key "idel". Did you mean "idle"?'],
    ['rttFactor: 3', 'FILE:1: unknown key "rttFactor". Did you mean "thresholds.rttFactor"?'],
    ['idle: 5m\npull-secret: x', 'FILE:2: unknown key "pull-secret". Did you mean "pullSecret"?'],
    ['clusters:\n  a:\n    imge: x', 'FILE:3: unknown key "imge". Did you mean "image"?'],
    ['clusters: {a: {clusters: {}}}', 'FILE:1: unknown key "clusters".'],
    ['xyz: {a: 1}', 'FILE:1: unknown key "xyz".'],
    ['idle: 5m\nidle: 6m', 'FILE:2: the key "idle" is given twice.'],
    ['idle: 5', 'FILE:1: idle must be a duration such as 500ms, 90s, 10m or 1h30m, not "5".'],
    ['profile: root', 'FILE:1: profile must be one of auto, netadmin, baseline, restricted, not "root".'],
    [
      'thresholds:\n  lossWarning: 1%',
      'FILE:2: thresholds.lossWarning must be a number from 0 to 100, not "1%".',
    ],
    ['image: [a, b]', 'FILE:1: image must be one value, not a list.'],
    ['image: {a: b}', 'FILE:1: image must be one value, not a section.'],
    ['thresholds: 3', 'FILE:1: thresholds must be a section.'],
    ['clusters: x', 'FILE:1: clusters must have a section for each context or cluster.'],
    ['clusters:\n  prod: x', 'FILE:2: "prod" must be a section with settings of that context or cluster.'],
    ['- image', 'FILE:1: it must be a mapping of keys to values.'],
    ['a: &x b\nimage: *x', 'FILE:2: YAML aliases are not supported.'],
  ])('%j', async (text, message) => {
    configured(text);
    expect(await refusal('arp', 'web')).toBe(message);
  });

  it('is told with its line also when it is no YAML', async () => {
    configured('idle: 5m\nimage: "x');
    expect(await refusal('arp', 'web')).toMatch(/^FILE:\d: [a-z].*\.$/);
  });

  it('of the way to pods says nothing of other targets, and gives way to -c', async () => {
    configured('via: node\n');
    expect(await session('arp', 'web')).toMatchObject({ via: 'node' });
    expect(await session('arp', 'web', '-c', 'app')).toMatchObject({ via: 'auto', container: 'app' });
    expect(await session('arp', 'node/n1')).toMatchObject({ profile: 'auto' });
  });

  it('has to be there when it was named', async () => {
    configured('');
    vi.stubEnv('KUBECTL_NETTOOLS_CONFIG', join(folder, 'no-such-file'));
    expect(await refusal('arp', 'web')).toMatch(
      /no-such-file cannot be read: there is no such file or folder\.$/,
    );
  });

  it.each(['', '# nothing\n', '---\n', 'clusters: {}\n'])('empty, as %j, is fine', async (text) => {
    configured(text);
    expect(await session('arp', 'web')).toMatchObject({ profile: 'auto' });
  });
});

describe('configPath', () => {
  it('follows the XDG base directories', () => {
    expect(configPath({ XDG_CONFIG_HOME: '/x' })).toEqual({
      file: '/x/kubectl-nettools/config.yaml',
      isGiven: false,
    });
    expect(configPath({}).file).toMatch(/\/\.config\/kubectl-nettools\/config\.yaml$/);
    expect(configPath({ KUBECTL_NETTOOLS_CONFIG: '/y' })).toEqual({ file: '/y', isGiven: true });
  });
});

describe('config view', () => {
  it('shows every setting that there is', async () => {
    configured('idle: 5m', { KUBECTL_NETTOOLS_MIRROR: 'm' });
    const { settings } = (await parse(['config', 'view', '--timeout', '9s'])).args as ConfigViewArgs;
    expect(settings.map(({ key }) => key).toSorted()).toEqual(
      settingFlags()
        .map(({ setting }) => setting.key)
        .toSorted(),
    );
    expect(settings).toEqual(
      expect.arrayContaining([
        { key: 'idle', value: '5m', from: `${file}:1` },
        { key: 'mirror', value: 'm', from: 'KUBECTL_NETTOOLS_MIRROR' },
        { key: 'timeout', value: '9s', from: '--timeout' },
        { key: 'profile', value: 'auto', from: 'default' },
        { key: 'image', value: '', from: 'default' },
      ]),
    );
  });

  it('the page about it names every setting with its flag and variable', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/config.md'), 'utf8');
    for (const flag of settingFlags()) {
      expect(page).toContain(
        `| \`${flag.setting.key}\` | \`--${flag.name} ${flag.value}\` | \`${variableOf(flag)}\` |`,
      );
    }
  });
});
