// A third of what is downloaded of Node is ICU's data: how the world's languages spell dates, currencies and the like, and
// what became of its characters in encodings of the past. This program speaks English, and UTF-8. What Node itself asks
// ICU for when it starts and runs (time zones, normalisation, the root of all languages) stays.

// icu4c/source/tools/toolutil/package.cpp and common/ucmndata.h: a header, the number of items, for each the places of its
// name and of its bytes, counted from that number; names and items in the order of the names.
const magic = 0x27da;
const format = 'CmnD';
const formatAt = 12;
const entrySize = 8;
const alignment = 16;

interface Item {
  /** With the folder that all names begin with: `icudt78l/curr/de.res`. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Data of languages is called after them, by two or three letters; what is longer is for all: `zoneinfo64.res`. */
const language = /^[a-z]{2,3}(_\w+)*\.res$/;
const english = /^en(_US(_POSIX)?)?\.res$/;
/** Encodings of the past, dictionaries to find words in a text without blanks, and ways to write a language in another's letters. */
const unused = /\.cnv$|\.dict$|^(translit|rbnf)\//;

function isKept(name: string): boolean {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return !unused.test(name) && (!language.test(file) || english.test(file));
}

/**
 * Empties Node's binary, of whatever platform, of the data of ICU that this program does not use; no other byte moves, and
 * what was emptied is zeros, which take no room in an archive. Instead of a language that is not there ICU takes the root of all, as
 * in a Node with small-icu.
 * @throws {Error} there is no such data in the file, or it is not laid out as it was in ICU 78
 */
export function leanIcu(binary: Buffer): Buffer {
  const table = findTable(binary);
  const items = itemsAt(binary, table);
  const folder = items[0]?.name.split('/')[0] ?? '';
  // The last item's length is not written anywhere: it is a language's, and stays, out of use.
  const last = items.at(-1);
  const kept = items.slice(0, -1).filter(({ name }) => isKept(name.slice(folder.length + 1)));
  if (last === undefined || isKept(last.name.slice(folder.length + 1)) || kept.length === 0)
    throw new Error('the data of ICU is empty');
  const lean = packed(kept);
  const end = last.bytes.byteOffset - binary.byteOffset;
  if (table + lean.length > end) throw new Error('the data of ICU did not get smaller');
  const out = Buffer.from(binary);
  lean.copy(out, table);
  out.fill(0, table + lean.length, end);
  return out;
}

/** Where the number of items stands. */
function findTable(binary: Buffer): number {
  for (let at = binary.indexOf(format); at >= 0; at = binary.indexOf(format, at + 1)) {
    const header = at - formatAt;
    if (header < 0 || binary.readUInt16LE(header + 2) !== magic) continue;
    const table = header + binary.readUInt16LE(header);
    const name = table + binary.readUInt32LE(table + 4);
    if (binary.toString('latin1', name, name + 5) === 'icudt') return table;
  }
  throw new Error('no data of ICU is in this file');
}

function itemsAt(binary: Buffer, table: number): Item[] {
  const count = binary.readUInt32LE(table);
  const entry = (i: number): number => table + 4 + i * entrySize;
  return Array.from({ length: count }, (_, i) => {
    const nameAt = table + binary.readUInt32LE(entry(i));
    const from = table + binary.readUInt32LE(entry(i) + 4);
    const to = i + 1 < count ? table + binary.readUInt32LE(entry(i + 1) + 4) : from;
    if (to < from || to > binary.length) throw new Error('the data of ICU is not in the order of its names');
    return {
      name: binary.toString('latin1', nameAt, binary.indexOf(0, nameAt)),
      bytes: binary.subarray(from, to),
    };
  });
}

function packed(items: readonly Item[]): Buffer {
  const names = Buffer.from(items.map(({ name }) => `${name}\0`).join(''), 'latin1');
  const namesAt = 4 + items.length * entrySize;
  const head = Buffer.alloc(Math.ceil((namesAt + names.length) / alignment) * alignment);
  head.writeUInt32LE(items.length, 0);
  names.copy(head, namesAt);
  let [nameAt, at] = [namesAt, head.length];
  items.forEach(({ name, bytes }, i) => {
    head.writeUInt32LE(nameAt, 4 + i * entrySize);
    head.writeUInt32LE(at, 8 + i * entrySize);
    nameAt += name.length + 1;
    at += bytes.length;
  });
  return Buffer.concat([head, ...items.map(({ bytes }) => bytes)]);
}
