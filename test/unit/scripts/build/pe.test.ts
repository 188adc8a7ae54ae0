import { expect, it } from 'vitest';
import { removeAuthenticode } from '../../../../scripts/build/pe.ts';

/** The headers of a 64-bit PE file of 1024 bytes, with a certificate table at an offset. */
function portableExecutable(offset: number, size: number): Buffer {
  const file = Buffer.alloc(1024, 0xcc);
  file.writeUInt32LE(0x80, 0x3c);
  file.write('PE\0\0', 0x80, 'latin1');
  file.writeUInt16LE(0x20b, 0x98);
  file.writeUInt32LE(offset, 0x98 + 144);
  file.writeUInt32LE(size, 0x98 + 148);
  return file;
}

it('cuts the certificate table off and forgets where it was', () => {
  const out = removeAuthenticode(portableExecutable(1000, 24));
  expect(out).toHaveLength(1000);
  expect(out.readBigUInt64LE(0x98 + 144)).toBe(0n);
});

it('leaves an unsigned file as it is', () => {
  const file = portableExecutable(0, 0);
  expect(removeAuthenticode(file)).toEqual(file);
});

it('refuses what it does not know', () => {
  expect(() => removeAuthenticode(portableExecutable(900, 24))).toThrow('not at the end');
  expect(() => removeAuthenticode(Buffer.alloc(256))).toThrow('not a PE file');
});
