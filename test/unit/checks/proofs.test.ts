/** What findings quote as proof can be repeated: it is a program, or a probe of which the docs say what it does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OWN_PROBES } from '../../../scripts/generate/probes.ts';
import { CASES, judgeCase } from './cases.ts';

const TOOLS = readFileSync(join(import.meta.dirname, '../../../image/tools.list'), 'utf8')
  .split('\n')
  .flatMap((row) => (/^[^#|]+ \| (?:slim|full) /.test(row) ? [row.split('|')[0]?.trim() ?? ''] : []));
/** Of the image's system, and of whoever runs this tool. */
const PROGRAMS = [
  ...TOOLS,
  'nettools-drops',
  'bash',
  'cat',
  'docker',
  'grep',
  'kubectl',
  'sh',
  'sleep',
  'sysctl',
  'timeout',
];
const PROBES = OWN_PROBES.map(({ name }) => name.split(' ')[0]);
/** Words without which a program does nothing, or something else. */
const WHOLE: Readonly<Record<string, RegExp>> = {
  'ip route get': /^ip route get [\d.a-f:]+( oif \S+)?$/,
  arping: /-I \S+ [\d.]+$/,
  'ethtool -S': /^ethtool -S \S+$/,
};

const quoted = new Set(
  CASES.flatMap((one) => judgeCase(one).findings.flatMap(({ evidence }) => evidence)).map(({ command }) =>
    command.filter((word, at) => at > 0 || !/^\[.*\]$/.test(word)).join(' '),
  ),
);

// Handmade results are of a tool of no name.
quoted.delete('some-tool --flag');

describe('what findings quote, in every run on record', () => {
  it('there is some of it', () => {
    expect(quoted.size).toBeGreaterThan(20);
  });

  it.each([...quoted])('%s', (line) => {
    const [program] = line.split(' ');
    expect([...PROGRAMS, ...PROBES]).toContain(program);
    for (const [beginning, whole] of Object.entries(WHOLE))
      if (`${line} `.startsWith(`${beginning} `)) expect(line).toMatch(whole);
  });
});

it.each(
  [
    'arp',
    'conntrack',
    'dns',
    'docker',
    'drops',
    'interfaces',
    'latency',
    'matrix',
    'mtu',
    'service',
    'sockets',
    'throughput',
    'tls',
  ].flatMap((check) => {
    const file = check === 'docker' ? 'host-plan.ts' : 'plan.ts';
    const source = readFileSync(join(import.meta.dirname, '../../../src/checks', check, file), 'utf8');
    return [...source.matchAll(/display: \[\s*(?:\.\.\.\[)?'([^']+)'/g)].map(([, word = '']) => [
      check,
      word,
    ]);
  }),
)('%s shows its plan as %s', (_check, program) => {
  expect([...PROGRAMS, ...PROBES]).toContain(program);
});
