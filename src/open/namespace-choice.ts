/** From the word that names a network namespace to one of a list. Pure. */
import { advice, nettools } from '../model/advice.ts';
import { UserError } from '../model/errors.ts';
import { fileName, type NetworkNamespace } from '../model/namespaces.ts';

/** Docker's own shortest ids are longer; fewer digits are more likely a name. */
const MIN_ID_PREFIX = 6;

/**
 * The namespace that is meant: by its inode number, a process (`pid:N`), a file or its name, a pod (`NAME`,
 * `NAMESPACE/NAME`), a container's name or the beginning of its id, or `host`.
 * @param preferred the pod namespace that a pod's bare name is looked for in first
 * @throws {UserError} exit 3: none of them, or several
 */
export function chooseNamespace(
  namespaces: readonly NetworkNamespace[],
  word: string,
  preferred: string | undefined,
): NetworkNamespace {
  for (const matches of ways(word, preferred)) {
    const [found, ...more] = namespaces.filter(matches);
    if (!found) continue;
    if (more.length === 0) return found;
    const names = [found, ...more].map((one) => `${one.inode} (${one.kind})`);
    throw new UserError(`"${word}" is the name of ${names.length} namespaces: ${names.join(', ')}.`, 3, {
      hint: 'Use the number of the one you mean.',
    });
  }
  throw new UserError(`no network namespace "${word}" among the ${namespaces.length} there.`, 3, {
    hint: advice`"${nettools`netns ls NODE`}" lists them (local is this machine); a pod is POD or NAMESPACE/POD.`,
  });
}

type Matcher = (namespace: NetworkNamespace) => boolean;

/** In the order in which they are tried: what is unique by its nature comes first. */
function ways(word: string, preferred: string | undefined): Matcher[] {
  const pid = /^pid:(\d+)$/.exec(word)?.[1];
  if (pid !== undefined) return [({ processes }) => processes.some((p) => p.pid === Number(pid))];
  const isPod = (namespace: string | undefined, name: string): Matcher => {
    return ({ pods }) =>
      pods.some((pod) => pod.name === name && (namespace === undefined || pod.namespace === namespace));
  };
  const [first = '', second] = word.replace(/^(?:po|pods?)\//, '').split('/');
  return [
    ({ inode }) => inode === word,
    ({ kind }) => word === 'host' && kind === 'host',
    ({ paths }) => paths.includes(word),
    ...(second === undefined ? [isPod(preferred, first), isPod(undefined, first)] : [isPod(first, second)]),
    ({ paths }) => paths.some((path) => fileName(path) === word),
    ({ containers }) => containers.some(({ name }) => name === word),
    ({ containers }) =>
      word.length >= MIN_ID_PREFIX && containers.some(({ id }) => id.startsWith(word.toLowerCase())),
  ];
}
