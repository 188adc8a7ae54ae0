/** What the docker check measured, as tables: the networks, then the published ports. Pure. */

import type { Json } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { Table } from '../../model/table.ts';
import { type Fields, left, listOf, recordsOf, text } from '../shared/cells.ts';

const NETWORKS = [
  left('NETWORK'),
  left('DRIVER'),
  left('SUBNET'),
  left('GATEWAY'),
  left('ADDRESS'),
  left('INTERNAL'),
];

const PORTS = [left('PORT'), left('PUBLISHED ON')];

export function dockerTables({ networks, published }: Fields): readonly Table[] {
  return [
    { columns: NETWORKS, rows: recordsOf(networks).map(networkRow) },
    { columns: PORTS, rows: recordsOf(published).map(portRow) },
  ];
}

function networkRow({ name, driver, subnets, gateway, addresses, internal }: Fields): string[] {
  return [
    word(name),
    word(driver),
    words(subnets),
    word(gateway),
    words(addresses),
    internal === true ? 'yes' : 'no',
  ];
}

function portRow({ port, protocol, hostAddress, hostPort }: Fields): string[] {
  return [`${word(port)}/${word(protocol)}`, socketAddress(word(hostAddress), word(hostPort))];
}

/** Docker's API gives an empty text for what there is not. */
function word(value: Json | undefined): string {
  return text(value) || '-';
}

function words(value: Json | undefined): string {
  return listOf(value).map(word).join(' ') || '-';
}
