/** Where the kinds are listed that say whom the API server calls by TLS. Pure. */
import type { ApiCalleeKind } from '../model/api-callees.ts';

interface CalleeList {
  readonly kind: ApiCalleeKind;
  readonly plural: string;
  readonly path: string;
}

export const API_CALLEE_LISTS: readonly CalleeList[] = [
  list('MutatingWebhookConfiguration', 'admissionregistration.k8s.io'),
  list('ValidatingWebhookConfiguration', 'admissionregistration.k8s.io'),
  list('CustomResourceDefinition', 'apiextensions.k8s.io'),
  list('APIService', 'apiregistration.k8s.io'),
];

function list(kind: ApiCalleeKind, group: string): CalleeList {
  const plural = `${kind.toLowerCase()}s`;
  return { kind, plural, path: `/apis/${group}/v1/${plural}` };
}
