import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes } from '../cluster/paths.ts';
import { run, until } from '../cluster/proc.ts';
import { interrupt, startCapture } from './support/capture.ts';
import { bash, expectSentence, nettools, type Outcome, userEnv } from './support/cli.ts';
import { app, helper, pod, testNamespace } from './support/cluster.ts';
import { Relay } from './support/relay.ts';
import { ensureTmux, Terminal } from './support/terminal.ts';
import { aboutFile, ensureCaptureTools, packetsIn } from './support/tshark.ts';

const ns = testNamespace('capture');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);

/** Packets that the tests send; nothing else in the cluster goes to this port. */
const PORT = 40_404;
const FILTER = ['udp', 'dst', 'port', String(PORT)];
const on = (...flags: string[]): string[] => ['capture', '-n', ns.name, ...flags];

let addressOfB = '';

beforeAll(async () => {
  await Promise.all([
    ensureCaptureTools(),
    ensureTmux(),
    ns.start(
      pod('a', { containers: [app, helper] }),
      pod('b', { containers: [app, helper] }),
      pod('gone', { containers: [app, helper] }),
    ),
  ]);
  addressOfB = (await ns.pod('b')).status.podIP ?? '';
  // The sessions are there before any clock starts.
  for (const target of ['a', 'b', 'gone']) await nettools(['run', '-n', ns.name, target, '--', 'true']);
});

/** Sends packets from a pod; each has its number in it. */
function send(from: string, to: string, count: number): Promise<string> {
  const loop = 'for i in $(seq "$1"); do echo "packet $i" >"/dev/udp/$2/$3"; sleep 0.01; done';
  return ns.help(from, 'bash', '-c', loop, 'send', String(count), to, String(PORT));
}

/** How large a file with that many of these packets is: its header, and for each the record's, cooked, IP and UDP. */
function sizeOf(count: number): number {
  const texts = Array.from({ length: count }, (_, i) => `packet ${i + 1}\n`.length);
  return texts.reduce((sum, length) => sum + 16 + 20 + 28 + length, 24);
}

/** How large a file is; undefined while it is not there. */
function sizeNow(name: string): number | undefined {
  return statSync(file(name), { throwIfNoEntry: false })?.size;
}

/** Sends packets until the promise is settled: for captures that end by themselves. */
async function sendUntil<T>(end: Promise<T>): Promise<T> {
  let ended = false;
  const done = end.finally(() => {
    ended = true;
  });
  done.catch(() => undefined);
  while (!ended) await send('a', addressOfB, 5);
  return done;
}

/** The processes whose words hold all of these. */
function processesWith(...words: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return words.every((word) => line.includes(word)) ? [`${pid} ${line}`] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

describe('a file', () => {
  it('has every packet up to Ctrl-C, which is the normal end', async () => {
    const started = await startCapture(on('a', '-w', file('one.pcap'), ...FILTER));
    await send('a', addressOfB, 20);
    const { code, stdout, stderr } = await interrupt(started);
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' });
    const [first, last, ...more] = stderr.trimEnd().split('\n');
    expect(first).toBe(`capturing on any at pod/a to ${file('one.pcap')}; Ctrl-C ends it.`);
    expect(last).toMatch(
      /^captured 20 packets \(\d+(\.\d+)? k?B\) in \d+\.\d s to .*one\.pcap; 0 dropped by the kernel\.$/,
    );
    expect(more).toEqual([]);
    const packets = await packetsIn(file('one.pcap'), 'ip.dst', 'udp.dstport', 'data.data');
    expect(packets).toEqual(
      Array.from({ length: 20 }, (_, i) => [
        addressOfB,
        String(PORT),
        Buffer.from(`packet ${i + 1}\n`).toString('hex'),
      ]),
    );
    // Packets are nobody else's business.
    expect(statSync(file('one.pcap')).mode & 0o777).toBe(0o600);
  });

  it('has a name of its own when none is given, and an interface of its own when one is', async () => {
    const end = bash(
      `cd ${folder} && exec kubectl-nettools ${on('a', '-i', 'eth0', '--max-packets', '3').join(' ')} -- ${FILTER.join(' ')}`,
    );
    const { code, stderr } = await sendUntil(end);
    expect(code, stderr).toBe(0);
    const [name = ''] = readdirSync(folder).filter((one) => /^a-\d{8}-\d{6}\.pcap$/.test(one));
    expect(stderr).toContain(`captured 3 packets `);
    expect(stderr).toContain(` to ${name}; `);
    expect(await packetsIn(file(name), 'udp.dstport')).toHaveLength(3);
    expect(await aboutFile(file(name))).toContain('Ethernet');
  });

  it('ends after --duration', async () => {
    const end = nettools(on('a', '-w', file('time.pcap'), '--duration', '2s', ...FILTER));
    const { code, stderr } = await sendUntil(end);
    expect(code, stderr).toBe(0);
    const [, count, seconds] = /^captured ([\d,]+) packets? .* in ([\d.]+) s /m.exec(stderr) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(2);
    expect(await packetsIn(file('time.pcap'), 'udp.dstport')).toHaveLength(Number(count));
  });

  it('is never larger than --max-bytes, and cuts no packet in half', async () => {
    const end = nettools(on('a', '-w', file('size.pcap'), '--max-bytes', '1k', '-s', '64', ...FILTER));
    const { code, stderr } = await sendUntil(end);
    expect(code, stderr).toBe(0);
    // A record is 16 bytes and what is kept of a packet: 20 of the cooked header, 28 of IP and UDP, and the text.
    expect(statSync(file('size.pcap')).size).toBeLessThanOrEqual(1_000);
    expect(statSync(file('size.pcap')).size).toBeGreaterThan(1_000 - 16 - 64);
    expect((await packetsIn(file('size.pcap'), 'udp.dstport')).length).toBeGreaterThan(5);
  });

  it('is whole when the disk is full, and the capture says so', async () => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    await run(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
    try {
      const end = nettools(on('a', '-w', join(disk, 'full.pcap'), 'udp'));
      const { code, stderr } = await sendUntil(end);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /^error: .*full\.pcap cannot be written: no space is left on the device; it holds the packets that came before\.$/m,
      );
      const told = /^captured (\d+) packets /m.exec(stderr)?.[1];
      expect(await packetsIn(join(disk, 'full.pcap'), 'udp.dstport')).toHaveLength(Number(told));
      expect(Number(told)).toBeGreaterThan(20);
    } finally {
      await run(['umount', disk]);
    }
  });

  it('is whole when the target goes away, and the capture says so', async () => {
    const started = await startCapture(on('gone', '-w', file('gone.pcap'), ...FILTER));
    await send('gone', addressOfB, 10);
    await until('packets', 60, async () => sizeNow('gone.pcap') === sizeOf(10) || 'not all');
    await ns.kubectl(['delete', 'pod', 'gone', '--wait=false']);
    const { code, stderr } = await started.outcome;
    expect(code).toBe(3);
    expect(stderr).toMatch(/^captured 10 packets /m);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^error: \S/);
    expect(await packetsIn(file('gone.pcap'), 'udp.dstport')).toHaveLength(10);
  });
});

describe('stdout', () => {
  it('goes into a pipe', async () => {
    const end = bash(
      `kubectl nettools ${on('a', '-w', '-', '--max-packets', '4').join(' ')} -- ${FILTER.join(' ')} | tshark -n -r - -T fields -e udp.dstport`,
    );
    const { code, stdout } = await sendUntil(end);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${PORT}\n`.repeat(4) });
  });

  it('goes into a file, and is told when that cannot be written', async () => {
    const full = bash(`kubectl nettools ${on('a', '-w', '-').join(' ')} -- ${FILTER.join(' ')} >/dev/full`);
    const { code, stderr } = await sendUntil(full);
    expect(code, stderr).toBe(3);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      'error: stdout cannot be written: no space is left on the device.',
    );
    const end = bash(
      `kubectl nettools ${on('a', '-w', '-', '--max-packets', '3').join(' ')} -- ${FILTER.join(' ')} >${file('redirected.pcap')}`,
    );
    expect((await sendUntil(end)).code).toBe(0);
    expect(await packetsIn(file('redirected.pcap'), 'udp.dstport')).toHaveLength(3);
  });

  it('ends the capture when its reader has gone', async () => {
    const end = bash(
      `kubectl-nettools ${on('a', '-w', '-').join(' ')} -- ${FILTER.join(' ')} | head -c 24 >/dev/null; echo "\${PIPESTATUS[@]}"`,
    );
    const { stdout, stderr } = await sendUntil(end);
    expect(stdout).toBe('141 0\n');
    // The first packet may find its reader gone.
    const says =
      /^(?:captured [1-9]\d* packets? .* to stdout; 0 dropped by the kernel|stdout is read no more; no packet was written)\.$/m;
    expect(stderr).toMatch(says);
  });

  it('claims nothing where nobody has read a packet', async () => {
    const words = ['a', 'b', '-w', '-', '--', ...FILTER];
    const end = bash(`kubectl-nettools ${on(...words).join(' ')} | true; echo "\${PIPESTATUS[@]}"`);
    const { stdout, stderr } = await end;
    expect(stdout).toBe('141 0\n');
    expect(stderr).toMatch(
      /^capturing on any .* to stdout; .*\nstdout is read no more; no packet was written\.$/m,
    );
    expect(stderr).not.toContain('captured');
  });
});

describe('several targets', () => {
  it('make one file with an interface for each, in the order of time', async () => {
    const started = await startCapture(on('a', 'pod/b', '-w', file('two.pcapng'), '--', ...FILTER));
    expect(started.child.exitCode).toBeNull();
    await send('a', addressOfB, 15);
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('  pod/a: 15 packets, 0 dropped by the kernel\n');
    expect(stderr).toContain('  pod/b: 15 packets, 0 dropped by the kernel\n');
    const packets = await packetsIn(
      file('two.pcapng'),
      'frame.interface_name',
      'data.data',
      'frame.time_epoch',
    );
    // One clock: each packet is at a before it is at b.
    expect(packets.map(([name, data]) => `${name} ${Buffer.from(data ?? '', 'hex')}`)).toEqual(
      Array.from({ length: 15 }, (_, i) => [`pod/a packet ${i + 1}\n`, `pod/b packet ${i + 1}\n`]).flat(),
    );
    const about = await aboutFile(file('two.pcapng'));
    expect(about).toMatch(/^Strict time order: +True$/m);
    expect(about.match(/Number of stat entries = 1/g)).toHaveLength(2);
    expect(about).toContain(`Description = pod/b in ${ns.name}, ${addressOfB} on `);
    expect(about.match(new RegExp(`Filter string = ${FILTER.join(' ')}`, 'g'))).toHaveLength(2);
  });

  it('are not captured at all when one of them is not there', async () => {
    const outcome = await nettools(on('a', 'nobody', '-w', file('none.pcapng'), '--', ...FILTER));
    expectSentence(outcome, 3, /nobody/);
    expect(existsSync(file('none.pcapng'))).toBe(false);
    // That of the test before may still be ending.
    await until(
      'end of tcpdump',
      60,
      async () => processesWith('tcpdump', String(PORT)).length === 0 || 'it runs',
    );
  });
});

/** Wrong usage in one sentence, and what was probably meant. */
function expectHint(outcome: Outcome, says: RegExp, hint: RegExp): void {
  expectSentence(outcome, 2, says);
  expect(outcome.stderr).toMatch(hint);
}

describe('what cannot be', () => {
  it.each([
    [
      'a filter that is none',
      ['a', 'tcp', 'prt', '80'],
      2,
      /^error: tcpdump refuses the filter "tcp prt 80": can't parse/,
    ],
    ['a filter that looks like an option', ['a', '--', '-z', 'reboot'], 2, /refuses the filter "-z reboot"/],
    ['an interface that is not there', ['a', '-i', 'eth7', 'udp'], 3, /pod\/a has no interface "eth7"/],
    ['a session without rights', ['a', '--profile', 'restricted', 'udp'], 3, /lacks the capability NET_RAW/],
    ['an image without tcpdump', ['a', '--image', 'localhost/app:1', 'udp'], 3, /pod\/a has no tcpdump/],
  ] as const)('is told in a sentence: %s', async (_title, args, code, says) => {
    const outcome = await nettools(on('-w', file('bad.pcap'), ...args));
    expectSentence(outcome, code, says);
    expect(existsSync(file('bad.pcap'))).toBe(false);
  });

  it('leaves a file as it was when the capture does not start', async () => {
    writeFileSync(file('kept.pcap'), 'evidence');
    await nettools(on('a', 'tcp', 'prt', '-w', file('kept.pcap')));
    expect(readFileSync(file('kept.pcap'), 'utf8')).toBe('evidence');
  });

  it('names the pod that a word was meant for, and leaves no folder', async () => {
    const path = file('both/');
    const outcome = await nettools(on('a', 'b', '-w', path));
    expectHint(
      outcome,
      /^error: tcpdump refuses the filter "b": /,
      /^"b" is a TARGET too, .*: kubectl nettools capture .*pod\/a b -n \S+ -w \S+both\/ --$/m,
    );
    expect(existsSync(path)).toBe(false);
    const none = await nettools(on('a', 'nosuch', '-w', path));
    expectHint(
      none,
      /^error: tcpdump refuses the filter "nosuch": /,
      /several TARGETs take a -- after them: .*pod\/a nosuch -n \S+ -w \S+both\/ --$/m,
    );
    expect(existsSync(path)).toBe(false);
  });

  it('of somebody without rights leaves no folder', async () => {
    const path = file('denied/');
    for (const words of [['a'], ['a', 'b'], ['--all']]) {
      const outcome = await nettools(on(...words, '-w', path, '--as', 'nobody', '--', ...FILTER));
      expectSentence(outcome, 3, /you may not .*pods/);
      expect(existsSync(path)).toBe(false);
    }
  });

  it('is told when the file cannot be written', async () => {
    const outcome = await nettools(on('a', '-w', file('no/such/folder.pcap'), ...FILTER));
    expectSentence(outcome, 3, /folder\.pcap cannot be written: there is no such file or folder/);
    await until(
      'end of tcpdump',
      60,
      async () => processesWith('tcpdump', String(PORT)).length === 0 || 'it runs',
    );
  });
});

describe('Wireshark', () => {
  /** A program of that name, in front of all others on PATH. */
  function program(name: string, body: string): NodeJS.ProcessEnv {
    const bin = mkdtempSync(join(folder, `${name}-`));
    writeFileSync(join(bin, 'wireshark'), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, 'wireshark'), 0o755);
    return { PATH: `${bin}${delimiter}${userEnv['PATH']}` };
  }

  it('gets the packets live, and stays when the capture has ended', async () => {
    const env = program('live', `echo "$@" >${file('words')}; exec cat >${file('shown.pcap')}`);
    const started = await startCapture(on('a', '--wireshark', ...FILTER), env);
    await send('a', addressOfB, 7);
    // The program starts beside the capture, and writes its words before anything else.
    await until('packets', 60, async () => sizeNow('shown.pcap') === sizeOf(7) || 'not all');
    expect(readFileSync(file('words'), 'utf8')).toBe('-k -i -\n');
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^captured 7 packets .* to Wireshark; /m);
    expect(await packetsIn(file('shown.pcap'), 'udp.dstport')).toHaveLength(7);
  });

  it('takes several targets with its own capture engine', async () => {
    // dumpcap is what reads stdin for Wireshark.
    const env = program('engine', `exec dumpcap -q -i - -w ${file('engine.pcapng')} 2>/dev/null`);
    const started = await startCapture(on('a', 'b', '--wireshark', '--', ...FILTER), env);
    await send('a', addressOfB, 4);
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    await until(
      'end of dumpcap',
      60,
      async () => processesWith('dumpcap', 'engine').length === 0 || 'it runs',
    );
    const names = (await packetsIn(file('engine.pcapng'), 'frame.interface_name')).flat();
    expect(names.sort()).toEqual([...Array(4).fill('pod/a'), ...Array(4).fill('pod/b')]);
  });

  it('ends the capture when its window is closed', async () => {
    const env = program('closed', 'head -c 24 >/dev/null');
    const { code, stderr } = await nettools(on('a', '--wireshark', ...FILTER), { env });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^captured 0 packets .* to Wireshark; /m);
  });

  it('is missed before anything is done', async () => {
    const outcome = await nettools(on('nobody', '--wireshark'), { env: { PATH: '/nonexistent' } });
    expectSentence(outcome, 3, /wireshark is not in PATH/);
  });
});

describe('a connection that breaks', () => {
  it('leaves a whole file, is told, and leaves no tcpdump behind', async () => {
    const relay = await Relay.start();
    try {
      relay.writeKubeconfig(file('relay.yaml'));
      const flags = ['--kubeconfig', file('relay.yaml'), '-w', file('lost.pcap')];
      const started = await startCapture(on('a', ...flags, ...FILTER, 'and', 'greater', '31'));
      await send('a', addressOfB, 6);
      await until('packets', 60, async () => sizeNow('lost.pcap') === sizeOf(6) || 'not all');
      relay.cut();
      const { code, stderr } = await started.outcome;
      expect(code).toBe(3);
      expect(stderr).toMatch(/^captured 6 packets .*; the number of drops is not known\.$/m);
      expect(stderr).toMatch(
        /^error: the capture at pod\/a broke off: the connection was lost after \d+ bytes/m,
      );
      expect(await packetsIn(file('lost.pcap'), 'udp.dstport')).toHaveLength(6);
      const running = (): string[] => processesWith('tcpdump', 'greater 31');
      await until('end of tcpdump', 60, async () => running().length === 0 || running().join('\n'));
    } finally {
      relay.stop();
    }
  });
});

describe('a client that dies', () => {
  it('leaves no tcpdump behind', async () => {
    const mark = `udp dst port ${PORT} and greater 41`;
    const { child } = await startCapture(on('a', '-w', file('killed.pcap'), ...mark.split(' ')));
    const running = (): string[] =>
      processesWith('tcpdump -i any', mark).filter((one) => !one.includes('nettools'));
    expect(running()).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('end of tcpdump', 60, async () => running().length === 0 || running().join('\n'));
  });
});

describe('a terminal', () => {
  it('shows what has come and what was dropped while it runs, and the total at the end', async () => {
    const terminal = await Terminal.open();
    try {
      await terminal.enter(`kubectl nettools ${on('a', '-w', file('shown-live.pcap'), ...FILTER).join(' ')}`);
      await terminal.shows(/capturing on any at pod\/a/);
      await send('a', addressOfB, 12);
      // The number of drops comes from tcpdump itself, once a second.
      await terminal.shows(/12 packets, 903 B, 0 dropped in \d+ s/);
      await terminal.press('C-c');
      const text = await terminal.shows(/captured 12 packets .*\n(.*\n)*local\$ $/);
      expect(text).not.toMatch(/dropped in/);
      expect(await packetsIn(file('shown-live.pcap'), 'udp.dstport')).toHaveLength(12);
    } finally {
      await terminal.close();
    }
  });

  it('is never written to', async () => {
    const terminal = await Terminal.open();
    try {
      const text = await terminal.local(`kubectl nettools ${on('a', '-w', '-').join(' ')}`);
      expect(text).toContain('error: -w - writes packets to stdout, which is a terminal.');
      expect(text).toContain('[code 2]');
    } finally {
      await terminal.close();
    }
  });
});

describe('other kinds of targets', () => {
  it('a node: what its pods send, and not its own stream', async () => {
    const { spec } = await ns.pod('a');
    const started = await startCapture(on(`node/${spec.nodeName}`, '-w', file('node.pcap')));
    await send('a', addressOfB, 5);
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('leaving out net 127.0.0.0/8 or host ::1 or tcp port 10250 or tcp port 8132,');
    const packets = await packetsIn(file('node.pcap'), 'udp.dstport', 'tcp.port', 'ip.src');
    expect(packets.filter(([port]) => port === String(PORT)).length).toBeGreaterThanOrEqual(5);
    expect(
      packets.filter(([, ports, source]) => ports?.split(',').includes('10250') || source === '127.0.0.1'),
    ).toEqual([]);
  });

  it('a pod and a network namespace of this machine in one file', async () => {
    const { spec } = await ns.pod('a');
    const node = nodes.find(({ name }) => name === spec.nodeName);
    const started = await startCapture(
      on('a', `netns:${node?.netns}`, '-w', file('mixed.pcapng'), '--', ...FILTER),
    );
    await send('a', addressOfB, 5);
    const { code, stderr } = await interrupt(started);
    expect(code, stderr).toBe(0);
    const names = (await packetsIn(file('mixed.pcapng'), 'frame.interface_name')).flat();
    expect(names.filter((name) => name === 'pod/a')).toHaveLength(5);
    // The node sees each packet at every interface that it passes.
    expect(names.filter((name) => name === `netns:${node?.netns}`).length).toBeGreaterThanOrEqual(5);
  });
});
