/**
 * Service links: the variables by which the kubelet tells containers of the Services of their namespace. A program that has a
 * setting of the same name takes them for it. Pure.
 */
import type { Container, ContainerStatus, Pod, Service } from '../../model/kube-objects.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { SetVariable } from '../../parsers/complaint.ts';

/** A program that cannot read its settings ends before it serves; a JVM on half a processor takes a minute for that. */
const SHORT_SECONDS = 120;
/** One that is ready runs, unless nobody asks its program and the next end is near: the kubelet calls it ready meanwhile. */
const FRESH_SECONDS = 120;
/** Ended by a signal from outside: the kernel that lacks memory, or the kubelet, and no complaint of its own. */
const KILLED = [137, 143];

/** A run of a container that ended by itself, soon and with an error. */
export interface FailedRun {
  readonly container: string;
  /** The kubelet has begun, or is about to begin, another one. */
  readonly isPrevious: boolean;
  /** `Error, exit code 1`. */
  readonly ended: string;
  /** In ms since 1970. */
  readonly startedAt: number;
}

/** A variable that the kubelet has set in a container. */
export interface LinkVariable extends SetVariable {
  /** The Service that it tells of. */
  readonly service: string;
}

/** Of a pod's init containers and containers. @param nowMs the time */
export function failedRuns({ status }: Pod, nowMs: number): readonly FailedRun[] {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.flatMap((one) => failedRun(one, nowMs));
}

function failedRun({ name, state, lastState, ready }: ContainerStatus, nowMs: number): FailedRun[] {
  const last = state?.terminated ?? lastState?.terminated;
  const runsSeconds = (nowMs - Date.parse(String(state?.running?.startedAt))) / 1000;
  if (last === undefined || (ready && !(runsSeconds < FRESH_SECONDS))) return [];
  const { exitCode, reason = 'Error' } = last;
  // JSON carries strings where client-node's types say Date.
  const [startedAt, finishedAt] = [last.startedAt, last.finishedAt].map((at) => Date.parse(String(at)));
  const seconds = ((finishedAt ?? Number.NaN) - (startedAt ?? Number.NaN)) / 1000;
  if (startedAt === undefined || !(seconds >= 0 && seconds <= SHORT_SECONDS)) return [];
  if (exitCode === 0 || KILLED.includes(exitCode) || reason === 'OOMKilled') return [];
  const isPrevious = state?.terminated === undefined;
  return [{ container: name, isPrevious, ended: `${reason}, exit code ${exitCode}`, startedAt }];
}

/** What the kubelet had set in the run, and the container has not set itself. @param services of the pod's namespace */
export function linkVariables(pod: Pod, run: FailedRun, services: readonly Service[]): LinkVariable[] {
  const { spec } = pod;
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const container = containers.find(({ name }) => name === run.container);
  if (container === undefined || spec?.enableServiceLinks === false) return [];
  // What others fill may have any name in it: then the value alone tells who has set it.
  const isSetByOthers = (container.envFrom ?? []).length > 0;
  const all = services
    .filter(({ metadata }) => Date.parse(String(metadata?.creationTimestamp)) < run.startedAt)
    .flatMap(linksOf);
  const own = ownOf(container, all);
  return all
    .filter(({ name, value }) => !own.has(name) && !own.has(value))
    .map((one) => (isSetByOthers ? { ...one, isByValue: true as const } : one));
}

/**
 * Names that the container sets itself, and links that its spec hands to the program: that gets them on purpose, under
 * whatever name.
 */
function ownOf({ env = [], args = [], command = [] }: Container, all: readonly LinkVariable[]): Set<string> {
  const names = new Set(env.map(({ name }) => name));
  const written = [...env.map(({ value = '' }) => value), ...args, ...command].join('\n');
  const links = all.filter(
    ({ name, value }) =>
      value.includes('://') && (names.has(name) || written.includes(value) || written.includes(`$(${name})`)),
  );
  return new Set([...names, ...links.map(({ value }) => value)]);
}

/**
 * The variables of one Service, as the kubelet makes them (pkg/kubelet/envvars); none of one without a cluster IP. Those of
 * the API's own Service are set whatever the pod says.
 */
function linksOf({ metadata, spec }: Service): LinkVariable[] {
  const { name: service = '' } = metadata ?? {};
  const { clusterIP = '', ports = [] } = spec ?? {};
  const [first] = ports;
  if (clusterIP === '' || clusterIP === 'None' || first === undefined || service === 'kubernetes') return [];
  const prefix = asVariable(service);
  const link = ({ port, protocol = 'TCP' }: typeof first): string =>
    `${protocol.toLowerCase()}://${socketAddress(clusterIP, port)}`;
  const all: (readonly [name: string, value: string])[] = [
    [`${prefix}_PORT`, link(first)],
    [`${prefix}_SERVICE_HOST`, clusterIP],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...ports.flatMap((one): (readonly [string, string])[] => {
      const { name = '', port, protocol = 'TCP' } = one;
      const ofPort = `${prefix}_PORT_${port}_${protocol}`;
      return [
        ...(name === '' ? [] : [[`${prefix}_SERVICE_PORT_${asVariable(name)}`, String(port)] as const]),
        [ofPort, link(one)],
        [`${ofPort}_PROTO`, protocol.toLowerCase()],
        [`${ofPort}_PORT`, String(port)],
        [`${ofPort}_ADDR`, clusterIP],
      ];
    }),
  ];
  return all.map(([name, value]) => ({ service, name, value }));
}

function asVariable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/**
 * The one that a program most likely has a setting of the name of: `WEB_PORT`, where the container, its image or its app is
 * called `web` like the Service.
 */
export function likelyLink(
  pod: Pod,
  { container }: FailedRun,
  variables: readonly LinkVariable[],
): LinkVariable | undefined {
  const image = pod.spec?.containers.find(({ name }) => name === container)?.image;
  const labels = pod.metadata?.labels ?? {};
  const called = [
    container,
    image?.replace(/^.*\//, '').replace(/[:@].*$/, ''),
    labels['app'],
    labels['app.kubernetes.io/name'],
  ].flatMap((name) => (name === undefined ? [] : [`${asVariable(name)}_PORT`]));
  return variables.find(({ name }) => called.includes(name));
}
