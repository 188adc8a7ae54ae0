/** What controllers of Ingresses do beyond the specification, by their own documentation. Pure. */
import type { Ingress } from '../../model/kube-objects.ts';

const NGINX = 'nginx.ingress.kubernetes.io';

/** https://github.com/kubernetes/ingress-nginx */
export const INGRESS_NGINX = 'k8s.io/ingress-nginx';

/** They take Ingresses without a class unless they are told not to. */
const TAKE_CLASSLESS: readonly string[] = [
  'traefik.io/ingress-controller',
  'projectcontour.io/ingress-controller',
  'ingress.k8s.aws/alb',
];

export function takesClassless(controller: string | undefined): boolean {
  return controller !== undefined && TAKE_CLASSLESS.includes(controller);
}

function annotation({ metadata }: Ingress, name: string): string | undefined {
  return metadata?.annotations?.[name];
}

/** A second Ingress of the same host that gets a share, or what is marked for it. */
export function isCanary(ingress: Ingress): boolean {
  return annotation(ingress, `${NGINX}/canary`) === 'true';
}

/** It gets some of the requests that nobody has marked. */
export function hasShare(ingress: Ingress): boolean {
  return Number(annotation(ingress, `${NGINX}/canary-weight`) ?? 0) > 0;
}

/** TLS is ended by whoever is behind: neither paths nor a certificate are the controller's. */
export function isPassedThrough(ingress: Ingress): boolean {
  return annotation(ingress, `${NGINX}/ssl-passthrough`) === 'true';
}

/** Paths are regular expressions; one Ingress that says so makes them so for its hosts. */
export function hasExpressions(ingress: Ingress): boolean {
  return (
    annotation(ingress, `${NGINX}/use-regex`) === 'true' ||
    annotation(ingress, `${NGINX}/rewrite-target`) !== undefined
  );
}

/**
 * By what a controller tells requests of one host and path apart: entry points, priorities, methods, headers, whether TLS
 * is passed on, and load balancers of their own.
 */
const DIVIDES = [
  'traefik.ingress.kubernetes.io/router.',
  'konghq.com/',
  'alb.ingress.kubernetes.io/',
  'haproxy-ingress.github.io/http-',
  'higress.io/',
  'appgw.ingress.kubernetes.io/',
  `${NGINX}/ssl-passthrough`,
];

/** Each of two Ingresses with the same rule may have requests of its own. */
export function areDivided(one: Ingress, other: Ingress): boolean {
  const [own, others] = [one, other].map(({ metadata }) => metadata?.annotations ?? {});
  return Object.keys({ ...own, ...others }).some(
    (name) => DIVIDES.some((begin) => name.startsWith(begin)) && own?.[name] !== others?.[name],
  );
}

/** Classes of GKE, of which there are no objects. */
const OF_GKE = ['gce', 'gce-internal'];
/** Of the AWS Load Balancer Controller, and of EKS' own. */
const OF_AWS: readonly (string | undefined)[] = ['ingress.k8s.aws/alb', 'eks.amazonaws.com/alb'];

/** Which load balancer an Ingress has by its controller; empty: all of the class have one way in. */
export function balancerOf(
  ingress: Ingress,
  { name, controller }: { readonly name: string; readonly controller: string | undefined },
): string {
  const group = annotation(ingress, 'alb.ingress.kubernetes.io/group.name');
  if (!OF_GKE.includes(name) && !OF_AWS.includes(controller)) return '';
  return group ?? `${ingress.metadata?.namespace}/${ingress.metadata?.name}`;
}

/** The controller of load balancers of AWS has an action in an annotation there, and no port of a Service. */
export const IN_ANNOTATION = 'use-annotation';

/** Further names by which a rule's host is asked. */
export function aliasesOf(ingress: Ingress): readonly string[] {
  const names = annotation(ingress, `${NGINX}/server-alias`) ?? '';
  return names.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
}

/** Certificates of a cloud, which are in no Secret. */
const ELSEWHERE = [
  'alb.ingress.kubernetes.io/certificate-arn',
  'networking.gke.io/managed-certificates',
  'networking.gke.io/certmap',
  'ingress.gcp.kubernetes.io/pre-shared-cert',
  'appgw.ingress.kubernetes.io/appgw-ssl-certificate',
];

export function hasCertificateElsewhere(ingress: Ingress): boolean {
  return ELSEWHERE.some((name) => annotation(ingress, name) !== undefined);
}
