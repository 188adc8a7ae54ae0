/** How the engine is made to write its rules on the host again. Pure. */
import { type Advice, advice, verbatim } from '../../model/advice.ts';
import type { DockerInput } from './facts.ts';

/** Those of one container. */
export function writeAgain({ isPodman, container }: DockerInput): Advice {
  return isPodman === true
    ? advice`Reloading or flushing a firewall (firewall-cmd --reload) removes podman's rules, and podman does not notice. On the host, let it write those of the container again (with --all those of every one). firewalld 2.0 with netavark 1.9 and newer: systemctl enable netavark-firewalld-reload does so each time.\n${verbatim`podman network reload ${container}`}`
    : advice`Reloading or flushing a firewall removes the rule. On the Docker host, restart the container to write it again (systemctl restart docker does so for all containers).\n${verbatim`docker restart ${container}`}`;
}

/** Those of all containers, where the policy of a chain decides. */
export function writeAllAgain({ isPodman }: DockerInput, chain: string): Advice {
  const decides = `No rule before the policy of ${chain} accepts these packets`;
  return isPodman === true
    ? advice`${decides}: podman's own rules are gone, as after a firewall was reloaded or flushed. On the host, let podman write them again.\n${verbatim`podman network reload --all`}`
    : advice`${decides}: Docker's own rules are gone, as after a firewall was reloaded or flushed. On the Docker host, restart Docker to write them again.\n${verbatim`systemctl restart docker`}`;
}
