/** A message of Protocol Buffers: the values of its fields, by number. Bytes are left as they are: they may be a message. */
export type Message = Map<number, (bigint | Buffer)[]>

/** @see https://protobuf.dev/programming-guides/encoding/ */
export function readMessage(bytes: Buffer): Message {
  const message: Message = new Map()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => bytes.subarray(at, (at += length))
  while (at < bytes.length) {
    const tag = Number(varint())
    const [field, type] = [tag >> 3, tag & 7]
    const value = type === 0 ? varint() : type === 1 ? take(8) : type === 5 ? take(4) : take(Number(varint()))
    message.set(field, [...(message.get(field) ?? []), value])
  }
  return message
}

export const messagesIn = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((value) => readMessage(value as Buffer))
export const bytesIn = (message: Message, field: number): Buffer =>
  (message.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer
export const textIn = (message: Message, field: number): string => bytesIn(message, field).toString()
export const numberIn = (message: Message, field: number): number => Number(message.get(field)?.[0] ?? 0)
