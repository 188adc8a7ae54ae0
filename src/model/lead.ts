/** With which of several findings a report begins. Pure. */
import type { Finding, Severity } from './report.ts';

const WEIGHT: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** The label of the first name server among the destinations (IN_CLUSTER in src/cluster/destinations.ts). */
export const NAME_SERVER = 'dns';

/** What {@link byLead} compares. */
type Ranked = Pick<Finding, 'id' | 'severity' | 'subject'>;

/**
 * That a share of what goes to the name server is lost explains nothing of a DEST that fails each time: one replica of the
 * server may be behind the very cause.
 */
export function isShareOfNameServer({ id, subject }: Pick<Finding, 'id' | 'subject'>): boolean {
  return id.startsWith('NT-LAT-') && subject === NAME_SERVER;
}

/**
 * A comparison for a stable sort, over all checks of a report: the gravest first, and what DEST comes to before what a share
 * of the questions to the name server does. Which of them follows from another is not looked at.
 */
export function byLead(a: Ranked, b: Ranked): number {
  return (
    WEIGHT[a.severity] - WEIGHT[b.severity] || Number(isShareOfNameServer(a)) - Number(isShareOfNameServer(b))
  );
}
