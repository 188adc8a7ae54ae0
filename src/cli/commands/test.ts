import { basename } from 'node:path';
import type { ListFlag, SwitchFlag, TextFlag } from '../../model/flag.ts';
import type { TestArgs, TestInitArgs } from '../../model/test-args.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags, exclusive } from '../flags/connection.ts';
import { push, pushTarget } from '../flags/exposition.ts';
import { limitFlags, limitsOf } from '../flags/many.ts';
import {
  noTarget,
  optionalTarget,
  parseTarget,
  selectorFlags,
  sessionFlags,
  sessionValues,
} from '../flags/target.ts';
import { thresholdValues } from '../flags/thresholds.ts';

const filename: ListFlag = {
  name: 'filename',
  short: 'f',
  kind: 'list',
  splits: false,
  value: 'FILE',
  describe: 'File with expectations, folder of such files, or - for standard input; repeat it for several',
  completes: 'file',
};
const output = {
  name: 'output',
  short: 'o',
  kind: 'text',
  value: 'FORMAT',
  choices: ['table', 'json', 'yaml', 'junit', 'tap', 'markdown', 'openmetrics'],
  default: 'table',
  describe: 'Format on stdout: table, json, yaml, junit, tap, markdown or openmetrics',
} as const satisfies TextFlag;
const plan: SwitchFlag = {
  name: 'plan',
  kind: 'switch',
  describe: 'Only show what would be added where, and how much would be measured; -o json or yaml too',
};
const witness = {
  name: 'witness',
  kind: 'text',
  value: 'WHO',
  choices: ['node', 'sources'],
  default: 'node',
  describe:
    'Who may show that a denied port has a listener: sources of the tests alone, or, where none of them reaches it, the node of its pod too (creates a pod there and removes it)',
} as const satisfies TextFlag;
const retryFor = {
  name: 'retry-for',
  kind: 'text',
  value: 'DURATION',
  default: '0',
  describe:
    'Measure all of it again while something is not met, for so long: a change of a policy takes a while to be enforced',
} as const satisfies TextFlag;
const fromNetassert: TextFlag = {
  name: 'from-netassert',
  kind: 'text',
  value: 'FILE',
  describe: 'Translate the tests of netassert v2 in FILE (- for standard input), instead of TARGET',
  completes: 'file',
};

/** A test has sources of several kinds: what is for one container or one machine is for none of them. */
const SESSION = sessionFlags.filter(({ name }) => name !== 'container' && name !== 'netns');
const LIMITS = limitFlags.filter(({ name }) => name !== 'shard');

export const test = defineCommand<TestArgs>({
  name: 'test',
  summary: 'Test expectations of the network, and diagnose what is not as expected',
  details: `FILE is YAML: from where to where, and connected, denied, refused, a time, a loss, a packet size, answers of DNS, a
certificate, a status, a rate. docs/test.md explains each key; the file's schema helps editors. Each source is opened
once, and one exec measures all that is expected from it. "denied" is met where a policy or a rule stops the connection
and somebody else reaches a listener there. Exit code 0: all are met; 1: one is not; 3: one could not be measured, or a
denial could not be proven.`,
  synopsis: '-f FILE',
  examples: [
    { comment: 'The expectations in a file', line: 'test -f shop.yaml' },
    { comment: 'Those in a folder, as JUnit for a CI system', line: 'test -f tests -o junit' },
    { comment: 'What a run would add to the cluster', line: 'test -f shop.yaml --plan' },
  ],
  flags: [filename, output, push, plan, witness, retryFor, ...LIMITS, ...SESSION],
  takesTarget: false,
  toArgs: (values) => {
    if (values.words.length > 0)
      throw usageError(
        `test takes no words, but got "${values.words.join(' ')}": files are named with -f FILE`,
      );
    const files = values.list(filename);
    if (files.length === 0) throw usageError('test needs -f FILE');
    if (files.filter((file) => file === '-').length > 1)
      throw usageError('standard input can be read once: -f - is given twice');
    const format = values.choice(output);
    const isPlan = values.isOn(plan);
    if (isPlan && !['table', 'json', 'yaml'].includes(format))
      throw usageError(`--plan prints a table, json or yaml, not ${format}`);
    return withoutUndefined({
      connection: connectionFlags(values),
      session: sessionValues(values),
      thresholds: thresholdValues(values),
      files,
      output: format,
      push: pushTarget('test', files.map((file) => basename(file)).join(' '), values),
      isPlan,
      witness: values.choice(witness),
      retryForMs: values.duration(retryFor, 0),
      limits: limitsOf(values),
      targetOf: parseTarget,
    });
  },
  load: async () => (await import('../../commands/test.ts')).runTests,
});

export const testInit = defineCommand<TestInitArgs>({
  name: 'test init',
  summary: 'Write a first file of expectations: what works from TARGET now',
  details: `Looks up and connects to the Services of TARGET's namespace and what TARGET is connected to, and writes what
worked on stdout, as a file for "test -f".`,
  synopsis: 'TARGET',
  examples: [
    { comment: 'What works from a pod of web', line: 'test init deploy/web' },
    { comment: "netassert's tests as ours", line: 'test init --from-netassert tests.yaml' },
  ],
  flags: [fromNetassert, ...selectorFlags, ...SESSION],
  takesTarget: true,
  toArgs: (values) => {
    const file = values.text(fromNetassert);
    const spec = optionalTarget('test init', values);
    if (file !== undefined && spec !== undefined) throw exclusive('a TARGET', '--from-netassert FILE');
    const common = {
      connection: connectionFlags(values),
      session: sessionValues(values, spec === undefined ? [] : [spec]),
      thresholds: thresholdValues(values),
    };
    if (file !== undefined) return { ...common, what: { kind: 'netassert', file } };
    if (spec === undefined) throw noTarget('test init');
    return { ...common, what: { kind: 'target', text: values.words[0] ?? '', spec } };
  },
  load: async () => (await import('../../commands/test-init.ts')).runTestInit,
});
