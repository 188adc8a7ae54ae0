/** A name server on the Docker host of the tests: CoreDNS, as the test cluster builds it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binDir } from '../cluster/paths.ts';
import { attempt, until } from '../cluster/proc.ts';
import type { Engine } from './engine.ts';
import { inside } from './place.ts';

/** A name that it knows, and its address. */
export const KNOWN_NAME = { name: 'known.test', address: '198.18.128.77' } as const;

/** Answers on every address of the engine's namespace, or on one, until it is stopped, or this process ends. */
export class NameServer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start({ place }: Pick<Engine, 'place'>, address?: string): Promise<NameServer> {
    const corefile = join(place.dir, 'Corefile');
    writeFileSync(
      corefile,
      `.:53 {
${address === undefined ? '' : `  bind ${address}\n`}  template IN A ${KNOWN_NAME.name} {
    answer "{{ .Name }} 60 IN A ${KNOWN_NAME.address}"
    fallthrough
  }
  template IN AAAA ${KNOWN_NAME.name} {
    rcode NOERROR
    fallthrough
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`,
    );
    const [file = '', ...args] = [
      ...['setpriv', '--pdeathsig', 'KILL', ...inside(place)],
      ...[join(binDir('coredns'), 'coredns'), '-conf', corefile],
    ];
    const child = spawn(file, args, { stdio: 'ignore' });
    await until('the name server', 60, async () => {
      if (child.exitCode !== null) throw new Error('it has ended');
      const at = address === undefined ? [] : ['src', address];
      const listening = await attempt([...inside(place), 'ss', '-Hlun', 'sport', '=', ':53', ...at]);
      return listening.stdout !== '' || 'nobody listens on port 53';
    });
    return new NameServer(child);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
