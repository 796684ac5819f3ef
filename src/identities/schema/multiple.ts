/** Whether a number is a multiple of another in decimal arithmetic: 0.3 is one of 0.1. `base` is above 0. */
export function multipleOf(value: number, base: number): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(base)) return false
  if (Number.isSafeInteger(value) && Number.isSafeInteger(base)) return value % base === 0
  const a = decimal(value)
  const b = decimal(base)
  const exponent = Math.min(a.exponent, b.exponent)
  const scaled = ({ digits, exponent: own }: Decimal) => digits * 10n ** BigInt(own - exponent)
  return scaled(a) % scaled(b) === 0n
}

type Decimal = { digits: bigint; exponent: number }

/** The number as its shortest decimal text says it: digits × 10^exponent. */
function decimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}
