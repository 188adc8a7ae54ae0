/** What to do about an image that a node could not pull, as far as the kubelet's words tell why. Pure. */

import { AIR_GAPPED_PAGE } from '../model/documentation.ts';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from './identity.ts';

/** What containerd, CRI-O and registries say when credentials are missing, wrong, or not good for this image. */
const UNAUTHORIZED =
  /\b40[13] (?:Unauthorized|Forbidden)|unauthorized|authentication required|authorization failed|no basic auth credentials|pull access denied|requested access to the resource is denied/i;
/** What they say when there is no registry to talk to, as on a node without a way to the internet. */
const UNREACHABLE =
  /no such host|i\/o timeout|connection refused|network is unreachable|no route to host|Client\.Timeout|context deadline exceeded/i;

/**
 * One sentence for the user; `undefined` for any other failure.
 * @param text the kubelet's message
 * @param pod the pod whose container it is
 */
export function pullHint(text: string, pod: Pod, container: string): string | undefined {
  if (!/pull/i.test(text)) return undefined;
  if (UNAUTHORIZED.test(text)) {
    const isOurs = pod.spec?.containers.some(({ name }) => name === container) === true;
    return isOurs ? forOwnPod(pod) : forEphemeral(pod);
  }
  return UNREACHABLE.test(text)
    ? `Name a registry that the node reaches with --mirror, or an image with --image; see ${AIR_GAPPED_PAGE}.`
    : undefined;
}

/** A pod that the tool creates gets the Secret that the user names. */
function forOwnPod(pod: Pod): string {
  const { namespace } = identityOf(pod);
  const secrets = secretsOf(pod);
  return secrets.length === 0
    ? `If it is private, name a Secret of namespace "${namespace}" that has its credentials with --pull-secret.`
    : `If it is private: the Secret ${secrets.join(', ')} of namespace "${namespace}" is missing or has no valid credentials for it.`;
}

/** A running pod takes no pull secret: what counts is what it was created with. */
function forEphemeral(pod: Pod): string {
  const { namespace } = identityOf(pod);
  const secrets = secretsOf(pod);
  const account = pod.spec?.serviceAccountName ?? 'default';
  const instead = '--image or --mirror names one that its node can pull';
  return secrets.length === 0
    ? `If it is private: the pod has no imagePullSecrets, and gets them only when it is created, from its spec or from ServiceAccount "${account}" of namespace "${namespace}"; ${instead}.`
    : `If it is private: the pod's imagePullSecrets (${secrets.join(', ')}) have no valid credentials for it; add them to that Secret of namespace "${namespace}", or ${instead}.`;
}

function secretsOf(pod: Pod): string[] {
  return (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []);
}
