/** A real Docker engine for the tests, in a network namespace, with folders and a socket of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureImages } from '../cluster/images.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { dockerRoot, PROGRAM_FOLDERS } from './packages.ts';
import { type EnginePlace, inside, makePlace, removePlace } from './place.ts';

/** The default bridge's address; networks that users make get theirs from {@link POOL} (benchmarking range). */
export const BRIDGE_ADDRESS = '198.18.128.1';
const POOL = 'base=198.18.144.0/20,size=24';
/** The images of the test cluster that a daemon is given. */
export const TOOLS_IMAGE = 'localhost/nettools:dev';
export const APP_IMAGE = 'localhost/app:1';

/** What a daemon of the tests may be told besides. */
export interface DockerdOptions {
  /** More words for its command line. */
  readonly args?: readonly string[];
  /** Addresses of name servers for its containers; without them, those of the machine. */
  readonly dns?: readonly string[];
}

/** A running daemon. */
export class Dockerd {
  readonly place: EnginePlace;
  readonly socket: string;
  readonly #options: DockerdOptions;
  readonly #path: string;
  readonly #docker: string;
  #process: ChildProcess | undefined;

  private constructor(place: EnginePlace, root: string, options: DockerdOptions) {
    this.place = place;
    this.socket = join(place.dir, 'docker.sock');
    this.#options = options;
    const folders = PROGRAM_FOLDERS.map((folder) => join(root, folder));
    this.#path = [...folders, process.env['PATH']].join(delimiter);
    this.#docker = join(root, 'usr/bin/docker');
  }

  /** Starts a daemon with the tests' images; it is ended by {@link stop}, or with this process. */
  static async start(options: DockerdOptions = {}): Promise<Dockerd> {
    const [root, images] = await Promise.all([dockerRoot(), ensureImages()]);
    const daemon = new Dockerd(await makePlace('dkr'), root, options);
    try {
      await daemon.launch();
      for (const { name, archive } of images) {
        if (name === TOOLS_IMAGE || name === APP_IMAGE) await daemon.docker('load', '--input', archive);
      }
    } catch (error) {
      const log = daemon.log();
      await daemon.stop();
      throw new Error(`dockerd did not start: ${String(error)}\n${log}`, { cause: error });
    }
    return daemon;
  }

  /** Environment in which a client finds this daemon. */
  get env(): { readonly DOCKER_HOST: string } {
    return { DOCKER_HOST: `unix://${this.socket}` };
  }

  /** Starts the daemon's process, as after a crash or {@link kill}. */
  async launch(): Promise<void> {
    const { dir, name } = this.place;
    const home = join(dir, 'home');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(dir, 'daemon.json'), '{}');
    // A killed daemon's containerd is killed with it, and where nobody reaps it its number still looks alive.
    rmSync(join(dir, 'exec/containerd/containerd.pid'), { force: true });
    const log = openSync(join(dir, 'log'), 'a');
    const dns = (this.#options.dns ?? []).flatMap((address) => ['--dns', address]);
    // The daemon's end follows this process's: nobody else would end it.
    const [file = '', ...args] = [
      ...['setpriv', '--pdeathsig', 'TERM', ...inside(this.place), 'dockerd'],
      ...['--host', `unix://${this.socket}`, '--pidfile', join(dir, 'pid')],
      ...['--config-file', join(dir, 'daemon.json'), '--data-root', join(dir, 'data')],
      ...['--exec-root', join(dir, 'exec'), '--cgroup-parent', `/${name}`],
      ...['--bip', `${BRIDGE_ADDRESS}/24`, '--default-address-pool', POOL, ...dns],
      // Without CAP_SYS_RESOURCE, as in a container, it may not lower its own score.
      ...['--oom-score-adjust', '0', '--log-level', 'warn', ...(this.#options.args ?? [])],
    ];
    const env = { ...process.env, PATH: this.#path, HOME: home };
    this.#process = spawn(file, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    await until('dockerd', 30, async () => {
      if (this.#process?.exitCode !== null || this.#process.signalCode !== null)
        throw new Error('it has ended');
      return (existsSync(this.socket) && (await this.#attempt('version')).code === 0) || 'no answer';
    });
  }

  /** Runs the docker command against this daemon; resolves to its stdout. */
  async docker(...args: readonly string[]): Promise<string> {
    return run([this.#docker, ...args], { env: { ...process.env, ...this.env } });
  }

  #attempt(...args: readonly string[]): ReturnType<typeof attempt> {
    return attempt([this.#docker, ...args], { env: { ...process.env, ...this.env } });
  }

  /** Starts a container in the background and resolves to its id. @param args docker run's flags, image and command */
  async run(name: string, ...args: readonly string[]): Promise<string> {
    return (await this.docker('run', '--detach', '--name', name, ...args)).trim();
  }

  /** Runs a command in the daemon's own network namespace: on the Docker host. */
  onHost(...argv: readonly string[]): Promise<string> {
    return run([...inside(this.place), ...argv]);
  }

  /** Ids of the containers that sessions have made. */
  async sessions(): Promise<string[]> {
    const text = await this.docker('ps', '--all', '--quiet', '--filter', 'label=kubectl-nettools.session');
    return text.split('\n').filter((id) => id !== '');
  }

  /** Ends the daemon's process as a crash does; its containers go on. {@link launch} starts it again. */
  async kill(): Promise<void> {
    const child = this.#process;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
  }

  /** What the daemon has said. */
  log(): string {
    const path = join(this.place.dir, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-20).join('\n') : '';
  }

  /** Ends the daemon with all its containers, and removes everything that is its own. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ids = (await this.#attempt('ps', '--all', '--quiet')).stdout
        .split('\n')
        .filter((id) => id !== '');
      if (ids.length > 0) await this.#attempt('rm', '--force', '--volumes', ...ids);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await removePlace(this.place);
  }
}
