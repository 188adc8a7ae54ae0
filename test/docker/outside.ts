/** A machine next to the Docker host of the tests: what lies outside for its containers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { attempt, run, until } from '../cluster/proc.ts';
import type { Engine } from './engine.ts';
import { type EnginePlace, inside, makePlace, removePlace } from './place.ts';

/** Its link with the host (benchmarking range), and the port on which it serves a page. */
const HOST_ADDRESS = '198.18.130.1';
const ADDRESS = '198.18.130.2';
export const OUTSIDE = { host: HOST_ADDRESS, address: ADDRESS, port: 8080 } as const;
/** The host's interface to it. */
export const OUTSIDE_LINK = 'outside0';

/** It knows the host, and no network of containers. */
export class OutsideMachine {
  readonly #place: EnginePlace;
  readonly #server: ChildProcess;

  private constructor(place: EnginePlace, server: ChildProcess) {
    this.#place = place;
    this.#server = server;
  }

  /** Links it with the engine's host, whose default route then leads to it. */
  static async start(daemon: Engine): Promise<OutsideMachine> {
    const place = await makePlace('out');
    const ends = ['netns', daemon.place.netns, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', place.netns];
    await run(['ip', 'link', 'add', OUTSIDE_LINK, ...ends]);
    await daemon.onHost('ip', 'addr', 'add', `${HOST_ADDRESS}/24`, 'dev', OUTSIDE_LINK);
    await daemon.onHost('ip', 'link', 'set', OUTSIDE_LINK, 'up');
    await run(['ip', '-n', place.netns, 'addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0']);
    await run(['ip', '-n', place.netns, 'link', 'set', 'eth0', 'up']);
    await daemon.onHost('ip', 'route', 'add', 'default', 'via', ADDRESS);
    const [file = '', ...args] = [
      ...['setpriv', '--pdeathsig', 'KILL', ...inside(place)],
      ...['busybox', 'httpd', '-f', '-p', String(OUTSIDE.port), '-h', `${place.dir}/`],
    ];
    const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    const machine = new OutsideMachine(place, server);
    try {
      await machine.reaches(ADDRESS, OUTSIDE.port);
    } catch (error) {
      const { exitCode, signalCode } = server;
      const seen = await attempt([
        ...inside(place),
        'sh',
        '-c',
        'ip -br addr; ss -Htlnp; ip route; nft list ruleset',
      ]);
      await machine.stop();
      const ended = exitCode ?? signalCode;
      const why = ended === null ? 'its server runs' : `its server has ended (${ended})`;
      throw new Error(`${String(error)}: ${why}: ${said}\n${seen.stdout}${seen.stderr}`, { cause: error });
    }
    return machine;
  }

  /** Waits until a connection from it comes about. */
  async reaches(address: string, port: number): Promise<void> {
    await until(
      `a connection to ${address}:${port}`,
      60,
      async () => (await this.connects(address, port)) || 'none',
    );
  }

  /** Whether a connection from it comes about within two seconds. */
  async connects(address: string, port: number): Promise<boolean> {
    // With a socket as its stdin, as Node gives it one, bash would read ~/.bashrc, which may take its time.
    const connect = ['timeout', '2', 'bash', '--norc', '-c', `</dev/tcp/${address}/${port}`];
    return (await attempt([...inside(this.#place), ...connect])).code === 0;
  }

  /** Runs a command on it. */
  run(...argv: readonly string[]): Promise<string> {
    return run([...inside(this.#place), ...argv]);
  }

  /** Runs a command on it for as long as the work takes. */
  async during(argv: readonly string[], work: () => Promise<void>): Promise<void> {
    const [file = '', ...args] = ['setpriv', '--pdeathsig', 'KILL', ...inside(this.#place), ...argv];
    const child = spawn(file, args, { stdio: 'ignore' });
    try {
      await work();
    } finally {
      child.kill('SIGKILL');
    }
  }

  async stop(): Promise<void> {
    this.#server.kill('SIGKILL');
    await removePlace(this.#place);
  }
}
