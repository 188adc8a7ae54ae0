/** Why a name of a pod behind a headless Service is not there, as far as the API says. */
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Pod, Service } from '../../model/kube-objects.ts';
import type { AbsenceReason } from './facts.ts';

const because = (text: string): AbsenceReason => ({ text, isUnready: false });

/** The name's parts: `db-1.db`, `db-1.db.shop`, `db-1.db.shop.svc…`, in lower case. */
const POD_NAME = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\..+)?)?)?\.?$/;

/** By name; names of which the API says nothing of use are missing. */
export async function reasonsOf(
  cluster: ClusterView,
  own: string,
  names: readonly string[],
): Promise<Record<string, AbsenceReason>> {
  const found = await Promise.all(names.map((name) => reasonOf(cluster, own, name)));
  return Object.fromEntries(names.flatMap((name, i) => (found[i] === undefined ? [] : [[name, found[i]]])));
}

async function reasonOf(
  cluster: ClusterView,
  own: string,
  asked: string,
): Promise<AbsenceReason | undefined> {
  const [, podName, serviceName, namespace = own] = POD_NAME.exec(asked.toLowerCase()) ?? [];
  if (podName === undefined || serviceName === undefined) return undefined;
  // Of another namespace only where there is one: as good as always it is a host on the internet.
  if (namespace !== own && !(await cluster.namespaceObject(namespace)).value) return undefined;
  const service = (await cluster.service(namespace, serviceName)).value;
  if (service === undefined) return undefined;
  const pod = (await cluster.pod(namespace, podName)).value;
  if (!pod) return service === null || pod === undefined ? undefined : noPod(podName, namespace);
  return service === null ? noService(pod, serviceName) : ofPod(pod, service);
}

function noPod(name: string, namespace: string): AbsenceReason {
  return because(`there is no pod ${name} in ${namespace}`);
}

function noService({ metadata, spec }: Pod, service: string): AbsenceReason | undefined {
  return spec?.subdomain === service
    ? because(
        `pod ${metadata?.name} has the subdomain ${service} (serviceName of its StatefulSet), but no Service of that name exists to publish it`,
      )
    : undefined;
}

/** The DNS of a cluster has a record of a pod where its hostname and subdomain are set and it is an endpoint. */
function ofPod({ metadata, spec, status }: Pod, service: Service): AbsenceReason | undefined {
  const name = metadata?.name ?? '';
  const serviceName = service.metadata?.name ?? '';
  if (spec?.subdomain !== serviceName) {
    return because(
      spec?.subdomain === undefined
        ? `pod ${name} has no subdomain (a StatefulSet sets it from serviceName), so it has no DNS name of its own`
        : `pod ${name} has the subdomain ${spec.subdomain}, so its name is ${spec.hostname ?? name}.${spec.subdomain}`,
    );
  }
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.some(([key, value]) => metadata?.labels?.[key] !== value))
    return because(`the selector of Service ${serviceName} does not match pod ${name}`);
  const isReady = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
  return isReady || service.spec?.publishNotReadyAddresses === true
    ? undefined
    : {
        text: `pod ${name} is not ready, and Service ${serviceName} publishes only ready pods (publishNotReadyAddresses is not set)`,
        isUnready: true,
      };
}
