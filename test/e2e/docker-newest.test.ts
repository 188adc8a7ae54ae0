/** Docker's newest engine, which writes its rules by nftables or by iptables, and differs in both from that of Debian. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { OUTSIDE, OUTSIDE_LINK, OutsideMachine } from '../docker/outside.ts';
import { nettools } from './support/cli.ts';
import { leads, problems, validReport } from './support/report.ts';

const there = `${OUTSIDE.address}:${OUTSIDE.port}`;
const PORT = 18_400;

// The engine is built, once.
beforeAll(() => Dockerd.prepareNewest(), 1_500_000);

describe.each(['nftables', 'iptables'] as const)('Docker with %s', (backend) => {
  let daemon: Dockerd;
  let outside: OutsideMachine;
  let names: NameServer;
  let bridge: string;
  let address: string;
  let otherAddress: string;

  beforeAll(async () => {
    daemon = await Dockerd.start({ newest: backend, dns: [BRIDGE_ADDRESS] });
    names = await NameServer.start(daemon);
    outside = await OutsideMachine.start(daemon);
    await daemon.docker('network', 'create', 'own');
    await daemon.docker('network', 'create', 'far');
    await daemon.run('web', '--network', 'own', '--publish', `${PORT}:8080`, APP_IMAGE);
    await daemon.run('other', '--network', 'far', '--publish', `${PORT + 1}:8080`, APP_IMAGE);
    const inspect = (name: string, network: string): Promise<string> =>
      daemon.docker('inspect', '--format', `{{.NetworkSettings.Networks.${network}.IPAddress}}`, name);
    address = (await inspect('web', 'own')).trim();
    otherAddress = (await inspect('other', 'far')).trim();
    const id = (await daemon.docker('network', 'inspect', '--format', '{{.Id}}', 'own')).trim();
    bridge = `br-${id.slice(0, 12)}`;
    await outside.reaches(OUTSIDE.host, PORT);
  });
  afterAll(async () => {
    await outside?.stop();
    await names?.stop();
    await daemon?.stop();
  });

  async function diagnose(...args: readonly string[]): Promise<Report> {
    const { stdout, stderr } = await nettools(['diagnose', ...args, '-o', 'json'], { env: daemon.env });
    expect(stdout, stderr).toMatch(/^\{/);
    return validReport(JSON.parse(stdout));
  }

  const nft = (...words: readonly string[]): Promise<string> => daemon.onHost('nft', ...words);

  /** A table of the host's own for as long as the work takes. */
  async function withTable(lines: readonly string[], work: () => Promise<void>): Promise<void> {
    await nft(['table inet own {', ...lines, '}'].join('\n'));
    try {
      await work();
    } finally {
      await nft('delete', 'table', 'inet', 'own');
    }
  }

  /** Takes Docker's own rule away, as a reload of the host's rules does. */
  async function removeRule(chain: string, words: string): Promise<void> {
    const table = ['ip', 'docker-bridges', chain];
    const line = (await nft('-a', 'list', 'chain', ...table)).split('\n').find((one) => one.includes(words));
    const handle = /# handle (\d+)$/.exec(line ?? '')?.[1] ?? '';
    await nft('delete', 'rule', ...table, 'handle', handle);
    await until(
      'its end',
      10,
      async () => !(await nft('list', 'chain', ...table)).includes(words) || 'there',
    );
  }

  it('is silent where all is well, and looked at the host', async () => {
    const report = await diagnose('docker://web', '--to', there, '--to', `${OUTSIDE.host}:${PORT + 1}`);
    expect(problems(report), JSON.stringify(problems(report), undefined, 1)).toEqual([]);
    const infos = report.checks.flatMap(({ findings }) => findings);
    expect(infos.filter(({ summary }) => /^the Docker host/.test(summary))).toEqual([]);
    // Since 28, what is routed to a container's own address is dropped; that is how it is meant.
    expect(infos.find(({ id }) => id === 'NT-DKR-017')?.severity).toBe('info');
  });

  it('is silent of a table of the host that accepts', async () => {
    const chain = 'type filter hook forward priority 0; policy drop;';
    const lets = [
      'ct state vmap { established : accept, related : accept, invalid : drop }',
      `iifname { "${bridge}", "docker0" } accept`,
      `iifname "${OUTSIDE_LINK}" oifname "br-*" accept`,
    ];
    await withTable(['chain onward {', chain, ...lets, '}'], async () => {
      await outside.reaches(OUTSIDE.host, PORT);
      expect(problems(await diagnose('docker://web', '--to', there))).toEqual([]);
    });
  });

  it('NT-DKR-009: the policy of the own table of the host', async () => {
    await withTable(
      ['chain onward {', 'type filter hook forward priority 0; policy drop;', '}'],
      async () => {
        expect(await outside.connects(OUTSIDE.host, PORT)).toBe(false);
        const [lead] = leads(await diagnose('docker://web', '--to', there));
        expect(lead?.id).toBe('NT-DKR-009');
        expect(lead?.summary).toBe(
          'The Docker host drops everything that leaves network own: no rule accepts it, and the policy of chain onward of nft table inet own is drop.',
        );
        expect(lead?.remediation).toMatch(/each table decides for itself/);
        expect(lead?.remediation).not.toMatch(/restart docker/);
      },
    );
  });

  it('NT-DKR-013 and NT-DKR-014: rules of the own table of the host', async () => {
    const rules = [
      ...['set gone {', 'type ipv4_addr', `elements = { ${OUTSIDE.address} }`, '}'],
      ...['chain onward {', 'type filter hook forward priority 0;'],
      ...[`iifname "${bridge}" ip daddr @gone counter drop`, '}'],
    ];
    await withTable(rules, async () => {
      const [lead] = leads(await diagnose('docker://web', '--to', there));
      expect(lead?.id).toBe('NT-DKR-013');
      expect(lead?.summary).toMatch(
        /drops what "web" sends to 198\.18\.130\.2:8080: nft table inet own chain onward: iifname br-\w+ ip daddr .* drop # handle \d+ \([1-9]\d* packets? during the run\)\.$/,
      );
      expect(lead?.remediation).toMatch(/nft delete rule inet own onward handle \d+/);
    });
    const chain = [
      ...['chain onward {', 'type filter hook forward priority 0;'],
      ...[`iifname "${OUTSIDE_LINK}" ct state new drop`, '}'],
    ];
    await withTable(chain, async () => {
      expect(await outside.connects(OUTSIDE.host, PORT)).toBe(false);
      const [lead] = leads(await diagnose('docker://web'));
      expect(lead?.id).toBe('NT-DKR-014');
      expect(lead?.summary).toMatch(
        /No other machine reaches published port .* chain onward: iifname outside0 ct state new drop # handle \d+\.$/,
      );
    });
  });

  it('NT-DKR-003: another network, by the name and by the address', async () => {
    for (const host of ['other', otherAddress]) {
      const [lead] = leads(await diagnose('docker://web', '--to', `${host}:8080`));
      expect(lead?.id).toBe('NT-DKR-003');
    }
    const report = await diagnose('docker://web', '--to', `${otherAddress}:8080`);
    const quoted = JSON.stringify(leads(report)[0]?.evidence);
    expect(quoted).toMatch(backend === 'nftables' ? /DROP DIRECT ACCESS/ : /-t raw -A PREROUTING/);
  });

  it('NT-DKR-002 and NT-DKR-006: an internal network, and one without icc', async () => {
    await daemon.docker('network', 'create', '--internal', 'inward');
    await daemon.docker('network', 'create', '--opt', 'com.docker.network.bridge.enable_icc=false', 'lonely');
    await daemon.run('inner', '--network', 'inward', APP_IMAGE);
    for (const name of ['lone', 'lone-too']) await daemon.run(name, '--network', 'lonely', APP_IMAGE);
    expect(leads(await diagnose('docker://inner', '--to', there)).map(({ id }) => id)).toContain(
      'NT-DKR-002',
    );
    expect(leads(await diagnose('docker://lone', '--to', 'lone-too:8080'))[0]?.id).toBe('NT-DKR-006');
  });

  // Of iptables the tests of Debian's engine have these.
  if (backend === 'iptables') return;

  it('NT-DKR-012 and NT-DKR-008: rules of Docker that are gone', async () => {
    await removeRule(`nat-postrouting-out__${bridge}`, 'masquerade');
    const [lead] = leads(await diagnose('docker://web', '--to', there));
    expect(lead?.id).toBe('NT-DKR-012');
    await daemon.docker('network', 'create', 'gone');
    await daemon.run('lost', '--network', 'gone', '--publish', `${PORT + 2}:8080`, APP_IMAGE);
    await removeRule('nat-prerouting-and-output', `dport ${PORT + 2} `);
    const [led] = leads(await diagnose('docker://lost'));
    expect(led?.id).toBe('NT-DKR-008');
    expect(led?.summary).toMatch(/No rule of the Docker host forwards published port 18402\/tcp/);
  });

  it('NT-DKR-017: a packet that is routed straight to a container', async () => {
    await outside.run('ip', 'route', 'add', `${address}/32`, 'via', OUTSIDE.host);
    let isOver = false;
    const busy = diagnose('docker://other', '--to', there).finally(() => {
      isOver = true;
    });
    await outside.run('ip', 'route', 'replace', `${otherAddress}/32`, 'via', OUTSIDE.host);
    while (!isOver) await outside.connects(otherAddress, 8080);
    const found = leads(await busy);
    expect(found).toMatchObject([{ id: 'NT-DKR-017', severity: 'warning' }]);
  });
});
