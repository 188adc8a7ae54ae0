/** What a ReferenceGrant lets somebody of another namespace name (https://gateway-api.sigs.k8s.io/api-types/referencegrant/). Pure. */
import type { GatewayObjects } from '../../model/gateway-api.ts';
import type { ObjectName } from './facts.ts';

/** What is named, in another namespace than the own. */
interface Foreign {
  /** Absent: of the core. */
  readonly group?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** @param by who names it */
export function isGranted(
  { namespace, name, kind, group = '' }: Foreign,
  by: Pick<ObjectName, 'kind' | 'namespace'>,
  grants: GatewayObjects['grants'],
): boolean {
  return grants.some(
    ({ metadata, spec }) =>
      metadata?.namespace === namespace &&
      (spec?.from ?? []).some((one) => one.kind === by.kind && one.namespace === by.namespace) &&
      (spec?.to ?? []).some(
        (one) =>
          one.kind === kind &&
          (one.group ?? '') === group &&
          (one.name === undefined || one.name === '' || one.name === name),
      ),
  );
}
