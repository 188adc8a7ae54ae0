/** Whether a container ends since its program takes a variable of a Service for a setting of its own. */
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { type Complaint, parseComplaint, type SetVariable } from '../../parsers/complaint.ts';
import type { LinkTrouble, MisreadLink } from './misread-link.ts';
import {
  type FailedRun,
  failedRuns,
  type LinkVariable,
  likelyLink,
  linkVariables,
} from './prepare-link-variables.ts';

/** Pods of one workload end alike. */
const MOST_LOGS = 3;

/**
 * Nothing is asked of pods whose containers have not ended so. What may not be read is not looked at.
 * @param pods of one namespace
 * @param isMeant which containers count
 */
export async function linkTrouble(
  cluster: ClusterView,
  pods: readonly Pod[],
  isMeant: (container: string) => boolean = () => true,
): Promise<LinkTrouble> {
  const failed = pods.flatMap((pod) =>
    pod.spec?.enableServiceLinks === false
      ? []
      : failedRuns(pod, Date.now())
          .filter(({ container }) => isMeant(container))
          .map((run) => ({ pod, run })),
  );
  const [first] = failed;
  if (first === undefined) return {};
  const services = (await cluster.services(first.pod.metadata?.namespace ?? cluster.namespace)).value ?? [];
  const all = await Promise.all(
    failed
      .map(({ pod, run }) => ({ pod, run, variables: linkVariables(pod, run, services) }))
      .filter(({ variables }) => variables.length > 0)
      .slice(0, MOST_LOGS)
      .map((one) => troubleOf(cluster, one)),
  );
  return all.find(({ misread }) => misread) ?? all.find(({ suspected }) => suspected) ?? {};
}

interface Suspect {
  readonly pod: Pod;
  readonly run: FailedRun;
  readonly variables: readonly LinkVariable[];
}

async function troubleOf(cluster: ClusterView, { pod, run, variables }: Suspect): Promise<LinkTrouble> {
  const { namespace = cluster.namespace, name = '' } = pod.metadata ?? {};
  const { container } = run;
  const lookAt = async (isPrevious: boolean): Promise<Complaint<LinkVariable> | undefined> => {
    const place = { namespace, pod: name, container, isPrevious };
    return (await cluster.fromLog(place, (text) => parseComplaint(text, variables))).value;
  };
  const first = await lookAt(run.isPrevious);
  // Meanwhile the kubelet may have begun another one, which has said nothing yet.
  const isOver = first === undefined || first.about !== undefined || run.isPrevious;
  const complaint = isOver ? first : saidBy(first, await lookAt(true));
  const misread = complaint?.about && linkOf(pod, namespace, run, complaint.about);
  if (misread) return { misread };
  const likely = complaint?.isOfPort === false ? undefined : likelyLink(pod, run, variables);
  return likely === undefined ? {} : { suspected: linkOf(pod, namespace, run, likely) };
}

/** Of two runs alike: of the one before, the log may be gone. */
function saidBy<Known extends SetVariable>(one: Complaint<Known>, other = one): Complaint<Known> {
  return { ...one, ...other, isOfPort: one.isOfPort || other.isOfPort };
}

function linkOf(
  pod: Pod,
  namespace: string,
  { container, isPrevious, ended }: FailedRun,
  { service, name: variable, value }: LinkVariable,
): MisreadLink {
  return {
    namespace,
    pod: pod.metadata?.name ?? '',
    container,
    isPrevious,
    ended,
    service,
    variable,
    value,
    ...templatePart(pod),
  };
}

const TEMPLATES = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** A ReplicaSet is a Deployment's by the hash at the end of its name. */
function templatePart({ metadata }: Pod): { template?: string } {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  const hash = metadata?.labels?.['pod-template-hash'];
  if (owner === undefined) return {};
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { template: `deployment/${owner.name.slice(0, -hash.length - 1)}` };
  return TEMPLATES.includes(owner.kind) ? { template: `${owner.kind.toLowerCase()}/${owner.name}` } : {};
}
