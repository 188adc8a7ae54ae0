/** What the service check measured, as a table: a row for each endpoint, the cluster IP and the name. Pure. */
import { socketAddress } from '../../model/socket-address.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, fieldsOf, left, recordsOf, right, text, time } from '../shared/cells.ts';

const COLUMNS = [left('SERVICE'), left('VIA'), left('ADDRESS'), left('NODE'), left('SEEN'), right('TIME')];

/** Of more endpoints than this, those that work are counted after the first few. */
const MOST_ROWS = 24;
const FIRST_ROWS = 8;

export function serviceTables({ services }: Fields): readonly Table[] {
  return [{ columns: COLUMNS, rows: recordsOf(services).flatMap(serviceRows) }];
}

function serviceRows(service: Fields): string[][] {
  const rows = [...endpointRows(service), ...clusterIpRows(service), ...nameRows(service)];
  return rows.map((cells, i) => [i === 0 ? text(service['name']) : '', ...cells]);
}

function endpointRows({ endpoints }: Fields): string[][] {
  const all = recordsOf(endpoints);
  const shown = all.filter(({ state }, i) => all.length <= MOST_ROWS || i < FIRST_ROWS || state !== 'works');
  const hidden = all.length - shown.length;
  return [
    ...shown.map(({ pod, isTarget, address, port, node, seen, ms }) => [
      `${text(pod)}${isTarget === true ? ' (the target)' : ''}`,
      socketAddress(text(address), text(port)),
      text(node),
      text(seen),
      time(ms),
    ]),
    ...(hidden > 0 ? [[`${hidden} more`, '', '', 'connected', '']] : []),
  ];
}

/** One row for all tries, which shows the first that failed. */
function clusterIpRows({ virtual, clusterIp, port }: Fields): string[][] {
  const tries = recordsOf(virtual);
  const worst = tries.find(({ state }) => state !== 'works') ?? tries[0];
  if (worst === undefined) return [];
  const works = tries.filter(({ state }) => state === 'works').length;
  const share = tries.length > 1 ? ` (${works} of ${tries.length} work)` : '';
  return [
    [
      'cluster IP',
      socketAddress(text(clusterIp), text(port)),
      '',
      `${text(worst['seen'])}${share}`,
      time(worst['ms']),
    ],
  ];
}

function nameRows({ byName }: Fields): string[][] {
  if (!byName) return [];
  const { seen, ms } = fieldsOf(byName);
  return [['name', '', '', text(seen), time(ms)]];
}
