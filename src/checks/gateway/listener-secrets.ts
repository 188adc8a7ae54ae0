/**
 * The Secrets of a Gateway's certificates. One of another namespace counts where a ReferenceGrant there allows it, and a
 * listener none of whose references resolves is not programmed (https://gateway-api.sigs.k8s.io/guides/tls/). Pure.
 */
import type { Condition, Gateway, GatewayListener, GatewayObjects } from '../../model/gateway-api.ts';
import { hostFit } from '../shared/host-rules.ts';
import type { UnusableSecret } from './facts.ts';
import { isGranted } from './grants.ts';
import type { NamedSecret } from './ingress.ts';
import { conditionText } from './words.ts';

type CertificateRef = NonNullable<NonNullable<GatewayListener['tls']>['certificateRefs']>[number];

/**
 * Of the listeners that take the host.
 * @param only the one namespace that was read; absent: all of them were
 */
export function listenerSecrets(
  gateway: Gateway,
  { host, port }: { readonly host: string; readonly port: number },
  grants: GatewayObjects['grants'],
  only: string | undefined,
): readonly NamedSecret[] {
  const { namespace: own = '', name = '' } = gateway.metadata ?? {};
  const object = { kind: 'Gateway', namespace: own, name };
  return (gateway.spec?.listeners ?? [])
    .filter((one) => one.port === port && hostFit(one.hostname, host, 'any') !== undefined)
    .flatMap((listener) =>
      (listener.tls?.certificateRefs ?? [])
        .filter(({ kind = 'Secret', group = '' }) => kind === 'Secret' && group === '')
        .map((ref) => {
          const said = resolved(gateway, listener);
          const unusable = ungranted(ref, own, said, grants, only) ?? refused(said);
          const named = { object, namespace: ref.namespace ?? own, secret: ref.name };
          return unusable === undefined ? named : { ...named, unusable };
        }),
    );
}

/** What the controller says of all references of the listener. */
function resolved({ status }: Gateway, { name }: GatewayListener): Condition | undefined {
  const own = status?.listeners?.find((one) => one.name === name);
  return own?.conditions?.find(({ type }) => type === 'ResolvedRefs');
}

function ungranted(
  { namespace, name }: CertificateRef,
  own: string,
  said: Condition | undefined,
  grants: GatewayObjects['grants'],
  only: string | undefined,
): UnusableSecret | undefined {
  if (namespace === undefined || namespace === own) return undefined;
  // A grant of a namespace that was not read may be there, and the controller has seen it.
  if ((only !== undefined && only !== namespace) || said?.status === 'True') return undefined;
  const by = { kind: 'Gateway', namespace: own };
  return isGranted({ kind: 'Secret', namespace, name }, by, grants)
    ? undefined
    : {
        isUngranted: true,
        why: `no ReferenceGrant there allows references of Gateways in ${own}`,
      };
}

/** For reasons of its own: what is in a Secret is not read here. */
const REASONS: readonly (string | undefined)[] = ['InvalidCertificateRef', 'RefNotPermitted'];

function refused(said: Condition | undefined): UnusableSecret | undefined {
  return said?.status === 'False' && REASONS.includes(said.reason) ? { why: conditionText(said) } : undefined;
}
