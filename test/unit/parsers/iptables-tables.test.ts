import { describe, expect, it } from 'vitest';
import { parseIptablesTables } from '../../../src/parsers/iptables-tables.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseIptablesTables', () => {
  const tables = parseIptablesTables(recording('docker-host-rules').stdout);

  it('reads tables, chains and policies', () => {
    expect([...tables.keys()].sort()).toEqual(['filter', 'nat']);
    expect(tables.get('filter')?.get('FORWARD')).toMatchObject({ name: 'FORWARD', policy: 'ACCEPT' });
    expect(tables.get('filter')?.get('DOCKER-USER')?.policy).toBeUndefined();
  });

  it('reads the rule of a published port', () => {
    const rules = tables.get('nat')?.get('DOCKER')?.rules ?? [];
    expect(rules.find(({ target }) => target === 'DNAT')).toMatchObject({
      matches: [
        { option: '-i', negated: true, values: [expect.stringMatching(/^br-/)] },
        { option: '-p', negated: false, values: ['tcp'] },
        { option: '--dport', negated: false, values: ['18080'] },
      ],
      isGoto: false,
      targetWords: ['--to-destination', '198.18.144.2:8080'],
      text: expect.stringMatching(/^-t nat -A DOCKER ! -i br-\w+ -p tcp .*198\.18\.144\.2:8080$/),
    });
  });

  it('keeps rules in order', () => {
    const targets = tables
      .get('filter')
      ?.get('FORWARD')
      ?.rules.map(({ target }) => target);
    expect(targets?.slice(0, 2)).toEqual(['DOCKER-USER', 'DOCKER-ISOLATION-STAGE-1']);
  });

  it('takes no word of a comment for an option, and a negation for that of the next one', () => {
    const text =
      '*filter\n:X - [0:0]\n[3:180] -A X -m set --match-set bad src -m comment --comment "-j \\"DROP\\" ! -i x" ! -s 192.0.2.0/24 -m tcp ! --dport 1:9 -g Y\n[1:2] -A X\nCOMMIT\n';
    expect(parseIptablesTables(text).get('filter')?.get('X')?.rules).toMatchObject([
      {
        matches: [
          { option: '--match-set', values: ['bad', 'src'], negated: false },
          { option: '--comment', values: ['-j \\"DROP\\" ! -i x'], negated: false },
          { option: '-s', values: ['192.0.2.0/24'], negated: true },
          { option: '--dport', values: ['1:9'], negated: true },
        ],
        target: 'Y',
        isGoto: true,
        packets: 3,
      },
      { matches: [], target: '', packets: 1 },
    ]);
  });

  it('finds nothing in an error', () => {
    expect(parseIptablesTables("Fatal: can't open lock file\n").size).toBe(0);
  });
});
