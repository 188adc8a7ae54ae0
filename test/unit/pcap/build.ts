/** Makes pcap streams in both byte orders. */
import type { Packet } from '../../../src/pcap/reader.ts';

export interface StreamOptions {
  readonly littleEndian?: boolean;
  readonly nano?: boolean;
  readonly linkType?: number;
  readonly snapLength?: number;
}

export interface PacketOptions {
  readonly seconds?: number;
  readonly fraction?: number;
  readonly originalLength?: number;
  readonly data: Uint8Array;
}

/** The 24 bytes at the beginning. */
export function fileHeader(options: StreamOptions = {}): Uint8Array {
  const { littleEndian = true, nano = false, linkType = 276, snapLength = 262_144 } = options;
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, nano ? 0xa1b23c4d : 0xa1b2c3d4, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(16, snapLength, littleEndian);
  view.setUint32(20, linkType, littleEndian);
  return new Uint8Array(view.buffer);
}

/** One record. */
export function record(packet: PacketOptions, { littleEndian = true }: StreamOptions = {}): Uint8Array {
  const bytes = new Uint8Array(16 + packet.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, packet.seconds ?? 1, littleEndian);
  view.setUint32(4, packet.fraction ?? 2, littleEndian);
  view.setUint32(8, packet.data.length, littleEndian);
  view.setUint32(12, packet.originalLength ?? packet.data.length, littleEndian);
  bytes.set(packet.data, 16);
  return bytes;
}

/** A packet's bytes, which tell its number. */
export function payload(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (number * 7 + i) & 0xff);
}

/** A TCP packet of 1500 bytes between two IPv4 addresses, cut off after its ports; of the link that `-i any` has. */
export function tcpPacket(source: string, sourcePort: number, destination: string, port: number): Packet {
  const data = new Uint8Array(20 + 20 + 4);
  const view = new DataView(data.buffer);
  view.setUint16(0, 0x0800);
  view.setUint8(20, 0x45);
  view.setUint8(29, 6);
  data.set(source.split('.').map(Number), 32);
  data.set(destination.split('.').map(Number), 36);
  view.setUint16(40, sourcePort);
  view.setUint16(42, port);
  return { seconds: 1, fraction: 0, originalLength: 1500, data, record: data };
}
