/**
 * A gateway that does what Ingresses and HTTPRoutes say, as their specifications have it, and knows nothing of the code under
 * test: it reads the API anew for each request. Run in a pod's network namespace: `node gateway.ts CLASS GATEWAY`, with the
 * IngressClass and `NAMESPACE/NAME` of the Gateway that it serves. It listens on port 8080, and on 8443 with TLS.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request } from 'node:https';
import { createSecureContext } from 'node:tls';
import { apiServiceAddress } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';

const [ingressClass = '', gatewayName = ''] = process.argv.slice(2);

interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Backend {
  readonly name: string;
  readonly port: number | string;
  readonly namespace: string;
  /** The namespace of what names it, where that is a route. */
  readonly from?: string;
}

/** What an answer is made of: where to go on, or a status. */
type Choice = Backend | number;

interface Ingress {
  readonly metadata: Meta;
  readonly spec: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: IngressBackend;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly IngressPath[] };
    }[];
    readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
  };
}

interface IngressBackend {
  readonly service: {
    readonly name: string;
    readonly port: { readonly number?: number; readonly name?: string };
  };
}

interface IngressPath {
  readonly path?: string;
  readonly pathType: string;
  readonly backend: IngressBackend;
}

interface HttpRoute {
  readonly metadata: Meta;
  readonly spec: {
    readonly parentRefs?: readonly { readonly name: string; readonly namespace?: string }[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly {
      readonly matches?: readonly {
        readonly path?: { readonly type: string; readonly value: string };
        readonly headers?: readonly { readonly name: string; readonly value: string }[];
      }[];
      readonly backendRefs?: readonly {
        readonly name: string;
        readonly namespace?: string;
        readonly port: number;
        readonly weight?: number;
      }[];
    }[];
  };
}

interface Gateway {
  readonly metadata: Meta;
  readonly spec: {
    readonly listeners: readonly {
      readonly port: number;
      readonly hostname?: string;
      readonly tls?: {
        readonly certificateRefs: readonly { readonly name: string; readonly namespace?: string }[];
      };
      readonly allowedRoutes?: { readonly namespaces?: { readonly from?: string } };
    }[];
  };
}

/** `undefined`: it is not there. */
function api<T>(path: string): Promise<T | undefined> {
  return new Promise((done, fail) => {
    const call = request(
      {
        host: apiServiceAddress,
        path,
        ca: readFileSync(certificate('ca')),
        cert: readFileSync(certificate('admin')),
        key: readFileSync(privateKey('admin')),
        timeout: 5000,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => done(response.statusCode === 200 ? (JSON.parse(body) as T) : undefined));
      },
    );
    call.on('error', fail);
    call.end();
  });
}

async function items<T>(path: string): Promise<readonly T[]> {
  return (await api<{ items: T[] }>(path))?.items ?? [];
}

function hostFits(pattern: string | undefined, host: string, levels: 'one' | 'any'): boolean {
  if (pattern === undefined || pattern === '') return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  const rest = host.slice(0, -pattern.length + 1);
  return host.endsWith(pattern.slice(1)) && rest !== '' && (levels === 'any' || !rest.includes('.'));
}

function prefixFits(prefix: string, path: string): boolean {
  const bare = prefix.replace(/\/$/, '');
  return path === bare || path.startsWith(`${bare}/`);
}

async function byIngress(host: string, path: string): Promise<Choice | undefined> {
  const all = await items<Ingress>('/apis/networking.k8s.io/v1/ingresses');
  // A canary gets what is marked for it, and nobody marks anything here.
  const own = all.filter(
    ({ metadata, spec }) =>
      spec.ingressClassName === ingressClass &&
      metadata.annotations?.['nginx.ingress.kubernetes.io/canary'] !== 'true',
  );
  const found = own.flatMap(({ metadata, spec }) =>
    (spec.rules ?? [])
      .filter((rule) => hostFits(rule.host, host, 'one'))
      .flatMap((rule) =>
        (rule.http?.paths ?? []).map((one) => ({ ...one, metadata, host: rule.host ?? '' })),
      ),
  );
  const fitting = found
    .filter((one) => (one.pathType === 'Exact' ? one.path === path : prefixFits(one.path ?? '/', path)))
    .sort(
      (a, b) =>
        b.host.replace('*', '').length - a.host.replace('*', '').length ||
        (b.path ?? '').length - (a.path ?? '').length ||
        Number(b.pathType === 'Exact') - Number(a.pathType === 'Exact'),
    );
  const fallback = own.find(({ spec }) => spec.defaultBackend !== undefined);
  const backend = fitting[0]?.backend ?? fallback?.spec.defaultBackend;
  const namespace = fitting[0]?.metadata.namespace ?? fallback?.metadata.namespace;
  if (backend === undefined || namespace === undefined) return undefined;
  const { name, port } = backend.service;
  return { name, port: port.number ?? port.name ?? '', namespace };
}

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

async function byRoute({ host, path, headers }: Asked): Promise<Choice | undefined> {
  const [namespace = '', name = ''] = gatewayName.split('/');
  const base = '/apis/gateway.networking.k8s.io/v1';
  const gateway = await api<Gateway>(`${base}/namespaces/${namespace}/gateways/${name}`);
  const routes = gateway === undefined ? [] : await items<HttpRoute>(`${base}/httproutes`);
  const listeners = gateway?.spec.listeners ?? [];
  const attached = routes.filter(({ metadata, spec }) => {
    const isMeant = spec.parentRefs?.some(
      (ref) => ref.name === name && (ref.namespace ?? metadata.namespace) === namespace,
    );
    const open = listeners.filter(
      (one) =>
        one.allowedRoutes?.namespaces?.from === 'All' || metadata.namespace === gateway?.metadata.namespace,
    );
    const hosts = spec.hostnames ?? [''];
    return (
      isMeant === true &&
      open.some(({ hostname }) => hostFits(hostname, host, 'any')) &&
      hosts.some((one) => hostFits(one, host, 'any'))
    );
  });
  for (const { metadata, spec } of attached) {
    const rule = (spec.rules ?? []).find(({ matches }) =>
      (matches ?? [{}]).some(
        ({ path: wanted = { type: 'PathPrefix', value: '/' }, headers: needed = [] }) =>
          needed.every(({ name: header, value }) => headers[header.toLowerCase()] === value) &&
          (wanted.type === 'Exact' ? wanted.value === path : prefixFits(wanted.value, path)),
      ),
    );
    const [ref] = (rule?.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0);
    if (rule === undefined) continue;
    if (ref === undefined) return 500;
    return { ...ref, namespace: ref.namespace ?? metadata.namespace, from: metadata.namespace };
  }
  return undefined;
}

interface Grant {
  readonly spec: { readonly from: readonly { readonly namespace: string; readonly kind: string }[] };
}

/** Where a connection goes, or the status that there is instead. */
async function endpointOf({
  name,
  port,
  namespace,
  from,
}: Backend): Promise<{ host: string; port: number } | number> {
  if (from !== undefined && from !== namespace) {
    if (!(await isGranted('HTTPRoute', from, namespace))) return 500;
  }
  const none = from === undefined ? 503 : 500;
  const service = await api<{
    spec: { ports?: readonly { name?: string; port: number }[]; type?: string };
  }>(`/api/v1/namespaces/${namespace}/services/${name}`);
  const own = service?.spec.ports?.find((one) => one.port === port || one.name === port);
  if (own === undefined) return none;
  const slices = await items<{
    ports?: readonly { name?: string; port: number }[] | null;
    endpoints?: readonly { addresses: readonly string[]; conditions: { ready?: boolean } }[];
  }>(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io/service-name=${name}`,
  );
  for (const slice of slices) {
    const target = (slice.ports ?? []).find((one) => (one.name ?? '') === (own.name ?? ''));
    const [ready] = (slice.endpoints ?? []).filter(({ conditions }) => conditions.ready !== false);
    const [host] = ready?.addresses ?? [];
    if (target !== undefined && host !== undefined) return { host, port: target.port };
  }
  return 503;
}

async function serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const host = (asked.headers.host ?? '').replace(/:\d+$/, '');
  const path = (asked.url ?? '/').replace(/\?.*$/, '');
  const choice =
    (await byIngress(host, path)) ?? (await byRoute({ host, path, headers: asked.headers })) ?? 404;
  const to = typeof choice === 'number' ? choice : await endpointOf(choice);
  if (typeof to === 'number') {
    answer.writeHead(to).end(`gateway: ${to}\n`);
    return;
  }
  const call = requestHttp({ ...to, path: '/', method: asked.method, timeout: 3000 }, (got) => {
    answer.writeHead(got.statusCode ?? 502);
    got.pipe(answer);
  });
  call.on('timeout', () => call.destroy());
  call.on('error', () => answer.writeHead(502).end('gateway: 502\n'));
  call.end();
}

/** The certificate of an Ingress that has the name, as long as its Secret is there. */
async function certificateOf(name: string): Promise<Pair | undefined> {
  const all = await items<Ingress>('/apis/networking.k8s.io/v1/ingresses');
  for (const { metadata, spec } of all.filter((one) => one.spec.ingressClassName === ingressClass)) {
    const { secretName } = spec.tls?.find(({ hosts }) => hosts?.includes(name)) ?? {};
    if (secretName === undefined) continue;
    const own = await certificateIn(metadata.namespace, secretName);
    if (own !== undefined) return own;
  }
  return undefined;
}

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function certificateIn(namespace: string, name: string): Promise<Pair | undefined> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const secret = await api<{ data: Record<string, string> }>(path);
  const [cert, key] = ['tls.crt', 'tls.key'].map((file) => secret?.data[file]);
  return cert === undefined || key === undefined
    ? undefined
    : { cert: Buffer.from(cert, 'base64'), key: Buffer.from(key, 'base64') };
}

/** Of the Gateway's first listener with TLS. `none`: it has one and may not have its certificate, and takes no connection. */
async function listenerCertificate(): Promise<Pair | 'none' | undefined> {
  const [own = '', name = ''] = gatewayName.split('/');
  const base = '/apis/gateway.networking.k8s.io/v1';
  const gateway = await api<Gateway>(`${base}/namespaces/${own}/gateways/${name}`);
  const ref = gateway?.spec.listeners.flatMap(({ tls }) => tls?.certificateRefs ?? [])[0];
  if (ref === undefined) return undefined;
  const { namespace = own } = ref;
  if (namespace !== own && !(await isGranted('Gateway', own, namespace))) return 'none';
  return (await certificateIn(namespace, ref.name)) ?? 'none';
}

/** Whether objects of a kind in one namespace may name what is in another. */
async function isGranted(kind: string, from: string, to: string): Promise<boolean> {
  const base = `/apis/gateway.networking.k8s.io/v1beta1/namespaces/${to}/referencegrants`;
  const grants = await items<Grant>(base);
  return grants.some(({ spec }) => spec.from.some((one) => one.namespace === from && one.kind === kind));
}

const handle = (asked: IncomingMessage, answer: ServerResponse): void => {
  serve(asked, answer).catch(() => answer.writeHead(500).end());
};
const fallback = {
  cert: readFileSync(certificate('node1-serving')),
  key: readFileSync(privateKey('node1-serving')),
};
createServer(handle).listen(8080);
createTlsServer(
  {
    ...fallback,
    SNICallback: (name, done) => {
      (async () => (await certificateOf(name)) ?? (await listenerCertificate()) ?? fallback)().then(
        (own) => {
          if (own === 'none') done(new Error('no certificate'));
          else done(null, createSecureContext(own));
        },
        (error: Error) => done(error),
      );
    },
  },
  handle,
).listen(8443);
