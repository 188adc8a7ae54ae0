/** `in-cluster test`: a file of expectations as objects that test it in the cluster, again and again. */
import { basename } from 'node:path';
import { interruptible } from '../console/interrupt.ts';
import { print } from '../console/print-report.ts';
import { FILES_FOLDER, testObjects } from '../jobs/test-manifest.ts';
import { testRights } from '../jobs/test-rights.ts';
import { UserError } from '../model/errors.ts';
import type { InClusterTestArgs } from '../model/job-args.ts';
import type { NetworkTestFile } from '../model/network-test.ts';
import { ALONE } from '../open/connect.ts';
import { withUserErrors } from '../open/failures.ts';
import { renderDocument } from '../report/render.ts';
import { textsOf } from './test-files.ts';

/** A ConfigMap holds 1 MiB, its keys and metadata included. */
const MOST_BYTES = 1_000_000;

/** Resolves to the exit code. */
export function printTestManifest({ test, job, line }: InClusterTestArgs): Promise<number> {
  const read = textsOf(test);
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { namespace } = await ALONE.connect(test.connection, signal);
      const documents = read.flatMap((one) => one.documents);
      refuseOutside(documents, test.targetOf);
      const files = Object.fromEntries(named(read));
      refuseUnfit(files);
      const objects = testObjects({
        name: nameOf(documents),
        namespace,
        files,
        line: [
          ...line,
          ...Object.keys(files).map((key) => `--filename=${FILES_FOLDER}/${key}`),
          `--namespace=${namespace}`,
        ],
        rights: testRights(documents, {
          namespace,
          debugNamespace: test.session.debugNamespace ?? namespace,
          asksNodes: test.witness === 'node',
          usesNodes: test.session.via === 'node',
          targetOf: test.targetOf,
        }),
        job,
        session: test.session,
      });
      await print(objects.map((object) => renderDocument(object, 'yaml')).join('---\n'));
      return 0;
    }),
  );
}

type Read = ReturnType<typeof textsOf>;

/** Keys of a ConfigMap, each once; the number keeps the order, and apart what has one name in two folders. */
function named(read: Read): [string, string][] {
  return read.map(({ file, text }, i) => {
    const plain = file === '-' ? 'stdin.yaml' : basename(file).replace(/[^\w.-]/g, '_');
    return [read.length === 1 ? plain : `${i + 1}-${plain}`, text];
  });
}

/** A manifest is applied again and again: its name says what it tests. */
function nameOf(documents: readonly NetworkTestFile[]): string {
  const [name = '', ...others] = new Set(documents.map((one) => one.name ?? ''));
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 30)
    .replace(/-+$/, '');
  return others.length > 0 || plain === '' ? 'nettools-test' : `nettools-test-${plain}`;
}

/** @throws {UserError} exit 2 */
function refuseOutside(
  documents: readonly NetworkTestFile[],
  targetOf: InClusterTestArgs['test']['targetOf'],
): void {
  for (const { tests } of documents)
    for (const { from, place } of tests) {
      if (from.kind !== 'target') continue;
      const { kind } = targetOf(from.target);
      if (kind !== 'name' && kind !== 'node')
        throw new UserError(
          `${place.file}:${place.line}: ${from.target} is on this machine, and in-cluster tests from pods and nodes.`,
          2,
        );
    }
}

/** @throws {UserError} exit 2 */
function refuseUnfit(files: Readonly<Record<string, string>>): void {
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MOST_BYTES)
    throw new UserError('the files are more than a ConfigMap holds (1 MiB): give it fewer at a time.', 2);
  for (const [file, text] of Object.entries(files))
    if (/https?:\/\/[^\s/@'"]*:[^\s/@'"]+@/.test(text))
      throw new UserError(
        `${file} has a URL with a password, which everybody who may read ConfigMaps could read: leave it out.`,
        2,
      );
}
