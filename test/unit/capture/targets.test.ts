import { describe, expect, it } from 'vitest';
import { captureFileName } from '../../../src/capture/targets.ts';

describe('captureFileName', () => {
  const now = new Date(2026, 10, 6, 4, 5, 9);
  const named = (...names: string[]): string =>
    captureFileName(
      names.map((name) => ({ name })),
      now,
    );

  it.each([
    [['pod/web-0'], 'web-0-20261106-040509.pcap'],
    [['node/n1.example'], 'node-n1.example-20261106-040509.pcap'],
    [['docker://db'], 'docker-db-20261106-040509.pcap'],
    [['netns:/run/netns/../x y'], 'netns-run-netns-..-x-y-20261106-040509.pcap'],
    [['local (box)'], 'local-box-20261106-040509.pcap'],
    [['pod/a', 'pod/b', 'node/c'], 'a-and-2-more-20261106-040509.pcapng'],
  ])('%j', (names, file) => {
    expect(named(...names)).toBe(file);
  });
});
