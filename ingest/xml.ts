/** XML as it passes: names without their prefixes, entities of a document's own refused. Pure. */
import { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';

/** Why bytes are no XML that is read here. */
export class XmlTrouble extends Error {
  override readonly name = 'XmlTrouble';
}

type Attributes = Readonly<Record<string, string | undefined>>;

export interface XmlReading {
  open(name: string, attributes: Attributes): void;
  text?(text: string): void;
  close?(name: string): void;
}

/** Decoded at a time, so that a large part is never one text. */
const PIECE_B = 1024 * 1024;

/**
 * What a reading throws ends it.
 *
 * @throws XmlTrouble where the bytes are not well-formed, not UTF-8, or say what their own entities are
 */
export function readXml(bytes: Uint8Array, reading: XmlReading): void {
  const parser = new SaxesParser();
  parser.on('error', ({ message }) => {
    throw new XmlTrouble(message);
  });
  parser.on('doctype', () => {
    throw new XmlTrouble('a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const own: Record<string, string> = {};
    for (const key in attributes) own[localName(key)] = attributes[key] ?? '';
    reading.open(localName(name), own);
  });
  parser.on('text', (text) => reading.text?.(text));
  parser.on('cdata', (text) => reading.text?.(text));
  parser.on('closetag', ({ name }) => reading.close?.(localName(name)));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let from = 0; from < bytes.length; from += PIECE_B)
    parser.write(decoded(decoder, bytes.subarray(from, from + PIECE_B)));
  parser.write(decoded(decoder));
  parser.close();
}

function decoded(decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
  } catch {
    throw new XmlTrouble('not UTF-8');
  }
}

/** Programs differ in the prefixes they give to one namespace. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
