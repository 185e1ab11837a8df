import type { ReactNode } from 'react';

export interface Column<Row> {
  key: string;
  /** Spoken for every column; `quiet` ones (row actions) do not show it. */
  title: string;
  quiet?: boolean;
  cell: (row: Row) => ReactNode;
}

/** A short table, all rows at once. Long lists get the virtual one. */
export function Table<Row>(props: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** A long list scrolls inside, under its head, instead of pushing away what follows. */
  scrolls?: boolean;
}) {
  const { label, columns, rows, rowKey, scrolls } = props;
  const table = (
    <table className="dp-table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.key} scope="col">
              <span className={column.quiet ? 'dp-hidden' : ''}>{column.title}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column) => (
              <td key={column.key} className={column.quiet ? 'dp-table__action' : ''}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  if (!scrolls) return table;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="dp-table__scroll" tabIndex={0} aria-label={label}>
      {table}
    </section>
  );
}
