/** Parses the annotation in which CNI plugins say what networks a pod is on. Pure. */

/** One network (Network Custom Resource De-facto Standard, 5.2). */
export interface PodNetwork {
  readonly interface?: string;
  /** It is the cluster's own. */
  readonly isDefault: boolean;
}

/** Empty where the text is no such list. */
export function parseNetworkStatus(text: string): PodNetwork[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): PodNetwork[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { interface: name, default: isDefault } = one as Record<string, unknown>;
    const isName = typeof name === 'string' && /^[^\s/]{1,15}$/.test(name);
    return [{ ...(isName ? { interface: name } : {}), isDefault: isDefault === true }];
  });
}
