/** A small text table; columns after the first are aligned right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, c) => Math.max(title.length, ...rows.map(row => (row[c] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (c === 0 ? cell.padEnd(width[c]!) : cell.padStart(width[c]!)))
      .join('  ')
      .trimEnd()
  return [line(head), width.map(w => '─'.repeat(w)).join('──'), ...rows.map(line)].join('\n')
}

/** A number with fixed decimals; a zero has no sign. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
}
