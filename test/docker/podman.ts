/** podman's service with its Docker-compatible socket, in a network namespace, with folders of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, until } from '../cluster/proc.ts';
import { Engine } from './engine.ts';
import { podmanRoot } from './packages.ts';
import { type EnginePlace, inside, makePlace, removeCgroups } from './place.ts';

/** The default network and those that users make (benchmarking range). */
const SUBNET = '198.18.160.0/24';
const POOL = '198.18.176.0/20';

/** podman writes here whatever it is told; another podman of the machine does so too. */
const SHARED_FOLDERS = ['/run/containers', '/run/netns', '/dev/shm'];
/** Words that run a command with folders of its own in their place, which are gone with it and its children. */
const OWN_FOLDERS = [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-ec'],
  `for folder in ${SHARED_FOLDERS.join(' ')}; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done; exec "$@"`,
  'podman',
];
/** The cgroup of its monitors, whose name cannot be chosen. */
const MONITORS = 'libpod_parent';

/** A running service. */
export class Podman extends Engine {
  #process: ChildProcess | undefined;

  private constructor(place: EnginePlace) {
    super(place, 'podman.sock');
  }

  /** Starts the service with the tests' images; it is ended by {@link stop}, or with this process. */
  static async start(): Promise<Podman> {
    const podman = new Podman(await makePlace('pod'));
    try {
      await podman.#launch(await podmanRoot());
      await podman.loadImages();
    } catch (error) {
      const log = readFileSync(join(podman.place.dir, 'log'), 'utf8').split('\n').slice(-20).join('\n');
      await podman.stop();
      throw new Error(`podman did not start: ${String(error)}\n${log}`, { cause: error });
    }
    return podman;
  }

  async #launch(root: string): Promise<void> {
    const { dir, name } = this.place;
    const config = join(dir, 'containers.conf');
    writeFileSync(config, await containersConf(root, dir, name));
    const home = join(dir, 'home');
    mkdirSync(home);
    // What it takes from /etc/containers elsewhere: any image may be run.
    const policy = join(home, '.config/containers');
    mkdirSync(policy, { recursive: true });
    writeFileSync(join(policy, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    const bin = join(root, 'usr/bin');
    const storage = [
      '--root',
      join(dir, 'root'),
      '--runroot',
      join(dir, 'run'),
      '--storage-driver',
      'overlay',
    ];
    const [file = '', ...args] = [
      ...['setpriv', '--pdeathsig', 'KILL', ...inside(this.place), ...OWN_FOLDERS, join(bin, 'podman')],
      ...[...storage, '--tmpdir', join(dir, 'tmp')],
      ...['system', 'service', '--time', '0', `unix://${this.socket}`],
    ];
    const log = openSync(join(dir, 'log'), 'a');
    const path = [bin, process.env['PATH']].join(delimiter);
    const env = { ...process.env, PATH: path, HOME: home, CONTAINERS_CONF: config };
    const child = spawn(file, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#process = child;
    await until('podman', 60, async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('it has ended');
      return (existsSync(this.socket) && (await this.tryDocker('version')).code === 0) || 'no answer';
    });
  }

  override async stop(): Promise<void> {
    await super.stop();
    removeCgroups(MONITORS);
  }

  protected override async end(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

async function containersConf(root: string, dir: string, name: string): Promise<string> {
  // Without CAP_SYS_RESOURCE no limit can be raised, as podman would by default; and it lowers that of processes itself.
  const [soft, hard] = (await run(['sh', '-c', 'ulimit -Sn; ulimit -Hn'])).trim().split('\n');
  return `[engine]
helper_binaries_dir = ["${join(root, 'usr/lib/podman')}"]
conmon_path = ["${join(root, 'usr/bin/conmon')}"]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"

[network]
network_backend = "netavark"
network_config_dir = "${join(dir, 'networks')}"
default_subnet = "${SUBNET}"
default_subnet_pools = [{"base" = "${POOL}", "size" = 24}]

[containers]
cgroup_parent = "/${name}"
default_ulimits = ["nofile=${soft}:${hard}", "nproc=1024:1024"]
`;
}
