import { describe, expect, it } from 'vitest';
import { ABOUTS } from '../../../src/checks/about.ts';
import { diagnosisOrder } from '../../../src/checks/diagnosis.ts';

const part = (id: string, ...after: string[]) => ({ id, diagnosis: { after } });

describe('the order of a diagnosis', () => {
  it('goes from the link up', () => {
    expect(diagnosisOrder(ABOUTS)).toEqual([
      'docker',
      'interfaces',
      'arp',
      'routing',
      'latency',
      'mtu',
      'conntrack',
      'service',
      'firewall',
      'path',
      'drops',
      'sockets',
      'dns',
      'tls',
      'gateway',
    ]);
  });

  it('does not depend on the order in which they are given, and leaves out what is no part of it', () => {
    const parts = [part('c', 'b'), part('b'), { id: 'x' }, part('a')];
    expect(diagnosisOrder(parts)).toEqual(['a', 'b', 'c']);
    expect(diagnosisOrder(parts.toReversed())).toEqual(['a', 'b', 'c']);
  });

  it('is refused where there is none', () => {
    expect(() => diagnosisOrder([part('a', 'b'), part('b', 'a')])).toThrow('no order of a, b');
    expect(() => diagnosisOrder([part('a', 'gone')])).toThrow('no order of a');
  });
});
