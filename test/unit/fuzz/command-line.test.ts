import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { completionRequest } from '../../../src/cli/complete.ts';
import { globalFlags } from '../../../src/cli/flags/connection.ts';
import { parse } from '../../../src/cli/parse.ts';
import { shortened } from '../../../src/cli/shortened.ts';
import type { CheckArgs } from '../../../src/model/args.ts';
import { type ClusterChoice, clusterFlags } from '../../../src/model/cluster-choice.ts';
import { UserError } from '../../../src/model/errors.ts';
import { runToEnd } from '../shells.ts';
import { SEED } from './mutate.ts';

const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom(
    ...[
      '1',
      '0',
      '-1',
      '1e400',
      '5s',
      '-5s',
      '1h30m',
      '10M',
      '50',
      '101',
      '%',
      'json',
      'auto',
      'critical',
      '',
    ],
    ...[
      'svc/db:5432',
      'svc/',
      'pod/web:http',
      'http://[::1',
      'https://h/x?a=1,2',
      '[2001:db8::1]:443',
      ':80',
    ],
    ...['node/n1', 'docker://x', 'netns:blue', 'pid:1', 'local', '/', 'pod/a,pod/b', ',', '=', '__proto__'],
  ),
);
const flag = fc.constantFrom(...flags);
const part = fc.oneof(
  value.map((text) => [text]),
  flag.map(({ name }) => [`--${name}`]),
  fc.tuple(flag, value).map(([{ name }, text]) => [`--${name}=${text}`]),
  fc.tuple(flag, value).map(([{ name }, text]) => [`--${name}`, text]),
  fc.tuple(flag, value).map(([{ name, short }, text]) => [`-${short ?? name}${text}`]),
  fc.constantFrom('--', '-', '--=', '-=', '--x', '-it').map((text) => [text]),
);
/** A command with anything behind it, and sometimes before it. */
const line = fc
  .tuple(
    fc.array(part, { maxLength: 1 }),
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...commands.map(({ name }) => name.split(' '))) }, part),
    fc.array(part, { maxLength: 6 }),
  )
  .map(([before, command, after]) => [...before.flat(), ...command, ...after.flat()]);

describe('any command line', () => {
  it('is a request, or a usage error of one sentence', async () => {
    await fc.assert(
      fc.asyncProperty(line, async (argv) => {
        try {
          expect(typeof (await parse(argv)).run).toBe('function');
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.exitCode).toBe(2);
          expect(shortened(error.message, argv).length).toBeGreaterThan(0);
        }
      }),
      { seed: SEED, numRuns: 700 },
    );
  });

  it('can be completed wherever it ends', () => {
    fc.assert(
      fc.property(line, (argv) => void completionRequest(argv)),
      { seed: SEED, numRuns: 700 },
    );
  });
});

describe('the choice of a cluster', () => {
  const text = fc.string({ minLength: 1, maxLength: 12 });
  const choice: fc.Arbitrary<ClusterChoice> = fc.record(
    {
      context: text,
      kubeconfig: text,
      cluster: text,
      user: text,
      as: text,
      asUid: text,
      tlsServerName: text,
      certificateAuthority: text,
      clientCertificate: text,
      clientKey: text,
      asGroup: fc.array(text, { minLength: 1, maxLength: 2 }),
      insecureSkipTlsVerify: fc.constant(true),
    },
    { requiredKeys: [] },
  );

  it('comes back from the words that a shell makes of its flags', async () => {
    const choices = fc.sample(choice, { seed: SEED, numRuns: 60 });
    const script = choices.map((one) => `printf '%s\\0'${clusterFlags(one)} --end`).join('\n');
    const { stdout } = await runToEnd(['sh'], script);
    const words = stdout.toString().split('\0').slice(0, -1);
    for (const one of choices) {
      const argv = words.splice(0, words.indexOf('--end') + 1).slice(0, -1);
      expect(((await parse(['arp', 'web', ...argv])).args as CheckArgs).connection).toEqual(one);
    }
  });
});
