/** A real Docker engine for the tests, in a network namespace, with folders and a socket of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { binDir } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { Engine } from './engine.ts';
import { newestDocker } from './newest.ts';
import { dockerRoot, PROGRAM_FOLDERS } from './packages.ts';
import { type EnginePlace, inside, makePlace } from './place.ts';

/** The default bridge's address; networks that users make get theirs from {@link POOL} (benchmarking range). */
export const BRIDGE_ADDRESS = '198.18.128.1';
const POOL = 'base=198.18.144.0/20,size=24';

/** What a daemon of the tests may be told besides. */
export interface DockerdOptions {
  /** More words for its command line. */
  readonly args?: readonly string[];
  /** Addresses of name servers for its containers; without them, those of the machine. */
  readonly dns?: readonly string[];
  /** Docker 29 or newer in place of Debian's, with one of its ways to write rules. */
  readonly newest?: 'iptables' | 'nftables';
  /** What the host's resolv.conf says, as the daemon alone sees it; without it, the machine's own. */
  readonly hostResolvConf?: string;
}

/** A running daemon. */
export class Dockerd extends Engine {
  readonly #options: DockerdOptions;
  readonly #path: string;
  #process: ChildProcess | undefined;

  private constructor(place: EnginePlace, folders: readonly string[], options: DockerdOptions) {
    super(place, 'docker.sock');
    this.#options = options;
    this.#path = [...folders, process.env['PATH']].join(delimiter);
  }

  /** Builds the newest engine, which takes minutes the first time. */
  static async prepareNewest(): Promise<void> {
    await newestDocker();
  }

  /** Starts a daemon with the tests' images; it is ended by {@link stop}, or with this process. */
  static async start(options: DockerdOptions = {}): Promise<Dockerd> {
    const root = await dockerRoot();
    const debians = PROGRAM_FOLDERS.map((folder) => join(root, folder));
    const folders = options.newest ? [await newestDocker(), binDir('containerd'), ...debians] : debians;
    const daemon = new Dockerd(await makePlace('dkr'), folders, options);
    try {
      // By nftables, Docker leaves forwarding to the administrator, and does not start without.
      if (options.newest) await daemon.onHost('sysctl', '-qw', 'net.ipv4.ip_forward=1');
      await daemon.launch();
      await daemon.loadImages();
    } catch (error) {
      const log = daemon.#log();
      await daemon.stop();
      throw new Error(`dockerd did not start: ${String(error)}\n${log}`, { cause: error });
    }
    return daemon;
  }

  /** Starts the daemon's process, as after a crash or {@link kill}. */
  async launch(): Promise<void> {
    const { dir, name } = this.place;
    const home = join(dir, 'home');
    mkdirSync(home, { recursive: true });
    const { newest } = this.#options;
    // Debian's runc knows no time namespaces.
    const config = newest ? { 'firewall-backend': newest, features: { 'time-namespaces': false } } : {};
    writeFileSync(join(dir, 'daemon.json'), JSON.stringify(config));
    // A killed daemon's containerd is killed with it, and where nobody reaps it its number still looks alive.
    rmSync(join(dir, 'exec/containerd/containerd.pid'), { force: true });
    const log = openSync(join(dir, 'log'), 'a');
    const dns = (this.#options.dns ?? []).flatMap((address) => ['--dns', address]);
    // The daemon's end follows this process's: nobody else would end it.
    const [file = '', ...args] = [
      ...['setpriv', '--pdeathsig', 'TERM', ...inside(this.place), ...this.#withResolvConf(), 'dockerd'],
      ...['--host', `unix://${this.socket}`, '--pidfile', join(dir, 'pid')],
      ...['--config-file', join(dir, 'daemon.json'), '--data-root', join(dir, 'data')],
      ...['--exec-root', join(dir, 'exec'), '--cgroup-parent', `/${name}`],
      ...['--bip', `${BRIDGE_ADDRESS}/24`, '--default-address-pool', POOL, ...dns],
      // Without CAP_SYS_RESOURCE, as in a container, it may not lower its own score.
      ...(newest ? [] : ['--oom-score-adjust', '0']),
      ...['--log-level', 'warn', ...(this.#options.args ?? [])],
    ];
    const env = { ...process.env, PATH: this.#path, HOME: home };
    this.#process = spawn(file, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    await until('dockerd', 60, async () => {
      if (!this.#isAlive()) throw new Error('it has ended');
      return (existsSync(this.socket) && (await this.tryDocker('version')).code === 0) || 'no answer';
    });
  }

  /** Words that run a command where /etc/resolv.conf is another; nothing is mounted for anybody else. */
  #withResolvConf(): string[] {
    const { hostResolvConf } = this.#options;
    if (hostResolvConf === undefined) return [];
    const file = join(this.place.dir, 'resolv.conf');
    writeFileSync(file, hostResolvConf);
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, file];
  }

  #isAlive(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Ends the daemon's process as a crash does; {@link launch} starts it again. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  protected override async end(): Promise<void> {
    await this.#signal('SIGTERM');
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || !this.#isAlive()) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  #log(): string {
    const path = join(this.place.dir, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-20).join('\n') : '';
  }
}
