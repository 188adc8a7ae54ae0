/** Which of the API server's configurations lead to the servers of a run, and what they trust: as the API says. */
import { servicePort } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ApiCalleeKind, ApiCallees, ClientConfig } from '../../model/api-callees.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import { type Unread, unreadPart } from '../shared/unread.ts';
import type { Caller, TlsServer } from './facts.ts';

/** Of one server, by the id of its destination. */
export interface Callers {
  readonly of: Readonly<Record<string, readonly Caller[]>>;
  readonly unread: ReturnType<typeof unreadPart>;
}

/** A Service's port, as a configuration names it. */
interface Called {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** The port of a configuration that names none. */
const DEFAULT_PORT = 443;

/** Of servers that are asked for a Service's name, the one that the API server uses. Nothing is asked where there is none. */
export async function callersOf(
  { cluster }: Subject,
  servers: readonly TlsServer[],
): Promise<Callers | undefined> {
  if (cluster === undefined) return undefined;
  const found = await Promise.all(
    servers.map(async (server) => ({ id: server.destination.id, called: await calledOf(cluster, server) })),
  );
  const known = found.flatMap(({ id, called }) => (called === undefined ? [] : [{ id, called }]));
  if (known.length === 0) return undefined;
  const lists = await cluster.apiCallees();
  const callers = lists.flatMap(({ kind, found: part }) =>
    (part.value?.items ?? []).flatMap((one) => callersIn(kind, one)),
  );
  return {
    of: Object.fromEntries(
      known.map(({ id, called }) => [
        id,
        callers.flatMap(({ service, caller }) => (isOf(called, service) ? [caller] : [])),
      ]),
    ),
    unread: unreadPart(lists.flatMap(unreadOf)),
  };
}

/** What the user may not read is no news; what failed is. */
function unreadOf({
  kind,
  found,
}: Awaited<ReturnType<ClusterView['apiCallees']>>[number]): readonly Unread[] {
  const what = `whether the API server trusts it, by each ${kind} (NT-TLS-009)`;
  if (found.failed !== undefined) return [{ what, reason: found.failed }];
  return found.value?.isWhole === false
    ? [{ what, reason: `there are more than ${found.value.items.length} of them` }]
    : [];
}

async function calledOf(cluster: ClusterView, { destination, sni }: TlsServer): Promise<Called | undefined> {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc$/.exec(sni) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  // It calls itself by other means (client-go, NewDefaultAuthenticationInfoResolverWrapper).
  if (name === 'kubernetes' && namespace === 'default') return undefined;
  const { ref, port } = destination;
  if (ref?.kind !== 'service') return { namespace, name, port: Number(port) };
  const service = (await cluster.service(ref.namespace, ref.name)).value;
  const own = service ? servicePort(service, ref.port, 'tcp')?.port : undefined;
  const asked = own ?? Number(port);
  return ref.name === name && ref.namespace === namespace ? { namespace, name, port: asked } : undefined;
}

function isOf({ namespace, name, port }: Called, service: NonNullable<ClientConfig['service']>): boolean {
  return service.namespace === namespace && service.name === name && (service.port ?? DEFAULT_PORT) === port;
}

interface FoundCaller {
  readonly service: NonNullable<ClientConfig['service']>;
  readonly caller: Caller;
}

/** Those of an object that are called by a Service, and at all. */
function callersIn(kind: ApiCalleeKind, one: ApiCallees): FoundCaller[] {
  const base = { kind, name: one.metadata?.name ?? '', ...injectorPart(one) };
  const called = (config: ClientConfig | undefined, more: Partial<Caller> = {}): FoundCaller[] =>
    config?.service ? [{ service: config.service, caller: { ...base, ...more, ...bundlePart(config) } }] : [];
  if (kind === 'APIService') return one.spec?.insecureSkipTLSVerify === true ? [] : called(one.spec);
  if (kind === 'CustomResourceDefinition') {
    const { conversion } = one.spec ?? {};
    return conversion?.strategy === 'Webhook' && isConverted(one)
      ? called(conversion.webhook?.clientConfig)
      : [];
  }
  return (one.webhooks ?? []).flatMap(({ name, clientConfig, failurePolicy, rules }) =>
    (rules ?? []).length === 0
      ? []
      : called(clientConfig, {
          webhook: name,
          ...(failurePolicy === 'Ignore' ? { isIgnored: true as const } : {}),
        }),
  );
}

/** Of one version alone there is nothing to convert. */
function isConverted({ spec, status }: ApiCallees): boolean {
  const served = (spec?.versions ?? []).filter((one) => one.served !== false).map(({ name }) => name);
  return new Set([...served, ...(status?.storedVersions ?? [])]).size > 1;
}

function bundlePart({ caBundle }: ClientConfig): Pick<Caller, 'bundle'> {
  return caBundle ? { bundle: Buffer.from(caBundle, 'base64').toString('latin1') } : {};
}

/** https://cert-manager.io/docs/concepts/ca-injector/; OpenShift's service CA operator has the other. */
const INJECTORS = [
  ['cert-manager', /^cert-manager\.io\/inject-(?:ca-from|ca-from-secret|apiserver-ca)$/],
  ['OpenShift', /^service\.(?:beta|alpha)\.openshift\.io\/inject-cabundle$/],
] as const;

function injectorPart({ metadata }: ApiCallees): Pick<Caller, 'injector'> {
  const keys = Object.keys(metadata?.annotations ?? {});
  const found = INJECTORS.find(([, pattern]) => keys.some((key) => pattern.test(key)));
  return found === undefined ? {} : { injector: found[0] };
}
