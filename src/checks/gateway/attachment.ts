/** Whether a route is attached to a listener of a Gateway, by what both say and by what the controller does. Pure. */
import type { Condition, Gateway, GatewayListener } from '../../model/gateway-api.ts';
import { hostFit, hostsMeet } from '../shared/host-rules.ts';
import { type AnyRoute, routeName } from './any-route.ts';
import type { Asked } from './closest-rule.ts';
import type { ObjectName, Trouble } from './facts.ts';
import { conditionText } from './words.ts';

/** Why a route that names the host is not attached to a listener of the Gateway. */
export function hindrance(
  route: AnyRoute,
  gateway: Gateway,
  own: ObjectName,
  host: string,
  port: number,
): readonly (Trouble & { kind: 'not-attached' })[] {
  const object = routeName(route);
  const trouble = (why: string) => [{ kind: 'not-attached', object, gateway: own, why } as const];
  const accepted = conditionsOf(route, own, 'Accepted');
  // The controller knows more than can be read here: namespaces by their labels, protocols of its own. Of several
  // listeners that the route names, one is enough.
  const isAccepted = accepted.some(({ status }) => status === 'True');
  const refused = accepted.find(({ status }) => status === 'False');
  if (refused !== undefined && !isAccepted) return trouble(conditionText(refused));
  const listeners = gateway.spec?.listeners ?? [];
  const here = namedListeners(route, gateway, own, port);
  const [ref] = refsTo(route, own);
  if (here.length === 0) {
    if (isAccepted) return [];
    const wanted = ref?.sectionName === undefined ? `port ${ref?.port ?? ''}` : `name ${ref.sectionName}`;
    return trouble(
      `the Gateway has no listener of ${wanted}; it has ${listeners.map((one) => `${one.name} (${one.port})`).join(', ')}`,
    );
  }
  const open = here.filter((one) => isAccepted || isOpen(one, object.namespace === own.namespace));
  if (open.length === 0)
    return trouble(
      `listener ${here.map(({ name }) => name).join(', ')} takes routes of the Gateway's own namespace alone (allowedRoutes), and the route is in ${object.namespace}`,
    );
  const hostnames = route.spec?.hostnames ?? [];
  const meeting = open.filter(
    ({ hostname }) => hostnames.length === 0 || hostnames.some((one) => hostsMeet(hostname, one)),
  );
  if (meeting.length === 0)
    return trouble(
      `its hostnames (${hostnames.join(', ')}) and those of the listeners (${open.map(({ name, hostname = '*' }) => `${name}: ${hostname}`).join(', ')}) have no name in common`,
    );
  return meeting.some(({ hostname }) => hostFit(hostname, host, 'any') !== undefined)
    ? []
    : trouble(
        `no listener takes ${host} (${meeting.map(({ name, hostname }) => `${name}: ${hostname}`).join(', ')})`,
      );
}

/** Those that the route names; of the port that is asked, where it is one of theirs (a Service before it may have another). */
export function namedListeners(
  route: AnyRoute,
  { spec }: Gateway,
  own: ObjectName,
  port: number,
): readonly GatewayListener[] {
  const refs = refsTo(route, own);
  const named = (spec?.listeners ?? []).filter((one) =>
    refs.some(
      ({ sectionName, port: wanted }) =>
        (sectionName === undefined || sectionName === one.name) &&
        (wanted === undefined || wanted === one.port),
    ),
  );
  const onPort = named.filter((one) => one.port === port);
  return onPort.length > 0 ? onPort : named;
}

/** A route without hostnames is of those of its listeners. */
export function isOfOtherHosts(
  route: AnyRoute,
  gateway: Gateway,
  own: ObjectName,
  { host, port }: Asked,
): boolean {
  const here = namedListeners(route, gateway, own, port);
  const isBare = (route.spec?.hostnames ?? []).length === 0;
  return (
    isBare && here.length > 0 && here.every(({ hostname }) => hostFit(hostname, host, 'any') === undefined)
  );
}

/** By labels of namespaces: taken for open, since they are not read. */
function isOpen({ allowedRoutes }: GatewayListener, isSame: boolean): boolean {
  return (allowedRoutes?.namespaces?.from ?? 'Same') !== 'Same' || isSame;
}

/** What the controller of the Gateway says of the route. */
export function conditionsOf(route: AnyRoute, own: ObjectName, type: string): readonly Condition[] {
  const { namespace } = routeName(route);
  return (route.status?.parents ?? [])
    .filter(({ parentRef: ref }) => ref.name === own.name && (ref.namespace ?? namespace) === own.namespace)
    .flatMap(({ conditions = [] }) => conditions.filter((one) => one.type === type));
}

/** By which the route asks to be attached to the Gateway. */
export function refsTo(route: AnyRoute, { namespace, name }: ObjectName) {
  const own = routeName(route).namespace;
  return (route.spec?.parentRefs ?? []).filter(
    (ref) =>
      (ref.kind ?? 'Gateway') === 'Gateway' && ref.name === name && (ref.namespace ?? own) === namespace,
  );
}
