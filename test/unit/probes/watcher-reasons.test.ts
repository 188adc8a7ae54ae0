/**
 * What the watcher of drops (image/drops) reads of kernels' types. Those of Debian's kernels are recorded: only their part that is
 * read (test/kernels/reasons.c); test/kernels/run.ts boots these kernels.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingOf } from '../../../src/checks/drops/classify.ts';
import { harmlessWhy } from '../../../src/checks/shared/drops/harmless.ts';
import { installPackages } from '../../cluster/packages.ts';

const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'nettools-reasons-'));
const program = join(folder, 'reasons');

interface Recording {
  readonly package: string;
  readonly btf: string;
}

/** What the watcher knows of that kernel. */
function kernel(name: string): { tracepoint: string; reasons: ReadonlyMap<string, number> } {
  const file = join(root, `test/recordings/kernels/${name}.json`);
  const { btf } = JSON.parse(readFileSync(file, 'utf8')) as Recording;
  const types = join(folder, `${name}.btf`);
  writeFileSync(types, Buffer.from(btf, 'base64'));
  const [first = '', ...lines] = execFileSync(program, ['names', types], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  const pairs = lines.map((line) => line.split(' '));
  return {
    tracepoint: first.replace('tracepoint ', ''),
    reasons: new Map(pairs.map(([number, reason]) => [reason ?? '', Number(number)])),
  };
}

beforeAll(async () => {
  if (!existsSync('/usr/include/bpf/btf.h')) await installPackages(['libbpf-dev']);
  const sources = ['test/kernels/reasons.c', 'image/drops/reasons.c'].map((file) => join(root, file));
  execFileSync('gcc', ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-o', program, ...sources, '-lbpf']);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the kernel', () => {
  it.each([
    ['5.10-amd64', 'none', 0, undefined, undefined],
    ['6.1-amd64', 'reason', 66, 7, 41],
    ['6.12-arm64', 'receiver', 105, 11, 52],
    ['7.2-amd64', 'receiver', 127, 12, 58],
  ])(
    '%s has the arguments "%s" and %i reasons, with numbers of its own',
    (name, tracepoint, count, netfilter, neighbour) => {
      const { reasons, ...own } = kernel(name);
      expect(own).toEqual({ tracepoint });
      expect([reasons.size, reasons.get('NETFILTER_DROP'), reasons.get('NEIGH_FAILED')]).toEqual([
        count,
        netfilter,
        neighbour,
      ]);
    },
  );

  /** NT-DROP-019 tells them as they are: none of them is of a network of pods, but for one of a program's own memory. */
  const FAULT = 'SKB_UCOPY_FAULT';
  const RARE = ['MACVLAN_BROADCAST_BACKLOG', 'IPVLAN_MULTICAST_BACKLOG', FAULT, 'ARP_PVLAN_DISABLE'];
  const OTHERS = ['CAN', 'CANFD', 'CANXL'].map((kind) => `${kind}_RX_INVALID_FRAME`);
  it.each([
    ['6.1-amd64', [FAULT]],
    ['6.12-arm64', [FAULT]],
    ['7.2-amd64', [...RARE, ...OTHERS, 'PSP_INPUT', 'PSP_OUTPUT']],
  ])('%s has few reasons that nothing is said of', (name, expected) => {
    const silent = [...kernel(name).reasons.keys()].filter(
      (reason) =>
        !['NOT_SPECIFIED', 'MAX', 'SUBSYS_MASK'].includes(reason) &&
        harmlessWhy(reason, 'f') === undefined &&
        findingOf({ reason, function: 'ip_rcv_core' }) === 'NT-DROP-019',
    );
    expect(silent).toEqual(expected);
  });
});
