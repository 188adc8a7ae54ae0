import { describe, expect, it } from 'vitest';
import { parseResolvConf } from '../../../src/parsers/resolv-conf.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseResolvConf', () => {
  it("reads the kubelet's", () => {
    const conf = parseResolvConf(recording('resolv-conf').stdout);
    expect(conf).toEqual({
      servers: ['198.19.0.10'],
      search: ['nettools-rec-dns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      hasRoot: false,
      ndots: 5,
      timeoutSeconds: 5,
      attempts: 2,
      options: ['ndots:5'],
      malformed: [],
      isDockersDefault: false,
    });
  });

  it('has the defaults of resolv.conf(5)', () => {
    expect(parseResolvConf('')).toEqual({
      servers: [],
      search: [],
      hasRoot: false,
      ndots: 1,
      timeoutSeconds: 5,
      attempts: 2,
      options: [],
      malformed: [],
      isDockersDefault: false,
    });
  });

  it.each([
    ['options ndots: 2', true],
    ['options timeout:x', true],
    ['options ndots', true],
    ['nameserver', true],
    ['nameserver dns.test', true],
    ['nameserver 198.51.100.1,198.51.100.2', true],
    ['nameserver 198.51.100.1:53', true],
    ['nameserver 198.51.100.1 # of the site', false],
    ['nameserver fe80::1%eth0', false],
    ['nameserver ::1', false],
    ['options ndots:2 timeout:1 attempts:3 rotate edns0 trust-ad', false],
    ['# options ndots: 2', false],
  ])('%j is malformed: %j', (line, expected) => {
    expect(parseResolvConf(`${line}\n`).malformed).toEqual(expected ? [line] : []);
  });

  it("knows Docker's own servers by its comment", () => {
    const servers = 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n';
    const comments =
      "\n# Based on host file: '/etc/resolv.conf' (legacy)\n# Used default nameservers.\n# Overrides: []\n";
    expect(parseResolvConf(servers).isDockersDefault).toBe(false);
    expect(parseResolvConf(servers + comments).isDockersDefault).toBe(true);
  });

  it('lets the last search or domain line hold, and ignores comments', () => {
    const conf = parseResolvConf(
      '# nameserver 198.51.100.1\nsearch a.test. b.test\ndomain c.test\noptions timeout:1 attempts:x\n; x\nnameserver 198.51.100.2 # no\n',
    );
    expect(conf).toMatchObject({
      servers: ['198.51.100.2'],
      search: ['c.test'],
      timeoutSeconds: 1,
      attempts: 2,
    });
  });
});
