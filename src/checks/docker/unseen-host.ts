/** Why the host's side of a container is not looked at, or not all of it. Pure. */
import type { ProfileChoice } from '../../model/args.ts';

/** Why some rules say nothing of a host on which podman has its own. */
export const PODMANS_RULES = "podman's rules differ from Docker's and are not supported yet";

/** Why the host's side is not even tried; `undefined`: it is. */
export function withoutRights(profile: ProfileChoice): string | undefined {
  return profile === 'restricted' || profile === 'baseline'
    ? `reading the host's rules needs NET_ADMIN, which --profile ${profile} does not give`
    : undefined;
}
