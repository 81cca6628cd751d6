/** A small text table: the first column and columns of words are aligned left, numbers right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, c) => Math.max(title.length, ...rows.map(row => (row[c] ?? '').length)))
  // A dash stands for a number that there is not.
  const isNumber = (cell: string) => /^[-+−–]?($|[\d.])/.test(cell)
  const alignsRight = head.map((_, c) => c > 0 && rows.every(row => isNumber(row[c] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (alignsRight[c] ? cell.padStart(width[c]!) : cell.padEnd(width[c]!)))
      .join('  ')
      .trimEnd()
  return [line(head), width.map(w => '─'.repeat(w)).join('──'), ...rows.map(line)].join('\n')
}

/** A number with fixed decimals; a zero has no sign. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
}
