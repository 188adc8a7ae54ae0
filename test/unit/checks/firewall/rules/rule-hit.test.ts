import { describe, expect, it } from 'vitest';
import type { FirewallFacts, PathFacts } from '../../../../../src/checks/firewall/facts.ts';
import { ruleHit } from '../../../../../src/checks/firewall/rules/rule-hit.ts';
import { parseIptablesSave } from '../../../../../src/parsers/iptables-save.ts';
import { remedyOf } from '../../results.ts';

/** What is said of a line of `iptables-save -c` in the table filter. */
function remedy(line: string): string | undefined {
  const [rule] = parseIptablesSave(`*filter\n[4:240] ${line}\n`, 'iptables-nft').rules;
  if (!rule) throw new Error('no rule');
  const path: Partial<PathFacts> = {
    destination: {
      id: 'to0',
      label: 'db.example:80',
      host: 'db.example',
      port: '80',
      anyPort: false,
      role: 'asked',
      inCluster: false,
      protocol: 'tcp',
    },
    address: '198.51.100.7',
    port: 80,
    reach: { skipped: { code: 'other', text: 'not tried' } },
    hits: [{ rule, packets: 4, direction: 'output', result: undefined }],
    results: {} as PathFacts['results'],
  };
  const facts: Partial<FirewallFacts> = { paths: [path as PathFacts] };
  return remedyOf(ruleHit.judge(facts as FirewallFacts)[0]);
}

describe('NT-FW-005', () => {
  it.each([
    ['-A OUTPUT -p tcp --dport 80 -j DROP', 'iptables -t filter -D OUTPUT -p tcp --dport 80 -j DROP'],
    [
      '-A OUTPUT -m comment --comment "no \\"web\\" here" -j DROP',
      'iptables -t filter -D OUTPUT -m comment --comment \'no "web" here\' -j DROP',
    ],
    // Who made the rule must not run anything where its remedy is pasted.
    [
      '-A OUTPUT -m comment --comment "$(reboot);`id`" -j DROP',
      "iptables -t filter -D OUTPUT -m comment --comment '$(reboot);`id`' -j DROP",
    ],
    ["-A $(id)' ! -d 10.0.0.1/32 -j DROP", "iptables -t filter -D '$(id)'\\''' '!' -d 10.0.0.1/32 -j DROP"],
  ])('takes away %s by a line that can be pasted', (line, command) => {
    expect(remedy(line)?.split('\n')[1]).toBe(`kubectl nettools run TARGET -- ${command}`);
  });
});
