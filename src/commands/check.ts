import { checkReport } from '../app/check-report.ts';
import { withFailuresTold } from '../app/failures.ts';
import { interruptible } from '../app/interrupt.ts';
import { exitCodeOf, printReport } from '../app/print-report.ts';
import { withProgress } from '../app/progress.ts';
import { type CheckId, DIAGNOSIS } from '../checks/registry.ts';
import type { CheckArgs } from '../model/args.ts';

/** Each resolves to the exit code. */
export const diagnose = (args: CheckArgs): Promise<number> => run(args, DIAGNOSIS);
export const dns = (args: CheckArgs): Promise<number> => run(args, ['dns']);
export const routing = (args: CheckArgs): Promise<number> => run(args, ['routing']);
export const service = (args: CheckArgs): Promise<number> => run(args, ['service']);
export const firewall = (args: CheckArgs): Promise<number> => run(args, ['firewall', 'path']);
export const sockets = (args: CheckArgs): Promise<number> => run(args, ['sockets']);
export const arp = (args: CheckArgs): Promise<number> => run(args, ['arp']);
export const interfaces = (args: CheckArgs): Promise<number> => run(args, ['interfaces']);
export const latency = (args: CheckArgs): Promise<number> => run(args, ['latency']);
export const mtu = (args: CheckArgs): Promise<number> => run(args, ['mtu']);
export const conntrack = (args: CheckArgs): Promise<number> => run(args, ['conntrack']);
export const tls = (args: CheckArgs): Promise<number> => run(args, ['tls']);
export const throughput = (args: CheckArgs): Promise<number> => run(args, ['throughput']);

function run(args: CheckArgs, checks: readonly CheckId[]): Promise<number> {
  return interruptible((signal) =>
    withFailuresTold(async () => {
      const report = await withProgress((progress) => checkReport(args, checks, signal, progress));
      await printReport(report, args.report);
      return exitCodeOf(report, args.report.failOn);
    }),
  );
}
