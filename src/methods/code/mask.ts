/** An address of which only its owner recognises the rest: `ka****@shop.example`, `+49****67`. */
export function maskedAddress(address: string): string {
  const at = address.indexOf('@')
  if (at >= 0) return at < 2 ? address : `${address.slice(0, 2)}****${address.slice(at)}`
  return address.length < 6 ? address : `${address.slice(0, 3)}****${address.slice(-2)}`
}
