import { captureTargets } from '../capture/capture.ts';
import { isFolder } from '../capture/output.ts';
import { interruptible } from '../console/interrupt.ts';
import { withProgress } from '../console/progress.ts';
import type { CaptureArgs } from '../model/args.ts';
import { withUserErrors } from '../open/failures.ts';
import { withMeantFilter, withMeantTargets } from './meant-targets.ts';

/** Resolves to 0 when the capture came to its end, by Ctrl-C too. */
export function run(args: CaptureArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(() =>
      withProgress(async (progress) => {
        const options = await asFolder(args);
        if ('target' in options) {
          const { target } = options;
          return withMeantTargets(options, target, signal, () =>
            captureTargets(options, [target], signal, progress),
          );
        }
        const { many, destination } = options;
        // Both ends of a connection, named one by one, are of no use one without the other.
        if (!many.every && !many.nodes && destination.kind !== 'folder') {
          return captureTargets(options, many.named, signal, progress);
        }
        const { captureMany } = await import('./capture-many.ts');
        return withMeantFilter(options, many, () => captureMany(options, signal, progress));
      }),
    ),
  );
}

/** A folder may be written without its slash. */
async function asFolder(args: CaptureArgs): Promise<CaptureArgs> {
  const { destination } = args;
  if (destination.kind !== 'file' || destination.path === undefined) return args;
  const { path } = destination;
  return (await isFolder(path)) ? { ...args, destination: { kind: 'folder', path } } : args;
}
