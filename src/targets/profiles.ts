/**
 * The security profiles of a session, strongest first. The names and the field values are those of
 * `kubectl debug --profile` (KEP-1441) and of the Pod Security Standards that admit them.
 */
import type { EphemeralContainer } from '../model/kube-objects.ts';

export const PROFILES = ['netadmin', 'baseline', 'restricted'] as const;
export type Profile = (typeof PROFILES)[number];

/** The user of the image that needs no rights; any image runs as it, since it is a number. */
export const UNPRIVILEGED_ID = 65532;

/** What each profile is for, in a few words. */
export const PROFILE_TEXT: Readonly<Record<Profile, string>> = {
  netadmin: 'root with NET_ADMIN and NET_RAW: everything works',
  baseline: "root with the runtime's default capabilities: no firewall rules, no changes",
  restricted: `user ${UNPRIVILEGED_ID} without capabilities: no raw sockets, no capture`,
};

/** The container's security context for a profile. */
export function securityContext(profile: Profile): NonNullable<EphemeralContainer['securityContext']> {
  switch (profile) {
    case 'netadmin':
      // A pod may ask for a non-root user for all its containers; the capabilities would then not be effective.
      return { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] }, runAsUser: 0, runAsNonRoot: false };
    case 'baseline':
      return { runAsUser: 0, runAsNonRoot: false };
    case 'restricted':
      return {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        runAsUser: UNPRIVILEGED_ID,
        runAsGroup: UNPRIVILEGED_ID,
        seccompProfile: { type: 'RuntimeDefault' },
      };
  }
}
