import { createHash } from 'node:crypto';

// Numbers and layouts: Apple's <mach-o/loader.h> and xnu's osfmk/kern/cs_blobs.h.
const headerSize = 32;
const magic64 = 0xfeedfacf;
const segment64 = 0x19;
const codeSignature = 0x1d;
const codeSignatureSize = 16;
const sectionSize = 80;

const superBlobMagic = 0xfade0cc0;
const superBlobSize = 20; // one entry
const codeDirectoryMagic = 0xfade0c02;
const codeDirectorySize = 88;
const codeDirectoryVersion = 0x20400; // the first with the executable segment's bounds
const flagAdhoc = 0x2;
const hashSha256 = 2;
const hashLength = 32;
const pageBits = 12;
const pageSize = 1 << pageBits;
const mainBinary = 1n; // CS_EXECSEG_MAIN_BINARY

/** The kernel maps whole pages; those of arm64 are the larger ones. */
const segmentAlignment = 0x4000;

interface Segment {
  /** Where its load command starts. */
  readonly command: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

interface Layout {
  readonly commandCount: number;
  /** End of the load commands. */
  readonly commandsEnd: number;
  /** The first byte of any section: there is room for more load commands up to here. */
  readonly contentStart: number;
  readonly text: Segment;
  readonly linkEdit: Segment;
  /** The LC_CODE_SIGNATURE command, when there is one. */
  readonly signature: { readonly command: number; readonly dataOffset: number } | undefined;
}

/**
 * Gives a thin 64-bit Mach-O executable an ad-hoc signature, without which macOS on arm64 does not run it: the hashes
 * of its pages, signed by nobody, as the linkers of Go and LLVM write it. A signature that is there is replaced.
 * @param identifier the name that `codesign --display` shows
 */
export function signMachO(file: Buffer, identifier: string): Buffer {
  const layout = readLayout(file);
  const { text, linkEdit, signature } = layout;
  const codeEnd = signature?.dataOffset ?? align(linkEdit.fileOffset + linkEdit.fileSize, 16);
  const directoryLength =
    codeDirectorySize + identifier.length + 1 + Math.ceil(codeEnd / pageSize) * hashLength;
  const signatureLength = align(superBlobSize + directoryLength, 16);
  const out = Buffer.alloc(codeEnd + signatureLength);
  file.copy(out, 0, 0, Math.min(file.length, codeEnd));

  if (signature === undefined) {
    if (layout.commandsEnd + codeSignatureSize > layout.contentStart) {
      throw new Error('no room for the load command of a signature');
    }
    out.writeUInt32LE(layout.commandCount + 1, 16);
    out.writeUInt32LE(layout.commandsEnd + codeSignatureSize - headerSize, 20);
  }
  const command = signature?.command ?? layout.commandsEnd;
  out.writeUInt32LE(codeSignature, command);
  out.writeUInt32LE(codeSignatureSize, command + 4);
  out.writeUInt32LE(codeEnd, command + 8);
  out.writeUInt32LE(signatureLength, command + 12);

  const linkEditSize = out.length - linkEdit.fileOffset;
  out.writeBigUInt64LE(BigInt(align(linkEditSize, segmentAlignment)), linkEdit.command + 32);
  out.writeBigUInt64LE(BigInt(linkEditSize), linkEdit.command + 48);

  // The hashes cover the load commands, so they come last.
  const directory = codeDirectory(out.subarray(0, codeEnd), identifier, text);
  superBlob(directory).copy(out, codeEnd);
  return out;
}

function superBlob(directory: Buffer): Buffer {
  const header = Buffer.alloc(superBlobSize);
  writeBigEndian(header, 0, [superBlobMagic, superBlobSize + directory.length, 1, 0, superBlobSize]);
  return Buffer.concat([header, directory]);
}

function codeDirectory(code: Buffer, identifier: string, text: Segment): Buffer {
  const name = Buffer.from(`${identifier}\0`, 'latin1');
  const hashesAt = codeDirectorySize + name.length;
  const pages = Math.ceil(code.length / pageSize);
  const out = Buffer.alloc(hashesAt + pages * hashLength);
  writeBigEndian(out, 0, [
    codeDirectoryMagic,
    out.length,
    codeDirectoryVersion,
    flagAdhoc,
    hashesAt,
    codeDirectorySize, // the identifier follows the fixed part
    0, // special slots: no Info.plist, requirements, resources or entitlements
    pages,
    code.length,
  ]);
  out.set([hashLength, hashSha256, 0, pageBits], 36);
  out.writeBigUInt64BE(BigInt(text.fileOffset), 64);
  out.writeBigUInt64BE(BigInt(text.fileSize), 72);
  out.writeBigUInt64BE(mainBinary, 80);
  name.copy(out, codeDirectorySize);
  for (let i = 0; i < pages; i += 1) {
    const page = code.subarray(i * pageSize, (i + 1) * pageSize);
    createHash('sha256')
      .update(page)
      .digest()
      .copy(out, hashesAt + i * hashLength);
  }
  return out;
}

function readLayout(file: Buffer): Layout {
  if (file.readUInt32LE(0) !== magic64) throw new Error('not a thin 64-bit Mach-O file');
  const commandCount = file.readUInt32LE(16);
  const segments = new Map<string, Segment>();
  let signature: Layout['signature'];
  let contentStart = file.length;
  let at = headerSize;
  for (let i = 0; i < commandCount; i += 1) {
    const kind = file.readUInt32LE(at);
    if (kind === segment64) {
      const name = file.toString('latin1', at + 8, at + 24).replace(/\0+$/, '');
      const fileOffset = Number(file.readBigUInt64LE(at + 40));
      segments.set(name, { command: at, fileOffset, fileSize: Number(file.readBigUInt64LE(at + 48)) });
      for (let s = 0; s < file.readUInt32LE(at + 64); s += 1) {
        const offset = file.readUInt32LE(at + 72 + s * sectionSize + 48);
        // Sections of zeros have no place in the file.
        if (offset > 0) contentStart = Math.min(contentStart, offset);
      }
    } else if (kind === codeSignature) {
      signature = { command: at, dataOffset: file.readUInt32LE(at + 8) };
    }
    at += file.readUInt32LE(at + 4);
  }
  const text = segments.get('__TEXT');
  const linkEdit = segments.get('__LINKEDIT');
  if (text === undefined || linkEdit === undefined) throw new Error('no __TEXT or no __LINKEDIT segment');
  return { commandCount, commandsEnd: at, contentStart, text, linkEdit, signature };
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function writeBigEndian(out: Buffer, at: number, values: readonly number[]): void {
  values.forEach((value, i) => {
    out.writeUInt32BE(value, at + i * 4);
  });
}
