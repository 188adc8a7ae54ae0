/** Network namespaces that a test makes on this machine: one to look into, and the router that it has behind its link. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binDir } from '../../cluster/paths.ts';
import { attempt, run, until } from '../../cluster/proc.ts';

/** A host behind the router, which answers on UDP and TCP 53 as the router does. */
export const FAR = '203.0.113.1';
export const GATEWAY = '192.0.2.129';
export const ADDRESS = '192.0.2.130';

/** Every name that ends so exists. */
const ZONE = 'example.test';

/** The two namespaces, with a name server in the router; the subject's own resolv.conf in /etc/netns names it. */
export class Lab {
  readonly name = `ntlab-${randomBytes(3).toString('hex')}`;
  readonly router = `${this.name}-r`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nettools-lab-'));
  readonly #files = join('/etc/netns', this.name);
  #server: ChildProcess | undefined;

  static async make(): Promise<Lab> {
    const lab = new Lab();
    try {
      await lab.#make();
    } catch (error) {
      await lab.remove();
      throw error;
    }
    return lab;
  }

  async #make(): Promise<void> {
    await run(['ip', 'netns', 'add', this.name]);
    await run(['ip', 'netns', 'add', this.router]);
    await run(`ip -n ${this.name} link add eth0 type veth peer name eth0 netns ${this.router}`.split(' '));
    for (const netns of [this.name, this.router]) {
      for (const link of ['lo', 'eth0']) await run(['ip', '-n', netns, 'link', 'set', link, 'up']);
    }
    await this.inRouter('ip', 'addr', 'add', `${GATEWAY}/28`, 'dev', 'eth0');
    await this.inRouter('ip', 'addr', 'add', `${FAR}/32`, 'dev', 'lo');
    await this.inside('ip', 'addr', 'add', `${ADDRESS}/28`, 'dev', 'eth0');
    await this.inside('ip', 'route', 'add', 'default', 'via', GATEWAY);
    mkdirSync(this.#files, { recursive: true });
    writeFileSync(join(this.#files, 'resolv.conf'), `nameserver ${GATEWAY}\n`);
    await this.#serveNames();
  }

  async #serveNames(): Promise<void> {
    const config = join(this.#folder, 'Corefile');
    const any = `template IN A ${ZONE} {\n answer "{{ .Name }} 60 IN A ${FAR}"\n }`;
    writeFileSync(config, `.:53 {\n ${any}\n template ANY ANY {\n rcode NXDOMAIN\n }\n}\n`);
    const words = [`--net=/run/netns/${this.router}`, join(binDir('coredns'), 'coredns'), '-conf', config];
    this.#server = spawn('nsenter', words, { stdio: 'ignore' });
    await until('the name server', 60, async () => {
      const { stdout } = await attempt(['ip', 'netns', 'exec', this.router, 'ss', '-Hlnut', 'sport = :53']);
      return (stdout.includes('udp') && stdout.includes('tcp')) || 'it does not listen';
    });
  }

  /** Runs a command in the subject. */
  inside(...argv: readonly string[]): Promise<string> {
    return run(['nsenter', `--net=/run/netns/${this.name}`, ...argv]);
  }

  inRouter(...argv: readonly string[]): Promise<string> {
    return run(['nsenter', `--net=/run/netns/${this.router}`, ...argv]);
  }

  async remove(): Promise<void> {
    this.#server?.kill('SIGKILL');
    for (const netns of [this.name, this.router]) await attempt(['ip', 'netns', 'delete', netns]);
    rmSync(this.#files, { recursive: true, force: true });
    try {
      rmdirSync('/etc/netns');
    } catch {
      // It was never made, or somebody else has files there.
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
