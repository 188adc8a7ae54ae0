/** Whether a mesh's proxy of a pod takes connections that are not of the mesh: Istio's PeerAuthentications. Pure. */
import type { PeerAuthentication } from '../../model/peer-authentication.ts';

/** Where policies for the whole mesh are, unless somebody has set meshConfig.rootNamespace. */
export const ROOT_NAMESPACE = 'istio-system';

/** A pod of the mesh that a target outside of it asks. */
export interface MeshWay {
  /** `pod web-0`, with what shows that it is of the mesh: `its container istio-proxy`. */
  readonly pod: string;
  readonly sign: string;
  readonly namespace: string;
  /** The PeerAuthentication that decides, and of what it is. */
  readonly by?: { readonly name: string; readonly namespace: string; readonly level: Level };
  /** What it says of the port; `unknown`: they may not be read. */
  readonly mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'unknown';
  /** Why it is not known. */
  readonly unread?: string;
}

type Level = 'workload' | 'namespace' | 'mesh';

interface Workload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: string;
}

/** Modes that decide: UNSET, and what is not there, leave it to the next wider one. */
const MODES = ['STRICT', 'PERMISSIVE', 'DISABLE'] as const;
type Mode = (typeof MODES)[number];

/**
 * The mode of a port by the rules of Istio: the policy of the workload before that of its namespace, that before that of the
 * mesh; of several of one level the oldest. Without any it is PERMISSIVE.
 */
export function modeOf(
  workload: Workload,
  policies: readonly PeerAuthentication[],
): Pick<MeshWay, 'by'> & { readonly mode: Mode } {
  for (const level of ['workload', 'namespace', 'mesh'] as const) {
    const [first] = policies.filter((one) => levelOf(one, workload) === level).sort(byAge);
    if (first === undefined) continue;
    const { mtls, portLevelMtls } = first.spec ?? {};
    const ofPort = level === 'workload' ? portLevelMtls?.[workload.port]?.mode : undefined;
    const mode = known(ofPort) ?? known(mtls?.mode);
    const { name = '', namespace = '' } = first.metadata ?? {};
    if (mode !== undefined) return { mode, by: { name, namespace, level } };
  }
  return { mode: 'PERMISSIVE' };
}

function known(mode: string | undefined): Mode | undefined {
  return MODES.find((one) => one === mode);
}

/** Of what the policy is for this workload; `undefined`: of others. */
function levelOf({ metadata, spec }: PeerAuthentication, { namespace, labels }: Workload): Level | undefined {
  const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
  if (metadata?.namespace === namespace) {
    if (wanted.length > 0)
      return wanted.every(([key, value]) => labels[key] === value) ? 'workload' : undefined;
    return namespace === ROOT_NAMESPACE ? 'mesh' : 'namespace';
  }
  return metadata?.namespace === ROOT_NAMESPACE && wanted.length === 0 ? 'mesh' : undefined;
}

function byAge(a: PeerAuthentication, b: PeerAuthentication): number {
  const [one, other] = [a, b].map(({ metadata }) => metadata?.creationTimestamp ?? '');
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
