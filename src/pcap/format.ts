/** The two file formats of a capture: pcap, passed on as tcpdump wrote it, for one source; pcapng for several. Pure. */
import { concatBytes } from './bytes.ts';
import {
  type InterfaceCounts,
  type InterfaceDescription,
  interfaceBlock,
  packetBlock,
  packetBlockBytes,
  sectionBlock,
  statisticsBlock,
} from './pcapng.ts';
import type { Packet, PcapHeader } from './reader.ts';

/** How a capture's parts are written, in this order. */
export interface CaptureFormat {
  begin(): Uint8Array;
  packet(source: number, packet: Packet): Uint8Array;
  packetBytes(packet: Packet): number;
  /** @param counts of each source @param milliseconds now, since 1970 */
  end(counts: readonly InterfaceCounts[], milliseconds: number): Uint8Array;
  /** The most that `end` gives. */
  readonly endBytes: number;
}

export function pcapFormat(header: PcapHeader): CaptureFormat {
  return {
    begin: () => header.bytes,
    packet: (_source, { record }) => record,
    packetBytes: ({ record }) => record.length,
    end: () => new Uint8Array(),
    endBytes: 0,
  };
}

/** @param application what writes it */
export function pcapngFormat(sources: readonly InterfaceDescription[], application: string): CaptureFormat {
  const resolution = (source: number) => sources[source]?.header.resolution ?? 'micro';
  const end = (counts: readonly InterfaceCounts[], milliseconds: number): Uint8Array =>
    concatBytes(counts.map((one, source) => statisticsBlock(source, resolution(source), milliseconds, one)));
  const full = { delivered: 0, acceptedByFilter: 0, droppedBySystem: 0, droppedByInterface: 0 };
  return {
    begin: () => concatBytes([sectionBlock(application), ...sources.map(interfaceBlock)]),
    packet: (source, packet) => packetBlock(source, resolution(source), packet),
    packetBytes: packetBlockBytes,
    end,
    endBytes: end(
      sources.map(() => full),
      0,
    ).length,
  };
}
