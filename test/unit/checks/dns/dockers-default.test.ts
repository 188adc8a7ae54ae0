/** NT-DNS-010: the public servers that Docker takes where the host's are loopback ones. */
import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { DnsInput } from '../../../../src/checks/dns/facts.ts';
import { remedyOf } from '../results.ts';
import { ids } from './facts.ts';
import { judgedRun } from './made-run.ts';

const GOOGLE = ['8.8.8.8', '8.8.4.4'];
const SERVERS = GOOGLE.map((server) => `nameserver ${server}\n`).join('');
const COMMENT = "\n# Based on host file: '/etc/resolv.conf' (legacy)\n# Used default nameservers.\n";
const NAME = 'intranet.corp.test.';

const container = (dns: readonly string[] = []): Partial<DnsInput> => ({
  services: { value: [] },
  pod: { policy: 'Default', hostNetwork: false, configServers: [], addresses: [] },
  docker: { servers: dns },
});
/** A machine, or a network namespace. */
const { docker: _, ...OUTSIDE } = container();
const run = (said: string, conf: string, input: Partial<DnsInput> = container()) =>
  judgedRun(
    GOOGLE.map((address) => ({ address, udp: () => said })),
    { names: [NAME], conf, input },
  );
const told = (...args: Parameters<typeof run>) => ids(run(...args).findings);

describe("Docker's own servers", () => {
  it('explain why none answers', () => {
    const [silence, servers] = linkCauses(run('timed out', SERVERS + COMMENT).findings);
    expect(silence).toMatchObject({ id: 'NT-DNS-001', causedBy: 'NT-DNS-010' });
    expect(servers).toMatchObject({
      severity: 'critical',
      summary:
        "resolv.conf names 8.8.8.8 and 8.8.4.4, public servers that Docker chose because the host's resolv.conf names none that a container could use (127.0.0.0/8): none of them answers.",
    });
    expect(remedyOf(servers)).toContain('daemon.json');
    expect(servers?.evidence[0]?.excerpt).toContain('# Used default nameservers.');
  });

  it('do not know a name of a private network', () => {
    const { findings } = run('NXDOMAIN', SERVERS + COMMENT);
    expect(ids(findings)).toContain('NT-DNS-010 warning');
    expect(findings.find(({ id }) => id === 'NT-DNS-010')?.summary).toMatch(
      /they do not know intranet\.corp\.test\., which servers of a private network may know\.$/,
    );
  });

  it('are a remark where they know what is asked', () => {
    expect(told('198.51.100.7', SERVERS + COMMENT)).toEqual(['NT-DNS-010 info']);
  });

  it('are known by their addresses where an older engine writes no comment', () => {
    expect(run('timed out', SERVERS).findings.map(({ summary }) => summary)).toContainEqual(
      expect.stringMatching(
        /that Docker chooses because .*, unless "dns" in daemon\.json names them: none of them/,
      ),
    );
  });

  it.each<[string, string, Partial<DnsInput>]>([
    ['were asked for by docker run --dns', SERVERS, container(GOOGLE)],
    ['stand beside another', `nameserver 198.51.100.53\n${SERVERS}`, container()],
    ["are of what is no container's file", SERVERS, OUTSIDE],
  ])('are no finding where they %s', (_what, conf, input) => {
    expect(told('198.51.100.7', conf, input)).toEqual([]);
  });
});
