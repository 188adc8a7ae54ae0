import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { printDocument } from '../app/print-report.ts';
import { withProgress } from '../app/progress.ts';
import { findSessions, stopSessions } from '../app/sessions.ts';
import type { SessionsListArgs, SessionsStopArgs } from '../model/args.ts';
import { plainTable } from '../report/tables.ts';
import { visible } from '../report/text.ts';

/** Resolves to the exit code. */
export function list(args: SessionsListArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const { sessions } = await findSessions(args, signal);
      if (args.output === 'table') {
        if (sessions.length === 0) process.stderr.write('No sessions found.\n');
        else {
          const rows = sessions.map((s) => [
            s.namespace,
            s.pod,
            s.container,
            s.profile,
            s.image,
            s.state,
            s.since,
            `${s.idleSeconds}s`,
          ]);
          const head = ['NAMESPACE', 'POD', 'CONTAINER', 'PROFILE', 'IMAGE', 'STATE', 'SINCE', 'IDLE-LIMIT'];
          process.stdout.write(
            `${plainTable(
              head,
              rows.map((row) => row.map(visible)),
            )}\n`,
          );
        }
        return 0;
      }
      await printDocument(
        { apiVersion: 'nettools/v1', kind: 'SessionList', items: sessions.map((s) => ({ ...s })) },
        args.output,
      );
      return 0;
    }),
  );
}

/** Resolves to the exit code. */
export function stop(args: SessionsStopArgs): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const stopped = await withProgress((progress) => stopSessions(args, signal, progress));
      for (const { namespace, pod, container } of stopped)
        process.stdout.write(`session ${visible(`${namespace}/${pod}/${container}`)} stopped\n`);
      if (stopped.length === 0) process.stderr.write('No running sessions found.\n');
      return 0;
    }),
  );
}
