/**
 * Writes the blocks of a pcapng file: one section, an interface for each source, their packets, and what each source
 * counted. Little-endian. Pure.
 * Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng
 */
import { concatBytes } from './bytes.ts';
import type { Packet, PcapHeader, Resolution } from './reader.ts';

const BLOCK = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
const OPTION = {
  end: 0,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceResolution: 9,
  interfaceFilter: 11,
  droppedByInterface: 5,
  acceptedByFilter: 6,
  droppedBySystem: 7,
  delivered: 8,
} as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** The type, the length, and the length again at the end. */
const FRAME_BYTES = 12;
/** An option's length is 16 bits wide. */
const LONGEST_OPTION = 0xffff;
/** The part of a packet's block before its data. */
const PACKET_HEADER_BYTES = 28;

/** What an interface's block says. */
export interface InterfaceDescription {
  readonly name: string;
  readonly description: string;
  /** In tcpdump's syntax; empty: none. */
  readonly filter: string;
  readonly header: PcapHeader;
}

/** What a source counted; a number that is not known is absent. */
export interface InterfaceCounts {
  readonly delivered?: number | undefined;
  readonly acceptedByFilter?: number | undefined;
  readonly droppedBySystem?: number | undefined;
  readonly droppedByInterface?: number | undefined;
}

/** The beginning of a file. @param application what wrote it */
export function sectionBlock(application: string): Uint8Array {
  const fixed = new Uint8Array(16);
  const view = new DataView(fixed.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  // The section's length is not known while it is written.
  view.setBigInt64(8, -1n, true);
  return block(BLOCK.section, [fixed, text(OPTION.sectionApplication, application), endOfOptions()]);
}

/** An interface; the first one in the file has the number 0, the next one 1. */
export function interfaceBlock({ name, description, filter, header }: InterfaceDescription): Uint8Array {
  const fixed = new Uint8Array(8);
  const view = new DataView(fixed.buffer);
  view.setUint16(0, header.linkType, true);
  view.setUint32(4, header.snapLength, true);
  return block(BLOCK.interface, [
    fixed,
    text(OPTION.interfaceName, name),
    text(OPTION.interfaceDescription, description),
    option(OPTION.interfaceResolution, Uint8Array.of(header.resolution === 'nano' ? 9 : 6)),
    // The byte in front says that a filter in tcpdump's syntax follows.
    ...(filter === '' ? [] : [option(OPTION.interfaceFilter, Uint8Array.of(0, ...utf8(filter)))]),
    endOfOptions(),
  ]);
}

/** How long {@link packetBlock} will be, in bytes. */
export function packetBlockBytes(packet: Packet): number {
  return PACKET_HEADER_BYTES + padded(packet.data.length) + 4;
}

/** One packet of an interface. */
export function packetBlock(number: number, resolution: Resolution, packet: Packet): Uint8Array {
  const length = packetBlockBytes(packet);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BLOCK.packet, true);
  view.setUint32(4, length, true);
  view.setUint32(8, number, true);
  writeTime(view, 12, timeOf(packet, resolution));
  view.setUint32(20, packet.data.length, true);
  view.setUint32(24, packet.originalLength, true);
  bytes.set(packet.data, PACKET_HEADER_BYTES);
  view.setUint32(length - 4, length, true);
  return bytes;
}

/** What an interface's source counted. @param milliseconds when, since 1970 */
export function statisticsBlock(
  number: number,
  resolution: Resolution,
  milliseconds: number,
  counts: InterfaceCounts,
): Uint8Array {
  const fixed = new Uint8Array(12);
  const view = new DataView(fixed.buffer);
  view.setUint32(0, number, true);
  writeTime(view, 4, BigInt(Math.trunc(milliseconds)) * (resolution === 'nano' ? 1_000_000n : 1_000n));
  return block(BLOCK.statistics, [
    fixed,
    ...count(OPTION.droppedByInterface, counts.droppedByInterface),
    ...count(OPTION.acceptedByFilter, counts.acceptedByFilter),
    ...count(OPTION.droppedBySystem, counts.droppedBySystem),
    ...count(OPTION.delivered, counts.delivered),
    endOfOptions(),
  ]);
}

function timeOf({ seconds, fraction }: Packet, resolution: Resolution): bigint {
  return BigInt(seconds) * (resolution === 'nano' ? 1_000_000_000n : 1_000_000n) + BigInt(fraction);
}

/** A time is two words, the upper one first, each in the file's byte order. */
function writeTime(view: DataView, at: number, time: bigint): void {
  view.setUint32(at, Number((time >> 32n) & 0xffff_ffffn), true);
  view.setUint32(at + 4, Number(time & 0xffff_ffffn), true);
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts);
  const bytes = new Uint8Array(FRAME_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, 8);
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

function option(code: number, whole: Uint8Array): Uint8Array {
  const value = whole.subarray(0, LONGEST_OPTION);
  const bytes = new Uint8Array(4 + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

function text(code: number, value: string): Uint8Array {
  return option(code, utf8(value));
}

function count(code: number, value: number | undefined): Uint8Array[] {
  if (value === undefined) return [];
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return [option(code, bytes)];
}

function endOfOptions(): Uint8Array {
  return option(OPTION.end, new Uint8Array());
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Everything in a file starts at a multiple of four bytes. */
function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
