/** What follows from causes of many kinds: IDs of findings, or their classes (`NT-DNS`). Pure. */

/** What suffers when packets to anywhere get lost before they leave. */
export const ALL_TRAFFIC = [
  'NT-LAT',
  'NT-DNS-001',
  'NT-DNS-007',
  'NT-DNS-009',
  'NT-DNS-011',
  'NT-DNS-012',
  'NT-FW',
  'NT-PATH',
  'NT-SVC-003',
  'NT-SVC-007',
  'NT-MTU',
  'NT-TLS',
  'NT-PERF',
] as const;

/** What one connection that gets lost looks like from its source. */
export const LOST_PACKETS = [
  'NT-FW-001',
  'NT-FW-003',
  'NT-FW-004',
  'NT-FW-009',
  'NT-LAT',
  'NT-SVC-003',
  'NT-SVC-007',
  'NT-TLS',
] as const;
