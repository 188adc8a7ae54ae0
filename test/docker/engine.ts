/** An engine that speaks Docker's API, as tests see it: Docker's own or podman. */
import { join } from 'node:path';
import { ensureImages } from '../cluster/images.ts';
import { attempt, run } from '../cluster/proc.ts';
import { dockerRoot } from './packages.ts';
import { type EnginePlace, inside, removePlace } from './place.ts';

/** The images of the test cluster that an engine is given. */
export const TOOLS_IMAGE = 'localhost/nettools:dev';
export const APP_IMAGE = 'localhost/app:1';

/** A running engine. */
export abstract class Engine {
  readonly place: EnginePlace;
  readonly socket: string;

  constructor(place: EnginePlace, socketName: string) {
    this.place = place;
    this.socket = join(place.dir, socketName);
  }

  /** Environment in which a client finds this engine. */
  get env(): { readonly DOCKER_HOST: string } {
    return { DOCKER_HOST: `unix://${this.socket}` };
  }

  /** Runs the docker command against this engine; resolves to its stdout. */
  async docker(...args: readonly string[]): Promise<string> {
    return run([await docker(), ...args], { env: { ...process.env, ...this.env } });
  }

  /** The same where a failure is an answer. */
  protected async tryDocker(...args: readonly string[]): ReturnType<typeof attempt> {
    return attempt([await docker(), ...args], { env: { ...process.env, ...this.env } });
  }

  /** Starts a container in the background and resolves to its id. @param args docker run's flags, image and command */
  async run(name: string, ...args: readonly string[]): Promise<string> {
    return (await this.docker('run', '--detach', '--name', name, ...args)).trim();
  }

  /** Runs a command in the engine's own network namespace: on the Docker host. */
  onHost(...argv: readonly string[]): Promise<string> {
    return run([...inside(this.place), ...argv]);
  }

  /** Ids of the containers that sessions have made, started or not. */
  sessions(): Promise<string[]> {
    return this.sessionIds('--all');
  }

  /** Of those, the ones that run. */
  runningSessions(): Promise<string[]> {
    return this.sessionIds();
  }

  private async sessionIds(...flags: readonly string[]): Promise<string[]> {
    const text = await this.docker('ps', ...flags, '--quiet', '--filter', 'label=kubectl-nettools.session');
    return text.split('\n').filter((id) => id !== '');
  }

  /** Removes the container and the network of this name, where they are. */
  async removed(name: string): Promise<void> {
    await this.tryDocker('rm', '--force', '--volumes', name);
    await this.tryDocker('network', 'rm', name);
  }

  /** Gives it the images of the tests. */
  protected async loadImages(): Promise<void> {
    for (const { name, archive } of await ensureImages()) {
      if (name === TOOLS_IMAGE || name === APP_IMAGE) await this.docker('load', '--input', archive);
    }
  }

  /** Removes all containers, ends the engine and takes everything that is its own off the machine. */
  async stop(): Promise<void> {
    const ids = (await this.tryDocker('ps', '--all', '--quiet')).stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.tryDocker('rm', '--force', '--volumes', ...ids);
    await this.end();
    await removePlace(this.place);
  }

  /** Ends the engine's own process. */
  protected abstract end(): Promise<void>;
}

async function docker(): Promise<string> {
  return join(await dockerRoot(), 'usr/bin/docker');
}
