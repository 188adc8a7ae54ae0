/** API paths, each part escaped. */

/** The pods of a namespace, one pod, or one of its sub-resources. */
export function podsPath(namespace: string, ...rest: readonly string[]): string {
  return namespacedPath('api/v1', namespace, 'pods', ...rest);
}

/** `/API/namespaces/NAMESPACE/PLURAL[/NAME[/SUBRESOURCE]]` */
export function namespacedPath(
  api: string,
  namespace: string,
  plural: string,
  ...rest: readonly string[]
): string {
  return `/${api}/namespaces/${[namespace, plural, ...rest].map(encodeURIComponent).join('/')}`;
}
