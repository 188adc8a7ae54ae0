import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaryName, type Platform, platformName } from '../../scripts/build/platform.ts';
import { arm64Runner, ensureArm64Runner } from '../../scripts/release/emulators.ts';
import { repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { scratch, unpack, version } from './archives.ts';

interface Case {
  readonly platform: Platform;
  /** What runs the platform's programs here. */
  readonly runner: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const cases: readonly Case[] = [
  { platform: { os: 'linux', arch: 'amd64' }, runner: [], env: {} },
  { platform: { os: 'linux', arch: 'arm64' }, runner: arm64Runner, env: {} },
  {
    platform: { os: 'windows', arch: 'amd64' },
    runner: ['/usr/bin/wine'],
    // Wine says that it is Windows 7, which Node refuses.
    env: { WINEDEBUG: '-all', NODE_SKIP_PLATFORM_CHECK: '1' },
  },
];

beforeAll(ensureArm64Runner);

describe.each(cases.map((one) => ({ ...one, name: platformName(one.platform) })))(
  'the binary for $name',
  ({ platform, runner, env, name }) => {
    it('starts, parses, explains and says what is wrong', async ({ skip }) => {
      if (platform.os === 'windows' && !existsSync('/usr/bin/wine')) {
        console.log(`${name} was not run: wine is not installed (apt-get install wine64 wine)`);
        skip('wine is not installed');
      }
      const program = join(await unpack(platform), binaryName(platform));
      const smoke = [
        process.execPath,
        join(repoDir, 'scripts/release/smoke.ts'),
        version,
        ...runner,
        program,
      ];
      const home = scratch();
      const options = {
        cwd: home,
        // What the programs leave for temporary files (wine a folder at each start) goes with it.
        env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home, WINEPREFIX: join(home, 'wine'), ...env },
      };
      // The first start under wine makes its folders, and tells so on stderr.
      if (platform.os === 'windows') await run([...runner, program, '--version'], options);
      const result = await attempt(smoke, options);
      expect(result.code, result.stdout + result.stderr).toBe(0);
      expect(result.stdout.match(/^ok {3}/gm)).toHaveLength(platform.os === 'windows' ? 8 : 7);
    });
  },
);
