/** Why the host's side of a container is not even tried; `undefined`: it is. Pure. */
import type { ProfileChoice } from '../../model/args.ts';

export function unseenHost(
  engine: { readonly isPodman: boolean },
  profile: ProfileChoice,
): string | undefined {
  if (engine.isPodman) return "podman's rules differ from Docker's and are not supported yet";
  return profile === 'restricted' || profile === 'baseline'
    ? `reading the host's rules needs NET_ADMIN, which --profile ${profile} does not give`
    : undefined;
}
