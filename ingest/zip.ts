/**
 * ZIP archives as office files are (APPNOTE 6.3 without ZIP64, spanning and encryption): read by their
 * directory and unpacked within a bound, and written. Pure.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** Why bytes cannot be unpacked. */
export class ZipTrouble extends Error {
  readonly kind: 'damaged' | 'encrypted' | 'too-large';

  constructor(kind: ZipTrouble['kind'], what: string) {
    super(what);
    this.name = 'ZipTrouble';
    this.kind = kind;
  }
}

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedB: number;
  readonly sizeB: number;
  /** Of its local header. */
  readonly at: number;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_B = 22;
const CENTRAL_B = 46;
const LOCAL_B = 30;
/** The end stands behind everything but a comment, whose length is 16 bits. */
const COMMENT_MOST_B = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const UTF8 = 0x0800;
/** 1980-01-01, the first there is: the same content is the same archive. */
const DOS_DAY = 0x0021;

export class Archive {
  readonly #bytes: Buffer;
  readonly #entries: ReadonlyMap<string, Entry>;
  #leftB: number;

  /**
   * @param mostB how many bytes may come out of all that is read
   * @throws ZipTrouble `damaged`
   */
  constructor(bytes: Uint8Array, mostB: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#entries = directoryOf(this.#bytes);
    this.#leftB = mostB;
  }

  /**
   * A file's content; null: there is none of this name, whatever its case.
   *
   * @throws ZipTrouble
   */
  read(name: string): Buffer | null {
    const entry = this.#entries.get(name.toLowerCase());
    if (!entry) return null;
    const { flags, method, crc, packedB, sizeB, at } = entry;
    if (flags & ENCRYPTED) throw new ZipTrouble('encrypted', name);
    if (sizeB > this.#leftB) throw new ZipTrouble('too-large', name);
    this.#leftB -= sizeB;
    const header = piece(this.#bytes, at, LOCAL_B);
    if (header.readUInt32LE(0) !== LOCAL) throw new ZipTrouble('damaged', name);
    const from = at + LOCAL_B + header.readUInt16LE(26) + header.readUInt16LE(28);
    const content = unpacked(piece(this.#bytes, from, packedB), method, sizeB);
    if (content.length !== sizeB || crc32(content) !== crc) throw new ZipTrouble('damaged', name);
    return content;
  }
}

/** Never more than the directory says: an entry that lies about its size is stopped where the lie begins. */
function unpacked(packed: Buffer, method: number, sizeB: number): Buffer {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new ZipTrouble('damaged', `method ${method}`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(sizeB, 1) });
  } catch (reason) {
    const { code } = reason as NodeJS.ErrnoException;
    throw new ZipTrouble(code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'damaged', String(code));
  }
}

function directoryOf(bytes: Buffer): ReadonlyMap<string, Entry> {
  const end = endOf(bytes);
  const count = end.readUInt16LE(10);
  const directory = piece(bytes, end.readUInt32LE(16), end.readUInt32LE(12));
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let number = 0; number < count; number++) {
    const header = piece(directory, at, CENTRAL_B);
    if (header.readUInt32LE(0) !== CENTRAL) throw new ZipTrouble('damaged', 'directory');
    const nameB = header.readUInt16LE(28);
    const name = piece(directory, at + CENTRAL_B, nameB).toString('utf8');
    // Of two of one name, readers differ on which counts.
    const key = name.replaceAll('\\', '/').toLowerCase();
    if (entries.has(key)) throw new ZipTrouble('damaged', name);
    entries.set(key, {
      flags: header.readUInt16LE(8),
      method: header.readUInt16LE(10),
      crc: header.readUInt32LE(16),
      packedB: header.readUInt32LE(20),
      sizeB: header.readUInt32LE(24),
      at: header.readUInt32LE(42),
    });
    at += CENTRAL_B + nameB + header.readUInt16LE(30) + header.readUInt16LE(32);
  }
  return entries;
}

function endOf(bytes: Buffer): Buffer {
  const first = Math.max(0, bytes.length - END_B - COMMENT_MOST_B);
  for (let at = bytes.length - END_B; at >= first; at--)
    if (bytes.readUInt32LE(at) === END && at + END_B + bytes.readUInt16LE(at + 20) === bytes.length)
      return bytes.subarray(at, at + END_B);
  throw new ZipTrouble('damaged', 'no end');
}

function piece(bytes: Buffer, from: number, sizeB: number): Buffer {
  if (from + sizeB > bytes.length) throw new ZipTrouble('damaged', 'cut');
  return bytes.subarray(from, from + sizeB);
}

/** Packs files, by name, in the order given. */
export function archiveOf(files: readonly (readonly [name: string, content: string])[]): Buffer {
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [title, text] of files) {
    const [name, content] = [Buffer.from(title), Buffer.from(text)];
    const packed = deflateRawSync(content);
    // What either header says alike: from the version needed to the length of the name, and no extra field.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(UTF8, 2);
    shared.writeUInt16LE(DEFLATED, 4);
    shared.writeUInt16LE(DOS_DAY, 8);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(CENTRAL_B);
    central.writeUInt32LE(CENTRAL, 0);
    central.writeUInt16LE(20, 4);
    shared.copy(central, 6);
    central.writeUInt32LE(at, 42);
    const local = Buffer.concat([uint32(LOCAL), shared, name, packed]);
    locals.push(local);
    centrals.push(central, name);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(END_B);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
