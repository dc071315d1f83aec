import { VitrineError } from '../protocol/errors.ts';

/** Writes numbers into a growing buffer: little-endian floats, and whole numbers of seven bits a byte. */
export class ByteWriter {
  #bytes = new Uint8Array(4_096);
  #length = 0;

  /** A whole number from 0 to 2³² − 1. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.u8(value & 0xff);
    this.u8(value >>> 8);
  }

  /** −32,768 … 32,767. */
  i16(value: number): void {
    this.u16(value & 0xffff);
  }

  f32(value: number): void {
    this.#room(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #room(n: number): void {
    if (this.#length + n <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote. Throws `bad-file` beyond the end. */
export class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new VitrineError('bad-file', 'a number in this file is too long');
  }

  /** A count of things that take at least a byte each, so that a damaged file cannot ask for more than it holds. */
  count(): number {
    const n = this.varint();
    if (n > this.#view.byteLength - this.#at) throw end();
    return n;
  }

  u8(): number {
    this.#need(1);
    return this.#view.getUint8(this.#at++);
  }

  u16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  i16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#view.getInt16(this.#at - 2, true);
  }

  f32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#view.getFloat32(this.#at - 4, true);
  }

  get done(): boolean {
    return this.#at === this.#view.byteLength;
  }

  #need(n: number): void {
    if (this.#at + n > this.#view.byteLength) throw end();
  }
}

const end = (): VitrineError => new VitrineError('bad-file', 'this file ends too early');
