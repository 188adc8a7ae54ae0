import { expect, it } from 'vitest';
import { signMachO } from '../../../../scripts/build/macho.ts';

/** A Mach-O of two segments with little room, or much, behind its load commands. */
function machO(room: number): Buffer {
  const commands = 2 * 72;
  const file = Buffer.alloc(8192);
  file.writeUInt32LE(0xfeedfacf, 0);
  file.writeUInt32LE(2, 16);
  file.writeUInt32LE(commands + 80, 20);
  const segment = (at: number, name: string, offset: number, size: number, sections: number) => {
    file.writeUInt32LE(0x19, at);
    file.writeUInt32LE(72 + 80 * sections, at + 4);
    file.write(name, at + 8, 'latin1');
    file.writeBigUInt64LE(BigInt(offset), at + 40);
    file.writeBigUInt64LE(BigInt(size), at + 48);
    file.writeUInt32LE(sections, at + 64);
  };
  segment(32, '__TEXT', 0, 4096, 1);
  file.writeUInt32LE(32 + commands + 80 + room, 32 + 72 + 48);
  segment(32 + 72 + 80, '__LINKEDIT', 4096, 4090, 0);
  return file;
}

it('adds a load command and the hashes of the three pages, and signing again gives the same', () => {
  const signed = signMachO(machO(64), 'tool');
  expect(signed.readUInt32LE(16)).toBe(3);
  expect(signed.readUInt32BE(8192)).toBe(0xfade0cc0);
  expect(signed.readUInt32BE(8192 + 20 + 28)).toBe(2);
  expect(signMachO(signed, 'tool')).toEqual(signed);
});

it('refuses a file without room, and one that is none', () => {
  expect(() => signMachO(machO(8), 'tool')).toThrow('no room');
  expect(() => signMachO(Buffer.alloc(64), 'tool')).toThrow('not a thin 64-bit Mach-O file');
});
