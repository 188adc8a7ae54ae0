import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import { SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { SHELLS } from '../shells.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-grown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RULE = '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP';

function tool(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\ncat <<'END'\n${text}END\n`);
  chmodSync(join(folder, name), 0o755);
}

describe.each(SHELLS.filter(({ available }) => available))('if-grown in $name', ({ words }) => {
  const [shell = '', ...args] = words;
  const ran = (...rules: string[]): boolean => {
    const env = { PATH: [folder, process.env['PATH']].join(delimiter) };
    const script = compactScript(SCRIPT_TEXTS.ifGrown);
    const { stdout } = spawnSync(shell, [...args, '-c', script, 'if-grown', ...rules, '--', 'echo', 'a  b'], {
      env,
      encoding: 'utf8',
    });
    return stdout === 'a  b\n';
  };
  const saved = ['iptables-save', 'filter', '12', RULE];
  const listed = ['nft', 'ip6 filter KUBE-FORWARD', '5', ''];

  it.each([
    ['nothing has grown', 12, 5, false],
    ['the rule of iptables has', 13, 5, true],
    ['it has ten times as many', 120, 5, true],
    ['the rule of nft has', 12, 6, true],
  ])('where %s', (_what, packets, listedPackets, expected) => {
    tool('iptables-save', `*filter\n[0:0] -A INPUT -j ACCEPT\n[${packets}:720] ${RULE}\nCOMMIT\n`);
    tool('nft', `ct state invalid counter packets ${listedPackets} bytes 300 drop\n`);
    expect(ran(...saved, ...listed)).toBe(expected);
  });

  it('where the rule does not show', () => {
    tool('iptables-save', '*filter\nCOMMIT\n');
    expect(ran(...saved)).toBe(true);
  });
});
