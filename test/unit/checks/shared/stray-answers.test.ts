import { describe, expect, it } from 'vitest';
import { strayAnswers } from '../../../../src/checks/shared/stray-answers.ts';
import { result } from '../results.ts';

const syn = (port: number, seq: number): string =>
  `1.1 eth0  Out IP 198.18.1.5.${port} > 198.51.100.12.30080: Flags [S], seq ${seq}, win 1, length 0`;
const answer = (from: string, port: number, ack: number, flags = 'S.'): string =>
  `1.2 eth0  In  IP ${from} > 198.18.1.5.${port}: Flags [${flags}], seq 9, ack ${ack}, win 1, length 0`;
const asked = { address: '198.51.100.12', port: 30080 };

const found = (...lines: readonly string[]) =>
  strayAnswers({ id: 'opening-segments', ...result(`${lines.join('\n')}\n`, { status: 'timeout' }) }, asked);

describe('strayAnswers', () => {
  it('knows an answer by the number that it acknowledges', () => {
    const lines = [
      syn(4000, 1000),
      answer('198.18.1.7.8080', 4000, 1001),
      // Sent again, and answered again.
      syn(4000, 1000),
      answer('198.18.1.7.8080', 4000, 1001),
      syn(4001, 4294967295),
      answer('198.18.1.7.8080', 4001, 0),
      syn(4002, 7),
      answer('198.51.100.12.30080', 4002, 8),
    ];
    expect(found(...lines)).toMatchObject({ from: ['198.18.1.7:8080'], connections: 2 });
    expect(found(...lines)?.quotes[0]?.excerpt.split('\n')).toEqual([syn(4000, 1000), lines[1]]);
  });

  it.each<[string, readonly string[]]>([
    ['of who was asked', [syn(4000, 1000), answer('198.51.100.12.30080', 4000, 1001)]],
    ['to another connection of the port', [syn(4000, 1000), answer('198.18.1.7.8080', 4000, 5)]],
    ['to another port', [syn(4000, 1000), answer('198.18.1.7.8080', 4009, 1001)]],
    ['that is a reset', [syn(4000, 1000), answer('198.18.1.7.8080', 4000, 1001, 'R.')]],
    ['to nothing that was sent', [answer('198.18.1.7.8080', 4000, 1001)]],
  ])('takes for none: an answer %s', (_what, lines) => {
    expect(found(...lines)).toBeUndefined();
  });

  it('knows of none where nobody listened', () => {
    expect(strayAnswers(undefined, asked)).toBeUndefined();
  });
});
