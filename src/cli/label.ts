/** The words of which labels, taints and names are made (k8s.io/apimachinery, util/validation). Pure. */

const PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LONGEST_PART = 63;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_SUBDOMAIN = 253;

/** The key of a label or a taint: `app`, `node-role.kubernetes.io/infra`. */
export function isLabelKey(text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').reverse();
  return more.length === 0 && isPart(name) && (prefix === undefined || isObjectName(prefix));
}

/** The value of one, which may be empty. */
export function isLabelValue(text: string): boolean {
  return text === '' || isPart(text);
}

/** What most objects may be called: `ops`, `registry.example`. */
export function isObjectName(text: string): boolean {
  return text.length <= LONGEST_SUBDOMAIN && SUBDOMAIN.test(text);
}

function isPart(text: string): boolean {
  return text.length <= LONGEST_PART && PART.test(text);
}
