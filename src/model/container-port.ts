/** Ports of containers on the machine that the target is. */

/** A container that has the port of a DEST, which is this machine's; plain JSON. */
export interface ContainerPort {
  readonly container: string;
  /** As the engine calls it: `running`, `exited`, … */
  readonly state: string;
  /** Of one that runs, in its first network; absent where it has none. */
  readonly address?: string;
  /** In the container. */
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /**
   * How it has the port. `listens`: a program in it does. `loopback`: one does, on its own loopback address alone. `exposed`:
   * its image or docker run names it. `published`: it leads there from the host, by its settings.
   */
  readonly by: 'listens' | 'loopback' | 'exposed' | 'published';
  /** Where on the host its port is published: `0.0.0.0:8080`. */
  readonly published: readonly string[];
}
